//! What is kept of a request, and how it is acknowledged.

use serde_json::json;

use super::*;

const INBOUND: [(&str, &str); 9] = [
    ("AccountSid", TWILIO_ACCOUNT_SID),
    ("Body", " Arrêt, merci + au revoir "),
    ("From", "+33639981234"),
    ("FromCity", ""),
    ("MediaUrl", "b"),
    ("MediaUrl", "a"),
    ("MessageSid", "SM2"),
    ("SmsStatus", "received"),
    ("To", "+33162000001"),
];

#[tokio::test]
async fn a_status_is_kept_and_acknowledged() {
    let door = Door::start().await;
    let organization = door.tenant().await;
    let message = zencall::kernel::ids::MessageId::new(&door.test.app.clock);
    let target = format!("{}?message_id={message}", path(&organization));
    let reply = door
        .post(&target, &target, TWILIO_AUTH_TOKEN, &STATUS)
        .await
        .expect(204);
    assert!(reply.body.is_empty());
    let events = door.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["provider"], "twilio");
    assert_eq!(events[0]["kind"], "message_status");
    assert_eq!(events[0]["organization_id"], organization.id.to_string());
    assert_eq!(events[0]["message_id"], message.to_string());
    assert_eq!(events[0]["status"], "delivered");
}

#[tokio::test]
async fn a_message_is_kept_as_it_was_written_and_answered_with_nothing() {
    let door = Door::start().await;
    let organization = door.tenant().await;
    let target = path(&organization);
    let reply = door
        .post(&target, &target, TWILIO_AUTH_TOKEN, &INBOUND)
        .await
        .expect(200);
    assert_eq!(reply.headers["content-type"], "text/xml");
    assert_eq!(
        reply.text(),
        r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#
    );
    let events = door.events().await;
    assert_eq!(events[0]["kind"], "message_received");
    assert_eq!(events[0]["body"], " Arrêt, merci + au revoir ");
}

#[tokio::test]
async fn a_form_that_a_gateway_has_wrapped_is_read_from_its_bytes() {
    let door = Door::start().await;
    let organization = door.tenant().await;
    let mut event: Value = serde_json::from_str(&testkit::events::sample("twilio-webhook")).unwrap();
    // As it stands, nobody has signed it.
    let sample = testkit::events::request(&event.to_string());
    door.client.request(sample).await.expect(403);
    let target = path(&organization);
    event["rawPath"] = json!(target);
    event["rawQueryString"] = json!("b=2&a=%2b1");
    event["body"] = json!(STANDARD.encode(encode(&INBOUND)));
    let address = format!("{}{target}?b=2&a=%2b1", door.test.app.config.twilio_webhook_url);
    event["headers"]["x-twilio-signature"] = json!(sign(TWILIO_AUTH_TOKEN, &address, &INBOUND));
    let request = testkit::events::request(&event.to_string());
    door.client.request(request).await.expect(200);
    assert_eq!(door.events().await[0]["sid"], "SM2");
}

#[tokio::test]
async fn it_answers_its_own_health() {
    let door = Door::start().await;
    door.client.get("/health").await.expect(200);
    door.client.get("/twilio/webhook").await.expect(403);
    let put = door.client.put("/twilio/webhook", json!({})).await;
    assert_eq!(put.status, 405);
}
