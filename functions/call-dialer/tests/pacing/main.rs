//! How many calls are made at once and how fast: the lines that Vapi lets us use, whose turn it is, what an account dials.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod lines;
mod pace;
mod shares;

use serde_json::Value;
use testkit::vapi::message;
use testkit::{CallingOrganization, Environment, Options, TestApp};
use zencall::kernel::Clock;

/// An application with a clock that stands still, on a platform with so many lines, of which some are kept for inbound calls.
async fn platform(lines: i32, reserve: i32) -> TestApp {
    let environment = Environment::get().await;
    let url = environment.own_database().await;
    let set = format!("select zencall.set_platform_slots({lines}), zencall.set_platform_reserve({reserve})");
    environment.run_as_owner(&url, &set).await;
    TestApp::with(Options {
        database_url: Some(url),
        held_at: Some(Clock::system().now()),
        ..Options::default()
    })
    .await
}

/// An organisation that may have ten calls at once, with a running campaign that may have as many.
async fn tenant(test: &TestApp, contacts: u16) -> CallingOrganization {
    let calling = CallingOrganization::create(test).await;
    calling.campaign(contacts).await;
    let sql = "update campaigns set concurrent_calls = 10, status = 'running'";
    calling.organization.sql(sql, &[]).await;
    calling
}

/// How many lines campaigns may use now.
async fn free(test: &TestApp, calling: &CallingOrganization) -> i64 {
    let sql = "select zencall.free_platform_slots($1) as free";
    let rows = calling.organization.rows(sql, &[&test.app.clock.now()]).await;
    rows[0]["free"].as_i64().unwrap()
}

async fn handle(test: &TestApp, body: &Value) {
    call_dialer::handle(&test.app, &message(body)).await.unwrap();
}
