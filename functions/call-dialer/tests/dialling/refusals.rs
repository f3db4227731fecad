//! What Vapi refuses, or does not answer.

use super::*;

/// Vapi behaves so; the message is handled; the contact, its attempt and what the campaign is afterwards.
async fn after(behaviour: Value) -> (TestApp, CallingOrganization, Value) {
    let test = TestApp::alone().await;
    let (calling, _, body) = queued(&test).await;
    test.set_behaviour(behaviour).await;
    dial(&test, &body).await.unwrap();
    // Nobody dials the same attempt twice, whatever became of it.
    dial(&test, &body).await.unwrap();
    assert_eq!(test.call_requests().await, 1);
    let attempt = calling.attempts("status, released_reason").await.remove(0);
    (test, calling, attempt)
}

#[tokio::test]
async fn a_busy_vapi_costs_the_contact_nothing() {
    let blocked = json!({ "concurrency_limit": 0 });
    let over_limit = json!({ "concurrency_limit": 0, "concurrency_mode": "error_400" });
    for behaviour in [json!({ "api": { "status": 429 } }), blocked, over_limit] {
        let (test, calling, attempt) = after(behaviour.clone()).await;
        assert_eq!(
            attempt,
            json!({ "status": "released", "released_reason": "vapi_busy" }),
            "{behaviour}"
        );
        let contact = calling.contact().await;
        assert_eq!(contact["status"], "waiting", "{behaviour}");
        assert_eq!(contact["attempts"], 0, "{behaviour}");
        assert_eq!(calling.slots(&test).await, 0, "{behaviour}");
        assert!(test.placed_calls().await.is_empty());
    }
}

#[tokio::test]
async fn a_call_that_vapi_will_never_place_ends_the_contact_with_its_reason() {
    let (test, calling, attempt) = after(json!({ "api": { "status": 400 } })).await;
    assert_eq!(attempt["released_reason"], "vapi_call_refused");
    let contact = calling.contact().await;
    assert_eq!(contact["status"], "failed");
    assert_eq!(contact["last_outcome"], "failed");
    assert_eq!(calling.slots(&test).await, 0);
    assert_eq!(calling.campaign_row().await["status"], "completed");
}

#[tokio::test]
async fn a_refused_key_pauses_the_campaign() {
    let (test, calling, attempt) = after(json!({ "api": { "status": 401 } })).await;
    assert_eq!(attempt["released_reason"], "vapi_key_refused");
    let campaign = calling.campaign_row().await;
    assert_eq!(campaign["status"], "paused");
    assert_eq!(campaign["pause_reason"], "vapi_key_refused");
    expect_waiting_uncounted(&test, &calling).await;
}

#[tokio::test]
async fn calls_that_are_refused_at_once_do_not_stand_in_each_others_way() {
    let test = TestApp::alone().await;
    let calling = CallingOrganization::create(&test).await;
    let (_, messages) = calling.running(&test, 5).await;
    test.set_behaviour(json!({ "api": { "status": 401, "latency_ms": 100 } }))
        .await;
    let containers: Vec<_> = messages.iter().map(|_| test.another_container()).collect();
    let messages: Vec<_> = messages.iter().map(message).collect();

    let handled = join_all(
        containers
            .iter()
            .zip(&messages)
            .map(|(app, message)| call_dialer::handle(app, message)),
    );
    assert!(handled.await.iter().all(Result::is_ok));

    // PostgreSQL counts what a connection met when it ends. A second run of the transaction would hide a deadlock.
    drop(containers);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let met = "select deadlocks from pg_stat_database where datname = current_database()";
    let met = calling.organization.rows(met, &[]).await;
    assert_eq!(met, [json!({ "deadlocks": 0 })]);
    assert_eq!(calling.slots(&test).await, 0);
    let released = calling.attempts("status").await;
    assert!(released.iter().all(|attempt| attempt["status"] == "released"));
}

#[tokio::test]
async fn an_unknown_outcome_is_not_tried_again() {
    for behaviour in [
        json!({ "api": { "status": 500, "times": 1 } }),
        json!({ "api": { "status": 502, "after_accepting": true, "times": 1 } }),
        json!({ "api": { "after_accepting": true, "times": 1 } }),
    ] {
        let (test, calling, attempt) = after(behaviour.clone()).await;
        assert_eq!(attempt["status"], "unknown", "{behaviour}");
        let contact = calling.contact().await;
        assert_eq!(contact["status"], "active", "{behaviour}");
        assert_eq!(contact["attempts"], 1, "it counts until somebody knows");
        assert_eq!(calling.slots(&test).await, 1, "its slot may be in use");
        assert_eq!(
            release::release(&test.app, calling.organization.id)
                .await
                .unwrap(),
            0
        );
    }
}
