//! As fast as an account at Twilio dials: one call per second unless it says otherwise.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;
use testkit::{CallingOrganization, QueueKind, TestApp};
use zencall::campaigns::{offer, release};

use crate::{handle, platform, tenant};

async fn at_pace(test: &TestApp, contacts: u16, calls_per_second: i32) -> CallingOrganization {
    let calling = tenant(test, contacts).await;
    let sql = "update organizations set calls_per_second = $1";
    calling.organization.sql(sql, &[&calls_per_second]).await;
    calling
}

/// So many messages, which are handed out when their time has come.
async fn messages(test: &TestApp, count: usize) -> Vec<Value> {
    let mut messages = Vec::new();
    for _ in 0..200 {
        messages.extend(test.queues.take(QueueKind::Calls).await);
        if messages.len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    messages
}

#[tokio::test]
async fn calls_are_released_one_per_second_and_the_next_by_a_message() {
    let test = platform(50, 0).await;
    let calling = at_pace(&test, 6, 1).await;

    release::release(&test.app, calling.organization.id)
        .await
        .unwrap();

    assert_eq!(calling.slots(&test).await, 2, "what it dials within two seconds");
    let told = messages(&test, 3).await;
    let (calls, goes_on): (Vec<_>, Vec<_>) = told.iter().partition(|body| body["attempt_id"].is_string());
    assert_eq!((calls.len(), goes_on.len()), (2, 1));
    // Whatever else happens meanwhile.
    offer::release_due(&test.app).await.unwrap();
    assert_eq!(calling.slots(&test).await, 2);

    test.app.clock.advance(SignedDuration::from_secs(2));
    handle(&test, goes_on[0]).await;

    assert_eq!(calling.slots(&test).await, 4);
    // The same message a second time.
    handle(&test, goes_on[0]).await;
    assert_eq!(calling.slots(&test).await, 4);
}

#[tokio::test]
async fn a_fast_account_dials_as_many_as_it_may() {
    let test = platform(50, 0).await;
    let calling = at_pace(&test, 30, 4).await;
    release::release(&test.app, calling.organization.id)
        .await
        .unwrap();
    assert_eq!(calling.slots(&test).await, 10, "two and a half seconds at four");
}

#[tokio::test]
async fn organisations_that_share_an_account_share_its_pace() {
    let test = platform(50, 0).await;
    let (one, two) = (at_pace(&test, 5, 1).await, at_pace(&test, 5, 1).await);
    release::release(&test.app, one.organization.id).await.unwrap();
    release::release(&test.app, two.organization.id).await.unwrap();
    assert_eq!((one.slots(&test).await, two.slots(&test).await), (2, 0));

    let sql = "update organizations set twilio_account_sid = 'AC00000000000000000000000000000002'";
    two.organization.sql(sql, &[]).await;
    release::release(&test.app, two.organization.id).await.unwrap();
    assert_eq!(two.slots(&test).await, 2, "another account has its own");
}
