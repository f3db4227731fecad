//! Sending: once, whatever goes wrong on the way.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod lost_callbacks;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::{
    Client, QueueKind, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER, TestApp, TestOrganization,
};
use zencall::App;
use zencall::adapters::twilio::{AccountSid, TwilioCredentials, secret};
use zencall::messages::sweep;
use zencall::worker::run_batch;

const RECIPIENT: &str = "+33639981234";
const NEW_TOKEN: &str = "fedcba9876543210fedcba9876543210";

struct Tenant {
    test: TestApp,
    organization: TestOrganization,
    member: Client,
}

impl Tenant {
    async fn start() -> Self {
        Self::on(TestApp::start().await).await
    }

    /// The same in a database of its own: whose sweep takes long must not be overtaken by another test's.
    async fn alone() -> Self {
        Self::on(TestApp::alone().await).await
    }

    async fn on(test: TestApp) -> Self {
        let organization = test.organization().await;
        organization.connect_twilio().await;
        let member = organization.member(test.serving(messages::routes())).await;
        let tenant = Self {
            test,
            organization,
            member,
        };
        tenant.store_token(TWILIO_AUTH_TOKEN).await;
        // Callbacks go nowhere here.
        tenant.test.set_behaviour(json!({ "speed": 1000.0 })).await;
        tenant
    }

    async fn store_token(&self, token: &str) {
        self.store(TWILIO_ACCOUNT_SID, token).await;
    }

    async fn store(&self, account: &str, token: &str) {
        let app = &self.test.app;
        let credentials = TwilioCredentials {
            account_sid: AccountSid::parse(account).unwrap(),
            auth_token: SecretString::from(token),
            api_key: None,
        };
        secret::store(
            app.secrets().await,
            &app.config.stage,
            self.organization.id,
            &credentials,
        )
        .await
        .unwrap();
    }

    /// Takes a message and returns its id.
    async fn take(&self, body: &str) -> String {
        let request = json!({ "to": RECIPIENT, "body": body });
        let reply = self.member.post("/api/v1/messages", request).await.expect(202);
        reply.json()["message"]["id"].as_str().unwrap().to_owned()
    }

    async fn read(&self, id: &str) -> Value {
        let path = format!("/api/v1/messages/{id}");
        self.member.get(&path).await.expect(200).json()["message"].clone()
    }

    /// Hands everything on the queue to the function; returns how many messages went back.
    async fn deliver(&self) -> usize {
        let queued = self.test.queues.take(QueueKind::Messages).await;
        handle(&self.test.app, &queued).await
    }

    /// What the stand-in was asked to send.
    async fn posts(&self) -> Vec<Value> {
        let requests = self.test.provider_requests("twilio").await;
        requests
            .into_iter()
            .filter(|request| request["method"] == "POST")
            .collect()
    }

    /// The messages that Twilio has.
    async fn at_twilio(&self) -> Vec<Value> {
        let url = format!(
            "{}/2010-04-01/Accounts/{TWILIO_ACCOUNT_SID}/Messages.json",
            self.test.app.config.twilio_api_url
        );
        let request = zencall::adapters::http_client()
            .get(url)
            .basic_auth(TWILIO_ACCOUNT_SID, Some(TWILIO_AUTH_TOKEN));
        let text = request.send().await.unwrap().text().await.unwrap();
        let page: Value = serde_json::from_str(&text).unwrap();
        page["messages"].as_array().unwrap().clone()
    }

    /// Lets the quarantine of unknown outcomes pass.
    async fn wait_out_the_quarantine(&self) {
        let sql = "update messages set sending_at = sending_at - interval '3 minutes',
                                       queued_at = queued_at - interval '3 minutes'";
        self.organization.sql(sql, &[]).await;
    }

    async fn sweep(&self) {
        sweep::sweep(&self.test.app, self.test.app.clock.now())
            .await
            .unwrap();
    }
}

async fn handle(app: &App, bodies: &[Value]) -> usize {
    let mut batch = SqsEvent::default();
    for (index, body) in bodies.iter().enumerate() {
        let mut message = SqsMessage::default();
        message.message_id = Some(index.to_string());
        message.body = Some(body.to_string());
        batch.records.push(message);
    }
    let response = run_batch(app, batch, &message_sender::handle).await;
    response.batch_item_failures.len()
}

#[tokio::test]
async fn a_message_is_sent_from_the_organisations_account_and_asks_for_news() {
    let tenant = Tenant::start().await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.deliver().await, 0);
    let posts = tenant.posts().await;
    assert_eq!(posts.len(), 1);
    let body = &posts[0]["body"];
    assert_eq!(body["To"], RECIPIENT);
    assert_eq!(body["From"], TWILIO_NUMBER);
    assert_eq!(body["Body"], "Bonjour");
    let callback = format!(
        "{}/api/v1/twilio/webhook/{}?message_id={id}#rc=2&rp=ct,rt,5xx",
        tenant.test.app.config.twilio_webhook_url, tenant.organization.id
    );
    assert_eq!(body["StatusCallback"], callback);
    let message = tenant.read(&id).await;
    assert_eq!(message["status"], "sending");
    assert_eq!(message["twilio_message_sid"], tenant.at_twilio().await[0]["sid"]);
}

#[tokio::test]
async fn the_same_request_ten_times_at_once_sends_one_message() {
    let tenant = Tenant::start().await;
    tenant.take("Bonjour").await;
    let queued = tenant.test.queues.take(QueueKind::Messages).await;
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let (app, queued) = (tenant.test.app.clone(), queued.clone());
            tokio::spawn(async move { Box::pin(handle(&app, &queued)).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 0);
    }
    handle(&tenant.test.app, &queued).await;
    assert_eq!(tenant.posts().await.len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_looked_for_and_nothing_is_sent_twice() {
    let tenant = Tenant::start().await;
    // The same words, sent before: not the one that is looked for.
    let before = tenant.take("Bonjour").await;
    tenant.deliver().await;
    let fault = json!({ "speed": 1000.0, "api": { "after_accepting": true, "times": 1 } });
    tenant.test.set_behaviour(fault).await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.at_twilio().await.len(), 2);
    assert_eq!(tenant.read(&id).await["twilio_message_sid"], Value::Null);
    // Too early: nothing happens, however often it is asked for.
    tenant.sweep().await;
    assert_eq!(tenant.deliver().await, 0);
    tenant.wait_out_the_quarantine().await;
    tenant.sweep().await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.at_twilio().await.len(), 2);
    let found = tenant.read(&id).await["twilio_message_sid"].clone();
    assert!(found.is_string());
    assert_ne!(found, tenant.read(&before).await["twilio_message_sid"]);
    tenant.wait_out_the_quarantine().await;
    tenant.sweep().await;
    assert!(tenant.test.queues.take(QueueKind::Messages).await.is_empty());
}

#[tokio::test]
async fn a_message_that_twilio_never_had_is_sent_after_the_search() {
    let tenant = Tenant::start().await;
    let fault = json!({ "speed": 1000.0, "api": { "status": 503, "times": 1 } });
    tenant.test.set_behaviour(fault).await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.deliver().await, 0);
    assert!(tenant.at_twilio().await.is_empty());
    tenant.wait_out_the_quarantine().await;
    tenant.sweep().await;
    // The search, and the sending that follows from it.
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.at_twilio().await.len(), 1);
    assert!(tenant.read(&id).await["twilio_message_sid"].is_string());
}

#[tokio::test]
async fn an_overloaded_twilio_is_asked_again_later() {
    let tenant = Tenant::start().await;
    let fault = json!({ "speed": 1000.0, "api": { "status": 429, "times": 1 } });
    tenant.test.set_behaviour(fault).await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "queued");
    let later = tenant.test.app.clock.now() + SignedDuration::from_mins(5);
    let sql = "update messages set due_at = now() - interval '1 second'";
    tenant.organization.sql(sql, &[]).await;
    sweep::sweep(&tenant.test.app, later).await.unwrap();
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "sending");
    assert_eq!(tenant.at_twilio().await.len(), 1);
}

#[tokio::test]
async fn a_token_that_changed_is_fetched_again_once() {
    let tenant = Tenant::start().await;
    tenant.take("un").await;
    tenant.deliver().await;
    // The administrator has connected the account with its new token, in another container.
    tenant
        .test
        .set_twilio_account(TWILIO_ACCOUNT_SID, NEW_TOKEN, &[TWILIO_NUMBER])
        .await;
    tenant.store_token(NEW_TOKEN).await;
    let id = tenant.take("deux").await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "sending");
    assert!(tenant.read(&id).await["twilio_message_sid"].is_string());
}

#[tokio::test]
async fn rejected_credentials_stop_everything_until_they_are_given_again() {
    let tenant = Tenant::start().await;
    tenant
        .test
        .set_twilio_account(TWILIO_ACCOUNT_SID, NEW_TOKEN, &[TWILIO_NUMBER])
        .await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.deliver().await, 0);
    let message = tenant.read(&id).await;
    assert_eq!(message["status"], "failed");
    assert_eq!(message["error_code"], "twilio_credentials_rejected");
    // They were read for this very message: asking for them again would tell nothing new.
    assert_eq!(tenant.posts().await.len(), 1);
    let request = json!({ "to": RECIPIENT, "body": "Encore" });
    tenant
        .member
        .post("/api/v1/messages", request)
        .await
        .expect_problem(409, "twilio_credentials_rejected");
}

#[tokio::test]
async fn a_refusal_that_may_be_out_of_date_ends_nothing() {
    let test = TestApp::held_at("2026-11-24T08:30:00Z".parse().unwrap()).await;
    let tenant = Tenant::on(test).await;
    for text in ["un", "deux"] {
        // Twice: asked for once because of the first refusal.
        tenant.take(text).await;
        tenant.deliver().await;
        let account = [TWILIO_NUMBER];
        let test = &tenant.test;
        test.set_twilio_account(TWILIO_ACCOUNT_SID, NEW_TOKEN, &account)
            .await;
        tenant.store_token(NEW_TOKEN).await;
    }
    let third = "00112233445566778899aabbccddeeff";
    let test = &tenant.test;
    test.set_twilio_account(TWILIO_ACCOUNT_SID, third, &[TWILIO_NUMBER])
        .await;
    tenant.store_token(third).await;
    let id = tenant.take("trois").await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "queued");
    tenant.test.app.clock.advance(SignedDuration::from_mins(1));
    tenant.sweep().await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "sending");
}

#[tokio::test]
async fn another_account_that_was_connected_meanwhile_is_the_one_that_sends() {
    let tenant = Tenant::start().await;
    tenant.take("un").await;
    tenant.deliver().await;
    let other = "AC00000000000000000000000000000002";
    tenant
        .test
        .set_twilio_account(other, NEW_TOKEN, &[TWILIO_NUMBER])
        .await;
    let sql = "update organizations set twilio_account_sid = $2 where id = $1";
    let organization = &tenant.organization;
    organization.sql(sql, &[&organization.id, &other]).await;
    tenant.store(other, NEW_TOKEN).await;
    let id = tenant.take("deux").await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "sending");
    let posts = tenant.posts().await;
    assert!(posts[1]["path"].as_str().unwrap().contains(other));
}

#[tokio::test]
async fn twilios_opt_out_becomes_ours() {
    //
    let tenant = Tenant::start().await;
    let opted_out = json!({ "speed": 1000.0, "message_errors": { RECIPIENT: 21610 } });
    tenant.test.set_behaviour(opted_out).await;
    let (id, waiting) = (tenant.take("un").await, tenant.take("deux").await);
    assert_eq!(tenant.deliver().await, 0);
    let message = tenant.read(&id).await;
    assert_eq!(
        (&message["status"], &message["error_code"]),
        (&json!("failed"), &json!("21610"))
    );
    // What waited for the same number was never tried.
    assert_eq!(tenant.posts().await.len(), 1);
    let waiting = tenant.read(&waiting).await;
    assert_eq!(waiting["status"], "canceled");
    assert_eq!(waiting["error_code"], "recipient_opted_out");
    let listed = tenant
        .organization
        .rows("select phone, source from do_not_call", &[])
        .await;
    assert_eq!(
        listed,
        [json!({ "phone": RECIPIENT, "source": "twilio_opt_out" })]
    );
    let request = json!({ "to": RECIPIENT, "body": "trois" });
    tenant
        .member
        .post("/api/v1/messages", request)
        .await
        .expect_problem(422, "recipient_opted_out");
}

#[tokio::test]
async fn an_objection_between_taking_and_sending_counts() {
    let tenant = Tenant::start().await;
    let id = tenant.take("Bonjour").await;
    let contact = tenant.organization.contact(RECIPIENT).await;
    let sql = "update contacts set do_not_call = true where id = $1";
    tenant.organization.sql(sql, &[&contact]).await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "canceled");
    assert!(tenant.posts().await.is_empty());
}

#[tokio::test]
async fn marketing_whose_hour_has_passed_on_the_way_waits_for_the_next() {
    // due at noon, and the queue was slow.
    let evening = "2026-11-24T19:30:00Z".parse().unwrap();
    let tenant = Tenant::on(TestApp::held_at(evening).await).await;
    let id = tenant.take("Soldes").await;
    let sql = "update messages set purpose = 'marketing', due_at = $1";
    let noon: jiff::Timestamp = "2026-11-24T11:30:00Z".parse().unwrap();
    tenant.organization.sql(sql, &[&noon]).await;
    assert_eq!(tenant.deliver().await, 0);
    assert!(tenant.posts().await.is_empty());
    let message = tenant.read(&id).await;
    assert_eq!(
        (&message["status"], &message["due_at"]),
        (&json!("queued"), &json!("2026-11-25T09:00:00Z"))
    );
}

#[tokio::test]
async fn a_message_whose_request_never_reached_the_queue_is_found_by_the_sweep() {
    let tenant = Tenant::start().await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.test.queues.take(QueueKind::Messages).await.len(), 1);
    tenant.sweep().await;
    assert!(tenant.test.queues.take(QueueKind::Messages).await.is_empty());
    tenant.wait_out_the_quarantine().await;
    tenant.sweep().await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["status"], "sending");
}

#[tokio::test]
async fn an_unreadable_message_goes_back_and_does_not_hold_the_others_up() {
    //
    let tenant = Tenant::start().await;
    let id = tenant.take("Bonjour").await;
    let mut bodies = tenant.test.queues.take(QueueKind::Messages).await;
    bodies.insert(0, json!({ "v": 1 }));
    assert_eq!(handle(&tenant.test.app, &bodies).await, 1);
    assert_eq!(tenant.read(&id).await["status"], "sending");
}

#[tokio::test]
async fn the_sample_event_is_a_batch_of_this_function() {
    let tenant = Tenant::start().await;
    let event: SqsEvent = serde_json::from_str(&testkit::events::sample("message-sender")).unwrap();
    let response = run_batch(&tenant.test.app, event, &message_sender::handle).await;
    assert!(response.batch_item_failures.is_empty());
}

#[tokio::test]
async fn a_twilio_that_takes_too_long_is_looked_at_before_anything_is_sent_again() {
    let tenant = Tenant::alone().await;
    // Longer than we wait for an answer; the message is taken all the same.
    let slow =
        json!({ "speed": 1000.0, "api": { "after_accepting": true, "latency_ms": 11_000, "times": 1 } });
    tenant.test.set_behaviour(slow).await;
    let id = tenant.take("Bonjour").await;
    assert_eq!(tenant.deliver().await, 0);
    assert_eq!(tenant.read(&id).await["twilio_message_sid"], Value::Null);
    tenant.wait_out_the_quarantine().await;
    tenant.sweep().await;
    assert_eq!(tenant.deliver().await, 0);
    assert!(tenant.read(&id).await["twilio_message_sid"].is_string());
    assert_eq!(tenant.at_twilio().await.len(), 1);
}
