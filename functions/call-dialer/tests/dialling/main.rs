//! One message is one attempt: placed at most once, given back where nobody was rung, unknown where nobody knows.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod outages;
mod placing;
mod recomputing;
mod refusals;
mod stopping;

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::vapi::message;
use testkit::{CallingOrganization, TestApp};
use zencall::campaigns::release;
use zencall::kernel::Clock;
use zencall::kernel::ids::CampaignId;
use zencall::worker::NotHandled;

async fn dial(test: &TestApp, body: &Value) -> Result<(), NotHandled> {
    call_dialer::handle(&test.app, &message(body)).await
}

/// The contact waits as if nobody had tried, and the slot is free.
async fn expect_waiting_uncounted(test: &TestApp, calling: &CallingOrganization) {
    let contact = calling.contact().await;
    assert_eq!(
        (contact["status"].as_str(), contact["attempts"].as_i64()),
        (Some("waiting"), Some(0))
    );
    assert_eq!(calling.slots(test).await, 0);
}

/// An organisation whose campaign has queued its only contact, and the message.
async fn queued(test: &TestApp) -> (CallingOrganization, CampaignId, Value) {
    let calling = CallingOrganization::create(test).await;
    let (campaign, mut messages) = calling.running(test, 1).await;
    assert_eq!(messages.len(), 1);
    (calling, campaign, messages.remove(0))
}
