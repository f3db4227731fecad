//! Events of assistants and calls that are not known yet.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testkit::{TestApp, TestOrganization};
use uuid::Uuid;
use zencall::calls::retry_parked;

use crate::fixture::{Dialled, handle, projected};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A clock that the test moves: what is parked is tried again at the next minute.
async fn start() -> TestApp {
    let now = zencall::kernel::Clock::system().now();
    TestApp::alone_at(now).await
}

/// Minutes pass until the organisation has this many calls, or too many have passed. Other tests park events too, and
/// their clocks run ahead of ours: our event may lie behind theirs, or have been tried by them.
async fn let_minutes_pass(test: &TestApp, organization: &TestOrganization, calls: usize) {
    for _ in 0..30 {
        test.app.clock.advance(MINUTE);
        retry_parked(&test.app, test.app.clock.now()).await.unwrap();
        if organization.rows("select id from calls", &[]).await.len() >= calls {
            return;
        }
    }
}

fn inbound(assistant: &str, call: &str) -> Value {
    json!({ "type": "status-update", "status": "in-progress",
            "call": { "id": call, "type": "inboundPhoneCall", "assistantId": assistant } })
}

fn ago(test: &TestApp, hours: i64) -> Timestamp {
    test.app.clock.now() - SignedDuration::from_hours(hours)
}

#[tokio::test]
async fn events_of_an_assistant_that_we_come_to_know_are_applied_and_older_ones_dropped() {
    let test = start().await;
    let organization = test.organization().await;
    let assistant = Uuid::from_bytes(test.app.clock.random_bytes()).to_string();
    let [fresh, stale] = ["fresh", "stale"].map(|name| format!("{name}-{assistant}"));
    for (call, hours) in [(&fresh, 23), (&stale, 25)] {
        let event = projected(inbound(&assistant, call), ago(&test, hours));
        handle(&test.app, &event).await.unwrap();
    }
    test.app.clock.advance(MINUTE);
    retry_parked(&test.app, test.app.clock.now()).await.unwrap();
    assert!(organization.rows("select * from calls", &[]).await.is_empty());
    let id = organization.assistant().await;
    organization
        .sql(
            "update assistants set vapi_assistant_id = $2 where id = $1",
            &[&id, &assistant],
        )
        .await;
    let_minutes_pass(&test, &organization, 1).await;
    let calls = organization.rows("select vapi_call_id from calls", &[]).await;
    assert_eq!(calls, [json!({ "vapi_call_id": fresh })]);
}

#[tokio::test]
async fn a_webhook_that_is_faster_than_the_answer_finds_its_attempt() {
    //
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    call.tell(call.status("ringing", 1)).await;
    assert_eq!(call.attempt().await["status"], "in_call");
    assert_eq!(call.attempt().await["vapi_call_id"], call.vapi_call_id);
    assert_eq!(call.call().await["status"], "ringing");
}

#[tokio::test]
async fn without_our_id_it_waits_for_the_answer() {
    //
    let test = start().await;
    let call = Dialled::new(&test).await;
    let mut message = call.status("ringing", 1);
    message["customer"] = json!({});
    message["call"]["assistantOverrides"] = json!({});
    call.tell(message).await;
    assert!(call.events().await.is_empty());
    call.organization
        .sql(
            "update call_attempts set status = 'in_call', vapi_call_id = $2 where id = $1",
            &[&call.attempt, &call.vapi_call_id],
        )
        .await;
    let_minutes_pass(&test, &call.organization, 1).await;
    let row = call.call().await;
    assert_eq!(
        (&row["id"], &row["status"]),
        (&json!(call.attempt), &json!("ringing"))
    );
}

#[tokio::test]
async fn a_call_that_nobody_here_placed_gets_its_row_in_the_end() {
    let test = start().await;
    let call = Dialled::new(&test).await;
    let mut message = call.status("in-progress", 1);
    message["customer"] = json!({ "number": "+33639989999" });
    message["call"]["assistantOverrides"] = json!({});
    call.tell(message).await;
    assert!(call.events().await.is_empty());
    let_minutes_pass(&test, &call.organization, 1).await;
    let row = call.call().await;
    assert_eq!(
        (&row["attempt_id"], &row["phone"]),
        (&Value::Null, &json!("+33639989999"))
    );
    assert_eq!(call.attempt().await["status"], "dialing");
}

#[tokio::test]
async fn an_event_that_cannot_be_applied_holds_up_none_behind_it() {
    let test = start().await;
    let organization = test.organization().await;
    let assistant = Uuid::from_bytes(test.app.clock.random_bytes()).to_string();
    let [broken, good] = ["broken", "good"].map(|name| format!("{name}-{assistant}"));
    let event = projected(inbound(&assistant, &broken), ago(&test, 1));
    let mut event = serde_json::to_value(event).unwrap();
    // No column holds such a sum.
    event["fact"] = json!({ "report": { "cost": "1000000000000" } });
    test.app.db.park_event(&test.app.clock, &event).await.unwrap();
    test.app.clock.advance(MINUTE);
    handle(&test.app, &projected(inbound(&assistant, &good), ago(&test, 1)))
        .await
        .unwrap();
    let id = organization.assistant().await;
    organization
        .sql(
            "update assistants set vapi_assistant_id = $2 where id = $1",
            &[&id, &assistant],
        )
        .await;

    test.app.clock.advance(MINUTE);
    let retried = retry_parked(&test.app, test.app.clock.now()).await.unwrap();

    assert_eq!((retried.applied, retried.waiting), (1, 1));
    let calls = organization.rows("select vapi_call_id from calls", &[]).await;
    assert_eq!(calls, [json!({ "vapi_call_id": good })]);
}
