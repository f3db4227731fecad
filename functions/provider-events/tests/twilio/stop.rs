//! People who want no more messages.

use testkit::{CallingOrganization, QueueKind, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN};
use zencall::campaigns::release;

use super::*;

/// The answers to STOP that were written.
async fn confirmations(organization: &TestOrganization) -> Vec<Value> {
    let sql = "select phone, sender, body, status, dispatch from messages where confirms_stop";
    organization.rows(sql, &[]).await
}

#[tokio::test]
async fn stop_ends_what_waits_and_what_comes() {
    // the next dial, and the next message. Alone: other tests share the number to which people write.
    let test = TestApp::alone().await;
    let calling = CallingOrganization::create(&test).await;
    let organization = &calling.organization;
    let (_, queued) = calling.running(&test, 1).await;
    assert_eq!(queued.len(), 1);
    let phone = organization.rows("select phone from contacts", &[]).await[0]["phone"].clone();
    let phone = phone.as_str().unwrap();
    let id = sending(&test, organization).await;
    let sql = "update messages set phone = $2, dispatch = 'waiting', status = 'queued', status_rank = 1 where id = $1";
    organization.sql(sql, &[&id, &phone]).await;

    apply(&test, &inbound(organization, "SM1", phone, "Stop pub !")).await;

    assert_eq!(
        list(organization).await,
        [json!({ "phone": phone, "source": "sms_stop" })]
    );
    // The receipt: the words and the message, also of somebody whom nobody ever asked.
    let sql = "select channel, quote, evidence::jsonb ->> 'twilio_message_sid' as sid from consents where kind = 'withdrawn'";
    assert_eq!(
        organization.rows(sql, &[]).await,
        [json!({ "channel": "sms_stop", "quote": "Stop pub !", "sid": "SM1" })]
    );
    let waiting = row(organization, id).await;
    assert_eq!(waiting["status"], "canceled");
    assert_eq!(waiting["error_code"], "recipient_opted_out");
    assert_eq!(calling.slots(&test).await, 0);
    call_dialer::handle(&test.app, &message(&queued[0]))
        .await
        .unwrap();
    assert!(test.placed_calls().await.is_empty());
    let contact = calling.contact().await;
    assert_eq!(contact["status"], "skipped");
    assert_eq!(contact["refusal_code"], "suppressed");
    // Even where something puts the contact back in line.
    let sql = "update campaign_contacts set status = 'waiting', due_at = now() - interval '1 minute'";
    organization.sql(sql, &[]).await;
    let sql = "update campaigns set status = 'running'";
    organization.sql(sql, &[]).await;
    release::release(&test.app, organization.id).await.unwrap();
    let sql = "select code from gate_decisions where not allowed";
    let refused = organization.rows(sql, &[]).await;
    assert!(
        refused.iter().any(|decision| decision["code"] == "suppressed"),
        "{refused:?}"
    );
    assert!(test.queues.take(QueueKind::Calls).await.is_empty());
}

#[tokio::test]
async fn stop_in_a_word_that_twilio_does_not_know_is_answered_once() {
    //
    let test = TestApp::start().await;
    let organization = test.organization().await;
    organization.connect_twilio().await;
    let event = inbound(&organization, "SM1", RECIPIENT, "ARRÊT !");
    let events: Vec<_> = (0..5).map(|_| apply(&test, &event)).collect();
    futures_util::future::join_all(events).await;
    // Again, in other words, and in Twilio's own.
    for (sid, words) in [("SM2", "Stop pub"), ("SM3", "désabonner"), ("SM4", "STOP")] {
        apply(&test, &inbound(&organization, sid, RECIPIENT, words)).await;
    }
    let written = confirmations(&organization).await;
    assert_eq!(written.len(), 1, "{written:?}");
    assert_eq!(
        (&written[0]["phone"], &written[0]["sender"]),
        (&json!(RECIPIENT), &json!(TWILIO_NUMBER))
    );
    assert_eq!(
        written[0]["dispatch"], "waiting",
        "a later STOP does not take it back"
    );

    // It is the one message that still goes there.
    let app = &test.app;
    organization
        .store_twilio_credentials(TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN)
        .await;
    let queued = test.queues.take(QueueKind::Messages).await;
    assert_eq!(queued.len(), 1);
    for request in queued.iter().chain(&queued) {
        message_sender::handle(app, &message(request)).await.unwrap();
    }
    let sent: Vec<_> = test
        .provider_requests("twilio")
        .await
        .into_iter()
        .filter(|request| request["method"] == "POST")
        .collect();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0]["body"]["To"], RECIPIENT);
    assert_eq!(sent[0]["body"]["From"], TWILIO_NUMBER);
    assert_eq!(sent[0]["status"], 201);
}

#[tokio::test]
async fn what_twilio_answers_itself_is_not_answered_by_us() {
    //
    let test = TestApp::start().await;
    let organization = test.organization().await;
    for (index, words) in ["STOP", "stop", " Unsubscribe ", "CANCEL"].iter().enumerate() {
        let from = format!("+3363998{index:04}");
        apply(
            &test,
            &inbound(&organization, &format!("SM{index}"), &from, words),
        )
        .await;
    }
    // Advanced Opt-Out: Twilio has understood any word, and says so.
    let mut event = inbound(&organization, "SM9", "+33639980009", "ARRET");
    event["stop"] = json!(true);
    apply(&test, &event).await;
    // A short code hears nothing.
    apply(&test, &inbound(&organization, "SM10", "36111", "ARRET")).await;
    assert_eq!(list(&organization).await.len(), 6);
    assert!(confirmations(&organization).await.is_empty());
    assert!(test.queues.take(QueueKind::Messages).await.is_empty());
}

#[tokio::test]
async fn a_number_that_was_on_the_list_already_is_not_written_to() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    apply(&test, &inbound(&organization, "SM1", RECIPIENT, "STOP")).await;
    apply(&test, &inbound(&organization, "SM2", RECIPIENT, "ARRET")).await;
    assert!(confirmations(&organization).await.is_empty());
}

#[tokio::test]
async fn stop_to_a_number_that_several_text_from_is_heard_by_all_of_them() {
    let test = TestApp::alone().await;
    let (told, sharing, elsewhere) = (
        test.organization().await,
        test.organization().await,
        test.organization().await,
    );
    for organization in [&told, &sharing, &elsewhere] {
        organization.connect_twilio().await;
    }
    let sql = "update organizations set twilio_phone_number = $2, twilio_sms_sender = $2 where id = $1";
    elsewhere.sql(sql, &[&elsewhere.id, &"+33948000002"]).await;
    apply(&test, &inbound(&told, "SM1", RECIPIENT, "À demain")).await;
    assert!(list(&sharing).await.is_empty());
    for _ in 0..2 {
        apply(&test, &inbound(&told, "SM2", RECIPIENT, "ARRET")).await;
    }
    let expected = [json!({ "phone": RECIPIENT, "source": "sms_stop" })];
    assert_eq!(list(&told).await, expected);
    assert_eq!(list(&sharing).await, expected);
    assert!(list(&elsewhere).await.is_empty());
    // It was written to one of them, which alone keeps it and answers.
    assert_eq!(confirmations(&told).await.len(), 1);
    assert!(confirmations(&sharing).await.is_empty());
    let messages = sharing.rows("select * from messages", &[]).await;
    assert!(messages.is_empty());
}
