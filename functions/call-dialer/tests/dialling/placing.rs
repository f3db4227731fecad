//! A message becomes one call.

use super::*;

#[tokio::test]
async fn a_message_becomes_one_call_that_carries_the_attempts_id() {
    let test = TestApp::alone().await;
    let (calling, campaign, body) = queued(&test).await;

    dial(&test, &body).await.unwrap();

    let placed = test.placed_calls().await;
    assert_eq!(placed.len(), 1);
    assert_eq!(placed[0]["external_id"], body["attempt_id"]);
    // Of a campaign that sells nothing.
    let asked = test.provider_requests("vapi").await;
    let told = asked.last().unwrap()["body"]["assistantOverrides"]["variableValues"].clone();
    assert_eq!(told["commercial_notice"], "", "{told}");
    let attempts = calling.attempts("id, status, vapi_call_id, dialing_at").await;
    assert_eq!(attempts[0]["status"], "in_call");
    assert_eq!(attempts[0]["vapi_call_id"], placed[0]["id"]);
    let calls = calling.organization.rows("select * from calls", &[]).await;
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["id"], body["attempt_id"]);
    assert_eq!(calls[0]["campaign_id"], campaign.to_string());
    assert_eq!(calls[0]["direction"], "outbound");
    let contact = calling.contact().await;
    assert_eq!(
        (contact["status"].as_str(), contact["attempts"].as_i64()),
        (Some("active"), Some(1))
    );
    assert_eq!(calling.slots(&test).await, 1);
    let stages = calling
        .organization
        .rows("select stage, allowed from gate_decisions order by id", &[])
        .await;
    assert_eq!(
        stages,
        [
            json!({ "stage": "release", "allowed": true }),
            json!({ "stage": "dial", "allowed": true })
        ]
    );
}

#[tokio::test]
async fn the_same_message_ten_times_at_once_is_one_call() {
    let test = TestApp::alone().await;
    let (_calling, _, body) = queued(&test).await;
    let containers: Vec<_> = (0..10).map(|_| test.another_container()).collect();
    let message = message(&body);

    let handled = join_all(containers.iter().map(|app| call_dialer::handle(app, &message))).await;

    assert!(handled.iter().all(Result::is_ok));
    assert_eq!(test.call_requests().await, 1);
}

#[tokio::test]
async fn a_late_message_changes_nothing() {
    let test = TestApp::alone().await;
    let (calling, _, body) = queued(&test).await;
    dial(&test, &body).await.unwrap();
    calling
        .organization
        .sql("update call_attempts set status = 'ended', outcome = 'busy'", &[])
        .await;

    dial(&test, &body).await.unwrap();

    assert_eq!(test.call_requests().await, 1);
    assert_eq!(calling.attempts("status").await[0]["status"], "ended");
}

#[tokio::test]
async fn a_message_about_nothing_we_know_is_done_with() {
    let test = TestApp::alone().await;
    let (_calling, _, mut body) = queued(&test).await;
    body["attempt_id"] = json!("01890000-0000-7000-8000-000000000000");
    dial(&test, &body).await.unwrap();
    assert_eq!(test.call_requests().await, 0);
}

#[tokio::test]
async fn an_unreadable_message_is_not_done_with() {
    let test = TestApp::alone().await;
    assert!(dial(&test, &json!({ "attempt_id": 7 })).await.is_err());
}
