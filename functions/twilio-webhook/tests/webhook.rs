//! `/twilio/webhook`: who is believed, and what is kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha1::Sha1;
use testkit::{
    Client, Options, QueueKind, Reply, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TestApp, TestOrganization,
};
use zencall::adapters::twilio::{AccountSid, TwilioCredentials, secret};

const OTHER_ACCOUNT: &str = "AC00000000000000000000000000000002";
const OTHER_TOKEN: &str = "fedcba9876543210fedcba9876543210";

struct Door {
    test: TestApp,
    client: Client,
}

impl Door {
    async fn start() -> Self {
        Self::on(TestApp::start().await)
    }

    fn on(test: TestApp) -> Self {
        let client = Client::anonymous(test.serving(twilio_webhook::routes()));
        Self { test, client }
    }

    async fn tenant(&self) -> TestOrganization {
        let organization = self.test.organization().await;
        organization.connect_twilio().await;
        self.store(&organization, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN)
            .await;
        organization
    }

    async fn store(&self, organization: &TestOrganization, account: &str, token: &str) {
        let app = &self.test.app;
        let credentials = TwilioCredentials {
            account_sid: AccountSid::parse(account).unwrap(),
            auth_token: SecretString::from(token),
            api_key: None,
        };
        secret::store(
            app.secrets().await,
            &app.config.stage,
            organization.id,
            &credentials,
        )
        .await
        .unwrap();
    }

    /// Posts a form to `target` that was signed with `token` for `signed_for`.
    async fn post(&self, target: &str, signed_for: &str, token: &str, form: &[(&str, &str)]) -> Reply {
        let signature = sign(
            token,
            &format!("{}{signed_for}", self.test.app.config.twilio_webhook_url),
            form,
        );
        let request = Request::post(target)
            .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8")
            .header("x-twilio-signature", signature)
            .body(Body::from(encode(form)))
            .unwrap();
        self.client.request(request).await
    }

    async fn events(&self) -> Vec<Value> {
        self.test.queues.take(QueueKind::Events).await
    }
}

fn sign(token: &str, address: &str, form: &[(&str, &str)]) -> String {
    let mut sorted = form.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(address.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

fn encode(form: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        text.bytes().fold(String::new(), |mut escaped, byte| {
            match byte {
                b' ' => escaped.push('+'),
                byte if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
                byte => escaped.push_str(&format!("%{byte:02X}")),
            }
            escaped
        })
    };
    let pairs: Vec<_> = form
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect();
    pairs.join("&")
}

fn path(organization: &TestOrganization) -> String {
    format!("/api/v1/twilio/webhook/{}", organization.id)
}

const STATUS: [(&str, &str); 7] = [
    ("AccountSid", TWILIO_ACCOUNT_SID),
    ("ApiVersion", "2010-04-01"),
    ("ErrorCode", ""),
    ("From", "AGENCE"),
    ("MessageSid", "SM1"),
    ("MessageStatus", "delivered"),
    ("To", "+33639981234"),
];

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
async fn a_request_of_one_organisation_is_nothing_at_anothers_address() {
    // A-26: also where both have the same account, whose token is the same.
    let door = Door::start().await;
    let (a, b) = (door.tenant().await, door.tenant().await);
    door.post(&path(&b), &path(&a), TWILIO_AUTH_TOKEN, &STATUS)
        .await
        .expect_problem(403, "webhook_refused");
    door.store(&b, OTHER_ACCOUNT, OTHER_TOKEN).await;
    // Signed by its own token, and yet another account's.
    door.post(&path(&a), &path(&a), OTHER_TOKEN, &STATUS)
        .await
        .expect(403);
    let mut foreign = STATUS;
    foreign[0].1 = OTHER_ACCOUNT;
    door.post(&path(&a), &path(&a), TWILIO_AUTH_TOKEN, &foreign)
        .await
        .expect(403);
    assert!(door.events().await.is_empty());
}

#[tokio::test]
async fn forged_and_misaddressed_requests_are_refused_alike() {
    let door = Door::start().await;
    let organization = door.tenant().await;
    let target = path(&organization);
    let wrong = "00000000000000000000000000000000";
    door.post(&target, &target, wrong, &STATUS).await.expect(403);
    let unsigned = Request::post(&target)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(encode(&STATUS)))
        .unwrap();
    door.client
        .request(unsigned)
        .await
        .expect_problem(403, "webhook_refused");
    for id in ["nonsense", "019ab000-0000-7000-8000-000000000001"] {
        let target = format!("/api/v1/twilio/webhook/{id}");
        door.post(&target, &target, TWILIO_AUTH_TOKEN, &STATUS)
            .await
            .expect_problem(403, "webhook_refused");
    }
    // Signed for the address with the query, sent without it.
    let signed_for = format!("{target}?message_id=1");
    door.post(&target, &signed_for, TWILIO_AUTH_TOKEN, &STATUS)
        .await
        .expect(403);
    assert!(door.events().await.is_empty());
}

#[tokio::test]
async fn the_bare_address_finds_the_organisations_of_the_account() {
    let door = Door::start().await;
    let organization = door.tenant().await;
    let other = door.tenant().await;
    door.store(&other, TWILIO_ACCOUNT_SID, OTHER_TOKEN).await;
    // An account of its own: five organisations at most are tried, and tests share one account.
    for (tenant, token) in [(&organization, TWILIO_AUTH_TOKEN), (&other, OTHER_TOKEN)] {
        let account = format!("AC{}", organization.id.0.simple());
        door.store(tenant, &account, token).await;
        let sql = "update organizations set twilio_account_sid = $2 where id = $1";
        tenant.sql(sql, &[&tenant.id, &account]).await;
    }
    let account = format!("AC{}", organization.id.0.simple());
    let mut form = STATUS;
    form[0].1 = &account;
    for target in [
        "/api/v1/twilio/webhook",
        "/api/twilio/webhook",
        "/twilio/webhook",
        "/",
    ] {
        door.post(target, target, TWILIO_AUTH_TOKEN, &form)
            .await
            .expect(204);
        let events = door.events().await;
        assert_eq!(events.len(), 1, "{target}");
        assert_eq!(events[0]["organization_id"], organization.id.to_string());
        assert_eq!(events[0]["shared"], true);
    }
    let wrong = "00000000000000000000000000000000";
    door.post("/", "/", wrong, &form).await.expect(403);
}

#[tokio::test]
async fn a_new_token_is_asked_for_at_most_once_a_minute() {
    let door = Door::on(TestApp::held_at("2026-11-24T08:30:00Z".parse().unwrap()).await);
    let organization = door.tenant().await;
    let target = path(&organization);
    door.post(&target, &target, TWILIO_AUTH_TOKEN, &STATUS)
        .await
        .expect(204);
    door.store(&organization, TWILIO_ACCOUNT_SID, OTHER_TOKEN).await;
    door.post(&target, &target, OTHER_TOKEN, &STATUS)
        .await
        .expect(403);
    door.test.app.clock.advance(SignedDuration::from_secs(61));
    door.post(&target, &target, OTHER_TOKEN, &STATUS)
        .await
        .expect(204);
}

#[tokio::test]
async fn a_database_that_is_down_loses_no_event() {
    // A-32.
    let door = Door::start().await;
    let organization = door.tenant().await;
    let down = Door::on(
        TestApp::with(Options {
            database_url: Some("postgres://nobody@127.0.0.1:1/nothing".to_owned()),
            ..Options::default()
        })
        .await,
    );
    let target = path(&organization);
    down.post(&target, &target, TWILIO_AUTH_TOKEN, &STATUS)
        .await
        .expect(204);
    assert_eq!(down.events().await.len(), 1);
}

#[tokio::test]
async fn a_queue_that_is_down_makes_twilio_try_again() {
    let configure = |config: &mut zencall::config::Config| {
        config.queue_events_url = format!("{}-that-is-not-there", config.queue_events_url);
    };
    let door = Door::on(
        TestApp::with(Options {
            configure: Some(Box::new(configure)),
            ..Options::default()
        })
        .await,
    );
    let organization = door.tenant().await;
    let target = path(&organization);
    door.post(&target, &target, TWILIO_AUTH_TOKEN, &STATUS)
        .await
        .expect_problem(503, "unavailable");
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
