//! Messages that people send.

use super::*;

#[tokio::test]
async fn a_message_is_stored_once_with_its_contact() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let contact = organization.contact(RECIPIENT).await;
    let event = inbound(&organization, "SM1", RECIPIENT, "Oui, à demain");
    let events: Vec<_> = (0..10).map(|_| apply(&test, &event)).collect();
    futures_util::future::join_all(events).await;
    let rows = organization.rows("select * from messages", &[]).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["direction"], "inbound");
    assert_eq!(rows[0]["status"], "received");
    assert_eq!(rows[0]["contact_id"], contact.to_string());
    assert!(list(&organization).await.is_empty());
    let events = organization
        .rows("select projection from provider_events", &[])
        .await;
    assert!(
        !events[0].to_string().contains("demain"),
        "the text lies with the message"
    );
}

#[tokio::test]
async fn on_a_shared_account_a_message_belongs_to_whose_number_it_is() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    organization.connect_twilio().await;
    let mut event = inbound(&organization, "SM1", RECIPIENT, "STOP");
    event["shared"] = json!(true);
    event["to"] = json!("+33948000002");
    apply(&test, &event).await;
    assert!(organization.rows("select * from messages", &[]).await.is_empty());
    event["to"] = json!(TWILIO_NUMBER);
    apply(&test, &event).await;
    assert_eq!(list(&organization).await.len(), 1);
}
