//! The lines of the platform's account at Vapi: as many as it says, fewer at once where it has none left, more one by one.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{CallingOrganization, QueueKind, TestApp};
use zencall::campaigns::release;

use crate::{free, handle, platform, tenant};

/// An organisation whose first calls wait to be dialled, and their messages.
async fn released(test: &TestApp, calls: u16) -> (CallingOrganization, Vec<Value>) {
    let calling = tenant(test, calls).await;
    release::release(&test.app, calling.organization.id)
        .await
        .unwrap();
    let messages = test.queues.take(QueueKind::Calls).await;
    assert_eq!(messages.len(), usize::from(calls));
    (calling, messages)
}

#[tokio::test]
async fn a_limit_that_vapi_tells_holds_from_then_on() {
    let test = platform(20, 0).await;
    let (calling, messages) = released(&test, 3).await;
    assert_eq!(free(&test, &calling).await, 17);

    // The stand-in allows ten.
    handle(&test, &messages[0]).await;
    assert_eq!(free(&test, &calling).await, 7);

    test.set_behaviour(json!({ "concurrency_limit": 15 })).await;
    handle(&test, &messages[1]).await;
    assert_eq!(free(&test, &calling).await, 12, "and it may tell another");

    test.set_behaviour(json!({ "concurrency_limit": 500 })).await;
    handle(&test, &messages[2]).await;
    assert_eq!(free(&test, &calling).await, 17, "never more than there are");
}

#[tokio::test]
async fn where_vapi_has_no_line_left_no_more_are_used_and_one_more_every_half_minute() {
    for refusal in [
        json!({ "api": { "status": 429 } }),
        json!({ "concurrency_limit": 0, "concurrency_mode": "error_400" }),
    ] {
        let test = platform(20, 0).await;
        let (calling, messages) = released(&test, 5).await;
        test.set_behaviour(refusal.clone()).await;

        handle(&test, &messages[0]).await;

        assert_eq!(calling.slots(&test).await, 4);
        assert_eq!(free(&test, &calling).await, 0, "{refusal}");
        test.app.clock.advance(SignedDuration::from_secs(29));
        assert_eq!(free(&test, &calling).await, 0);
        test.app.clock.advance(SignedDuration::from_secs(1));
        assert_eq!(free(&test, &calling).await, 1);
        test.app.clock.advance(SignedDuration::from_mins(5));
        assert_eq!(free(&test, &calling).await, 11);
    }
}

#[tokio::test]
async fn what_vapi_takes_makes_room_for_one_more() {
    let test = platform(20, 0).await;
    let (calling, messages) = released(&test, 5).await;
    test.set_behaviour(json!({ "api": { "status": 429 } })).await;
    handle(&test, &messages[0]).await;
    assert_eq!(free(&test, &calling).await, 0);

    test.set_behaviour(json!({ "concurrency_limit": 20 })).await;
    handle(&test, &messages[1]).await;
    assert_eq!(free(&test, &calling).await, 1);
    handle(&test, &messages[2]).await;
    assert_eq!(free(&test, &calling).await, 2);
}

#[tokio::test]
async fn calls_of_others_on_the_same_account_leave_fewer_lines() {
    let test = platform(20, 0).await;
    let (calling, messages) = released(&test, 3).await;
    // It took this one and would take one more: the other sixteen lines are somebody else's.
    let told = "select zencall.learn_lines($1::text::uuid, false, 20, 1, $2)";
    let attempt = messages[0]["attempt_id"].as_str().unwrap();
    calling
        .organization
        .sql(told, &[&attempt, &test.app.clock.now()])
        .await;
    assert_eq!(free(&test, &calling).await, 1);
}

#[tokio::test]
async fn a_blocked_call_leaves_one_line_at_least_to_learn_from() {
    let test = platform(20, 2).await;
    let (calling, messages) = released(&test, 1).await;
    test.set_behaviour(json!({ "concurrency_limit": 0 })).await;

    handle(&test, &messages[0]).await;

    assert_eq!(calling.slots(&test).await, 0);
    assert_eq!(free(&test, &calling).await, 1);
}

#[tokio::test]
async fn lines_that_are_kept_for_inbound_calls_are_not_used_by_campaigns() {
    let test = platform(10, 3).await;
    let calling = tenant(&test, 30).await;

    let queued = release::release(&test.app, calling.organization.id)
        .await
        .unwrap();

    assert_eq!(queued, 7);
    assert_eq!(free(&test, &calling).await, 0);
}

#[tokio::test]
async fn inbound_calls_under_way_take_lines_beyond_those_that_are_kept_for_them() {
    let test = platform(10, 3).await;
    let calling = tenant(&test, 30).await;
    let now = test.app.clock.now();
    let calls: Vec<_> = (0..5).map(|_| test.app.clock.uuid()).collect();
    let note = "select zencall.note_inbound(id, $2, $3) from unnest($1) id";
    calling.organization.sql(note, &[&calls, &true, &now]).await;

    let queued = release::release(&test.app, calling.organization.id)
        .await
        .unwrap();
    assert_eq!(queued, 5);

    calling
        .organization
        .sql(note, &[&calls[..4].to_vec(), &false, &now])
        .await;
    assert_eq!(free(&test, &calling).await, 2, "one is still under way");
}
