//! How the stand-in signs its webhooks, which it sends, and when it sends them again.

use hmac::Hmac;
use sha2::Sha256;

use super::*;

#[tokio::test]
async fn webhooks_are_signed_with_the_saved_credential() {
    let (world, receiver, _, _) = one_call("busy").await;
    for webhook in receiver.all() {
        let timestamp = webhook.headers["x-timestamp"].to_str().unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(world.settings.vapi_webhook_secret.as_bytes()).unwrap();
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(&webhook.raw);
        let expected: String = mac
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(webhook.headers["x-signature"].to_str().unwrap(), expected);
    }
}

#[tokio::test]
async fn headers_are_sent_as_they_are_and_replace_the_credential() {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    world.behave(json!({ "outcomes": { "busy": 1 } })).await;
    let mut with_headers = assistant(&receiver, &world);
    with_headers["server"]["headers"] = json!({ "Authorization": "Bearer abc", "x-own": "1" });
    world.call(&with_headers, CUSTOMER).await;
    receiver.report().await;
    let first = &receiver.all()[0];
    assert_eq!(first.headers["authorization"], "Bearer abc");
    assert_eq!(first.headers["x-own"], "1");
    assert!(!first.headers.contains_key("x-signature"));
}

#[tokio::test]
async fn the_plan_of_the_server_decides_on_retries() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    world
        .behave(json!({ "outcomes": { "busy": 1 }, "speed": 20, "call_seconds": 1 }))
        .await;
    let mut plain = assistant(&receiver, &world);
    plain["serverMessages"] = json!(["end-of-call-report"]);
    receiver.answer_with(&[500]);
    world.call(&plain, CUSTOMER).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.all().len(), 1, "no plan, no retry");

    plain["server"]["backoffPlan"] = json!({ "type": "exponential", "maxRetries": 3, "baseDelaySeconds": 1, "excludedStatusCodes": [401] });
    receiver.answer_with(&[500, 503]);
    world.call(&plain, CUSTOMER).await;
    receiver.wait_for(4, |_| true).await;
    receiver.answer_with(&[401]);
    world.call(&plain, CUSTOMER).await;
    receiver.wait_for(5, |_| true).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.all().len(), 5, "401 is excluded");
    let (_, deliveries) = world.control("GET", "/webhooks", None).await;
    let attempts: Vec<i64> = deliveries
        .as_array()
        .unwrap()
        .iter()
        .map(|delivery| delivery["attempt"].as_i64().unwrap())
        .collect();
    assert_eq!(attempts, [1, 1, 2, 3, 1]);
}

#[tokio::test]
async fn without_a_list_vapi_sends_its_own_choice() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    world.behave(json!({ "outcomes": { "answered": 1 } })).await;
    world
        .call(&json!({ "server": { "url": receiver.url } }), CUSTOMER)
        .await;
    receiver.report().await;
    let kinds = receiver.kinds();
    assert!(kinds.contains(&"conversation-update".to_owned()) && kinds.contains(&"speech-update".to_owned()));
    assert!(!kinds.iter().any(|kind| kind.starts_with("transcript")));
    assert!(
        !receiver.all()[0].headers.contains_key("x-signature"),
        "no credential, no signature"
    );
}
