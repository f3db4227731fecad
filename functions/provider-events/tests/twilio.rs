//! What becomes of Twilio's events: statuses in any order, messages once, STOP at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::vapi::message;
use testkit::{
    CallingOrganization, QueueKind, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER, TestApp,
    TestOrganization,
};
use zencall::adapters::twilio::{AccountSid, TwilioCredentials, secret};
use zencall::campaigns::release;
use zencall::kernel::ids::MessageId;

const RECIPIENT: &str = "+33639981234";

async fn apply(test: &TestApp, body: &Value) {
    provider_events::handle(&test.app, &message(body)).await.unwrap();
}

fn status(organization: &TestOrganization, id: MessageId, word: &str, error: Option<&str>) -> Value {
    json!({
        "provider": "twilio", "organization_id": organization.id, "received_at": "2026-11-24T08:30:00Z",
        "kind": "message_status", "sid": format!("SM{}", id.0.simple()), "message_id": id, "status": word,
        "error_code": error,
    })
}

fn inbound(organization: &TestOrganization, sid: &str, from: &str, body: &str) -> Value {
    json!({
        "provider": "twilio", "organization_id": organization.id, "received_at": "2026-11-24T08:30:00Z",
        "kind": "message_received", "sid": sid, "from": from, "to": TWILIO_NUMBER, "body": body, "segments": 1,
        "stop": false,
    })
}

/// A message of which a request has left.
async fn sending(test: &TestApp, organization: &TestOrganization) -> MessageId {
    let id = MessageId::new(&test.app.clock);
    let sql = "insert into messages (id, organization_id, direction, phone, sender, body, purpose, status, status_rank,
                                     segments, dispatch, due_at, sending_at, created_at, updated_at)
               values ($1, $2, 'outbound', $3, 'AGENCE', 'Bonjour', 'service', 'sending', 2, 1, 'sending', now(), now(),
                       now(), now())";
    organization.sql(sql, &[&id, &organization.id, &RECIPIENT]).await;
    id
}

async fn row(organization: &TestOrganization, id: MessageId) -> Value {
    let sql = "select * from messages where id = $1";
    organization.rows(sql, &[&id]).await.remove(0)
}

async fn list(organization: &TestOrganization) -> Vec<Value> {
    organization
        .rows("select phone, source from do_not_call order by phone", &[])
        .await
}

#[tokio::test]
async fn the_first_end_counts_whatever_comes_in_which_order() {
    // every order of four events, each twice.
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let words = ["queued", "sent", "delivered", "undelivered"];
    for first in 0..4 {
        for second in (0..4).filter(|index| *index != first) {
            let id = sending(&test, &organization).await;
            let rest = (0..4).filter(|index| *index != first && *index != second);
            let order: Vec<_> = [first, second].into_iter().chain(rest).collect();
            for index in order.iter().chain(&order) {
                apply(&test, &status(&organization, id, words[*index], None)).await;
            }
            let end = order.iter().find(|index| **index >= 2).unwrap();
            let row = row(&organization, id).await;
            assert_eq!(row["status"], words[*end], "{order:?}");
            assert_eq!(row["dispatch"], "done");
            let sql = "select status from message_history where message_id = $1";
            assert_eq!(organization.rows(sql, &[&id]).await.len(), 4);
        }
    }
}

#[tokio::test]
async fn a_callback_that_is_faster_than_the_answer_names_the_message() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let id = sending(&test, &organization).await;
    apply(&test, &status(&organization, id, "sent", None)).await;
    let row = row(&organization, id).await;
    assert_eq!(row["twilio_message_sid"], format!("SM{}", id.0.simple()));
}

#[tokio::test]
async fn a_status_of_another_organisations_message_changes_nothing() {
    //
    let test = TestApp::start().await;
    let (a, b) = (test.organization().await, test.organization().await);
    let id = sending(&test, &a).await;
    apply(&test, &status(&b, id, "delivered", None)).await;
    assert_eq!(row(&a, id).await["status"], "sending");
}

#[tokio::test]
async fn unknown_words_are_stored_and_change_nothing() {
    //
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let id = sending(&test, &organization).await;
    apply(&test, &status(&organization, id, "teleported", None)).await;
    assert_eq!(row(&organization, id).await["status"], "sending");
    let sql = "select dedupe_key from provider_events where provider = 'twilio'";
    assert_eq!(organization.rows(sql, &[]).await.len(), 1);
}

#[tokio::test]
async fn errors_have_their_consequences() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    // The telephone was off: twice again, later.
    let mut id = sending(&test, &organization).await;
    for retries in 1..=3 {
        apply(&test, &status(&organization, id, "undelivered", Some("30003"))).await;
        assert_eq!(row(&organization, id).await["error_code"], "30003");
        let sql =
            "select id, due_at > now() + interval '29 minutes' as later from messages where retry_of = $1";
        let repeated = organization.rows(sql, &[&id]).await;
        assert_eq!(repeated.len(), usize::from(retries < 3));
        if let Some(repeated) = repeated.first() {
            assert_eq!(repeated["later"], true);
            id = MessageId::parse(repeated["id"].as_str().unwrap()).unwrap();
        }
    }
    // Filtered: nothing is tried again.
    let id = sending(&test, &organization).await;
    apply(&test, &status(&organization, id, "undelivered", Some("30007"))).await;
    let sql = "select id from messages where retry_of = $1";
    assert!(organization.rows(sql, &[&id]).await.is_empty());
    assert!(list(&organization).await.is_empty());
    // Opted out at Twilio.
    let id = sending(&test, &organization).await;
    apply(&test, &status(&organization, id, "failed", Some("21610"))).await;
    assert_eq!(
        list(&organization).await,
        [json!({ "phone": RECIPIENT, "source": "twilio_opt_out" })]
    );
    // Suspended.
    let id = sending(&test, &organization).await;
    apply(&test, &status(&organization, id, "failed", Some("30002"))).await;
    let sql = "select twilio_rejected_at is not null as rejected from organizations";
    assert_eq!(organization.rows(sql, &[]).await[0]["rejected"], true);
}

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

#[tokio::test]
async fn stop_ends_what_waits_and_what_comes() {
    // the next dial, and the next message.
    let test = TestApp::start().await;
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

/// The answers to STOP that were written.
async fn confirmations(organization: &TestOrganization) -> Vec<Value> {
    let sql = "select phone, sender, body, status, dispatch from messages where confirms_stop";
    organization.rows(sql, &[]).await
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
    let credentials = TwilioCredentials {
        account_sid: AccountSid::parse(TWILIO_ACCOUNT_SID).unwrap(),
        auth_token: SecretString::from(TWILIO_AUTH_TOKEN),
        api_key: None,
    };
    let (secrets, stage) = (app.secrets().await, &app.config.stage);
    secret::store(secrets, stage, organization.id, &credentials)
        .await
        .unwrap();
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
