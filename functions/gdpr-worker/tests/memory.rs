//! The memory of an export does not grow with the number of rows. Alone in its file: the high-water mark is the process's.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "it uses a part of it")]
mod support;

use serde_json::json;
use support::{Archive, Tenant};
use testkit::TestApp;

const ROWS: i32 = 50_000;
/// Four parts of an upload and some; the rows as values would take several times that.
const GROWTH_KIB: u64 = 64 * 1024;

/// What the process has held at most, in KiB (`proc(5)`).
fn high_water_mark() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn fifty_thousand_rows_take_no_more_memory_than_a_page() {
    let test = TestApp::start().await;
    let tenant = Tenant::of(&test).await;
    // Everything once, so that what is built at its first use is there.
    tenant
        .ask(&tenant.admin, json!({ "scope": "organization" }))
        .await;
    tenant.work_off().await;
    for chunk in 0..10 {
        tenant
            .organization
            .sql(
                "insert into contacts (id, organization_id, phone, first_name, variables, created_at, updated_at)
                 select gen_random_uuid(), $1, '+336' || lpad(n::text, 8, '0'), 'Prénom ' || n,
                        jsonb_build_object('note', repeat(md5(n::text), 20)), $4, $4
                   from generate_series($2, $3) n",
                &[
                    &tenant.organization.id,
                    &(chunk * ROWS / 10),
                    &((chunk + 1) * ROWS / 10 - 1),
                    &test.app.clock.now(),
                ],
            )
            .await;
    }
    let id = tenant
        .ask(&tenant.admin, json!({ "scope": "organization" }))
        .await;
    let before = high_water_mark();
    tenant.work_off().await;
    let grown = high_water_mark() - before;
    let request = tenant.read(&tenant.admin, &id).await;
    let archive = Archive::fetch(request["data_url"].as_str().unwrap()).await;
    assert_eq!(archive.json("contacts").len(), usize::try_from(ROWS).unwrap());
    let bytes = archive.text("contacts.json").len() as u64 / 1024;
    assert!(bytes > GROWTH_KIB / 2, "{bytes} KiB are too few to tell");
    assert!(grown < GROWTH_KIB, "{grown} KiB more for {bytes} KiB of rows");
}
