//! Whatever comes in between, no row is imported twice and none is lost.

use std::pin::pin;
use std::task::Poll;

use futures_util::future::join_all;
use serde_json::json;
use testkit::TestApp;
use zencall::imports::Worked;

use crate::support::{Asked, Tenant, numbers, put};

const ROWS: usize = 2500;

async fn is_whole(tenant: &Tenant<'_>, asked: &Asked, rows: usize) {
    let import = tenant.read(asked).await;
    assert_eq!(import["status"], "completed", "{import}");
    let counts = ["rows_read", "imported", "updated", "rejected"].map(|name| import[name].clone());
    assert_eq!(counts, [rows, rows, 0, 0].map(|count| json!(count)));
    assert_eq!(tenant.contacts().await, rows);
    let outcome = tenant.outcome(asked).await;
    let lines: Vec<usize> = outcome.iter().map(|row| row.0[0].parse().unwrap()).collect();
    assert_eq!(lines, (2..rows + 2).collect::<Vec<_>>());
    let left = tenant
        .organization
        .rows(
            "select number from contact_import_batches where organization_id = $1",
            &[&tenant.organization.id],
        )
        .await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn turn_after_turn_each_sends_for_the_next() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let asked = tenant.upload(&numbers(ROWS)).await;
    for read in [1000, 2000] {
        assert_eq!(tenant.turn(&asked).await.unwrap(), Worked::GoesOn);
        let import = tenant.read(&asked).await;
        assert_eq!(
            (&import["status"], &import["rows_read"]),
            (&json!("processing"), &json!(read))
        );
        assert_eq!(tenant.messages().await, [json!(tenant.message(&asked))]);
    }
    let ended = tenant.turn(&asked).await.unwrap();
    assert!(matches!(ended, Worked::Ended(_)), "{ended:?}");
    is_whole(&tenant, &asked, ROWS).await;
    // Messages that come late, and the bucket's for a second upload over the same link.
    put(&asked.upload_url, b"phone\n0199009999\n").await;
    assert_eq!(tenant.turn(&asked).await.unwrap(), Worked::NothingToDo);
    assert!(tenant.storage.look(&tenant.key(&asked)).await.unwrap().is_none());
    is_whole(&tenant, &asked, ROWS).await;
}

#[tokio::test]
async fn several_workers_at_once_import_each_row_once() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let asked = tenant.upload(&numbers(ROWS)).await;
    let mut turns = 0;
    while tenant.read(&asked).await["status"] != "completed" {
        let worked = join_all((0..3).map(|_| tenant.turn(&asked))).await;
        turns += 1;
        assert!(turns < 20, "{worked:?}");
    }
    is_whole(&tenant, &asked, ROWS).await;
}

#[tokio::test]
async fn a_worker_that_is_killed_anywhere_costs_nothing() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let asked = tenant.upload(&numbers(ROWS)).await;
    for polls in 1.. {
        if tenant.read(&asked).await["status"] == "completed" {
            break;
        }
        assert!(polls < 500, "it does not end");
        // Dropped after so many steps, as a container that is stopped.
        let mut work = pin!(tenant.turn(&asked));
        let mut steps = 0;
        std::future::poll_fn(|context| {
            steps += 1;
            if steps > polls {
                return Poll::Ready(());
            }
            work.as_mut().poll(context).map(drop)
        })
        .await;
    }
    tenant.turn(&asked).await.unwrap();
    is_whole(&tenant, &asked, ROWS).await;
}

#[tokio::test]
async fn who_stops_it_keeps_what_was_read_and_its_outcome() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    let asked = tenant.upload(&numbers(ROWS)).await;
    tenant.turn(&asked).await.unwrap();
    let path = format!("/api/v1/contacts/imports/{}/cancel", asked.id);
    let stopped = tenant.member.post(&path, json!(null)).await.expect(200).json();
    assert_eq!(stopped["import"]["status"], "cancelled");
    tenant
        .member
        .post(&path, json!(null))
        .await
        .expect_problem(409, "import_state");
    tenant.turn(&asked).await.unwrap();
    let import = tenant.read(&asked).await;
    assert_eq!(
        (&import["status"], &import["rows_read"]),
        (&json!("cancelled"), &json!(1000))
    );
    assert_eq!(tenant.outcome(&asked).await.len(), 1000);
    assert_eq!(tenant.contacts().await, 1000);
    assert!(tenant.storage.look(&tenant.key(&asked)).await.unwrap().is_none());
    assert_eq!(tenant.turn(&asked).await.unwrap(), Worked::NothingToDo);
}

#[tokio::test]
async fn a_file_that_is_replaced_meanwhile_is_told() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    // More than is held at a time.
    let mut file = numbers(1500);
    file.extend(b"0199009999;Ana;75011;".iter().chain([b' '; 1024 * 1024].iter()));
    let asked = tenant.upload(&file).await;
    tenant.turn(&asked).await.unwrap();
    put(&asked.upload_url, &numbers(10)).await;
    tenant.handle(&asked).await;
    let import = tenant.read(&asked).await;
    assert_eq!(import["status"], "failed", "{import}");
    assert_eq!(import["reason"]["code"], "file_replaced");
    assert_eq!(tenant.outcome(&asked).await.len(), 1000);
}
