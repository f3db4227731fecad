//! A hundred thousand rows: in which time, with how many round trips, in how much memory. Alone in its file: the high-water
//! mark is the process's.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "it is asked for what it measures")]

#[expect(dead_code, reason = "it uses a part of it")]
#[path = "imports/support.rs"]
mod support;

use std::fmt::Write as _;
use std::time::Instant;

use serde_json::json;
use support::Tenant;
use testkit::{CountingProxy, TestApp};

/// Some pieces of the file, a batch of rows as values, and the parts of an upload.
const GROWTH_KIB: u64 = 48 * 1024;

/// What the process has held at most, in KiB (`proc(5)`).
fn high_water_mark() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Rows as agencies have them, ways of writing numbers and mistakes included: one in fifty cannot be taken, one in a
/// hundred repeats the one before.
fn file(rows: usize) -> (Vec<u8>, usize) {
    let mut file = String::from("téléphone;prénom;nom;e-mail;société;code_postal;ville;note\r\n");
    let mut refused = 0;
    for row in 0..rows {
        let number = if row % 100 == 99 { row - 1 } else { row };
        let subscriber = format!("6{:08}", 10_000_000 + number);
        let phone = match row % 4 {
            0 => format!("0{subscriber}"),
            1 => format!("+33 {subscriber}"),
            2 => format!("0033{subscriber}"),
            _ => subscriber,
        };
        let email = if row % 50 == 7 {
            refused += 1;
            "camille@zencall,example".to_owned()
        } else {
            format!("camille{row}@zencall.example")
        };
        writeln!(
            file,
            "{phone};Camille;\"Roy; fille\";{email};Société {row};75011;Paris;\"rappeler \"\"demain\"\", ligne {row}\"\r"
        )
        .unwrap();
    }
    (file.into_bytes(), refused)
}

/// Imports so many rows; returns round trips to the database and what the memory grew by, in KiB.
async fn import(rows: usize) -> (usize, u64) {
    let (proxy, options) = CountingProxy::in_front_of_the_database().await;
    let test = TestApp::with(options).await;
    let tenant = Tenant::of(&test).await;
    let (file, refused) = file(rows);
    let (asked, bytes) = (tenant.upload(&file).await, file.len());
    drop(file);
    // Everything once, so that what is built at its first use is there.
    tenant.turn(&asked).await.unwrap();
    let (before, began) = (high_water_mark(), Instant::now());
    let mut round_trips = 0;
    let mut messages = 0;
    while tenant.read(&asked).await["status"] == "processing" {
        round_trips += proxy.count(Box::pin(tenant.handle(&asked))).await.1;
        messages += 1;
    }
    let (grown, took) = (high_water_mark() - before, began.elapsed());
    let import = tenant.read(&asked).await;
    assert_eq!(import["status"], "completed", "{import}");
    let repeated = (0..rows).filter(|row| row % 100 == 99).count();
    let counts = ["rows_read", "imported", "updated", "rejected"].map(|name| import[name].clone());
    assert_eq!(
        counts,
        [rows, rows - repeated - refused, repeated, refused].map(|count| json!(count))
    );
    println!(
        "{rows} rows, {} KiB: {:.1} s in {messages} messages, {round_trips} round trips to PostgreSQL (three for each thousand \
         rows), {} MiB more memory at most",
        bytes / 1024,
        took.as_secs_f64(),
        grown / 1024,
    );
    (round_trips, grown)
}

#[tokio::test]
async fn memory_and_round_trips_do_not_grow_with_the_file() {
    let (few, _) = Box::pin(import(4000)).await;
    let (many, grown) = Box::pin(import(12_000)).await;
    // Three for each batch more, and one for each page of the outcome.
    assert!(many - few <= 8 * 3 + 1, "{few} and {many} round trips");
    assert!(grown < GROWTH_KIB, "{grown} KiB");
}

#[tokio::test]
#[ignore = "a measurement: make bench-import"]
async fn a_hundred_thousand_rows() {
    // A-45
    let (_, grown) = Box::pin(import(100_000)).await;
    assert!(grown < GROWTH_KIB, "{grown} KiB");
}
