//! `/twilio/webhook`: who is believed, and what is kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
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

mod secrets {
    //! How often Secrets Manager is asked, and which tokens prove a webhook (A-73).

    use jiff::SignedDuration;
    use testkit::{CountingProxy, Environment};
    use zencall::adapters::twilio::{Keyring, OVERLAP};

    use super::*;

    /// Well-formed, of an organisation that may be connected, and about no message: it costs no request to a queue.
    const SILENT: [(&str, &str); 1] = [("AccountSid", TWILIO_ACCOUNT_SID)];
    const FORGED: &str = "00000000000000000000000000000000";

    /// A door whose requests to AWS are counted.
    struct Counted {
        door: Door,
        requests: CountingProxy,
    }

    impl Counted {
        async fn start() -> Self {
            let endpoint = Environment::get().await.aws_endpoint();
            let (requests, endpoint) = CountingProxy::in_front_of(&endpoint).await;
            let test = TestApp::with(Options {
                held_at: Some("2026-11-24T08:30:00Z".parse().unwrap()),
                aws_endpoint: Some(endpoint),
                ..Options::default()
            })
            .await;
            Self {
                door: Door::on(test),
                requests,
            }
        }

        fn pass(&self, seconds: i64) {
            self.door
                .test
                .app
                .clock
                .advance(SignedDuration::from_secs(seconds));
        }

        /// The status of a webhook that is signed with this token, and what it cost.
        async fn post(&self, target: &str, token: &str) -> (u16, usize) {
            let posted = self.door.post(target, target, token, &SILENT);
            let (reply, asked) = self.requests.count(posted).await;
            (reply.status.as_u16(), asked)
        }
    }

    #[tokio::test]
    async fn are_fetched_once_for_five_minutes() {
        let counted = Counted::start().await;
        let organization = counted.door.tenant().await;
        let target = path(&organization);
        assert_eq!(counted.post(&target, TWILIO_AUTH_TOKEN).await, (204, 1));
        counted.pass(299);
        assert_eq!(counted.post(&target, TWILIO_AUTH_TOKEN).await, (204, 0));
        counted.pass(1);
        assert_eq!(counted.post(&target, TWILIO_AUTH_TOKEN).await, (204, 1));
    }

    #[tokio::test]
    async fn are_fetched_once_by_many_at_once() {
        let counted = Counted::start().await;
        let organization = counted.door.tenant().await;
        let target = path(&organization);
        let posts = (0..10).map(|_| counted.door.post(&target, &target, TWILIO_AUTH_TOKEN, &SILENT));
        let posts = futures_util::future::join_all(posts);
        let (replies, asked) = counted.requests.count(posts).await;
        assert!(replies.iter().all(|reply| reply.status == 204));
        assert_eq!(asked, 1);
    }

    #[tokio::test]
    async fn are_never_fetched_for_what_is_malformed() {
        let counted = Counted::start().await;
        let organization = counted.door.tenant().await;
        let target = path(&organization);
        let before = counted.requests.round_trips();
        for signature in ["", "nonsense", "AAAA", &"A".repeat(28), &"A".repeat(5000)] {
            let request = Request::post(&target)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("x-twilio-signature", signature)
                .body(Body::from(encode(&STATUS)))
                .unwrap();
            counted.door.client.request(request).await.expect(403);
        }
        for id in ["nonsense", "00000000-0000-0000-0000-00000000000g", "%00"] {
            let target = format!("/api/v1/twilio/webhook/{id}");
            assert_eq!(counted.post(&target, TWILIO_AUTH_TOKEN).await.0, 403, "{id}");
        }
        assert_eq!(counted.requests.round_trips(), before);
    }

    #[tokio::test]
    async fn of_an_organisation_without_any_are_asked_for_once_a_minute() {
        let counted = Counted::start().await;
        let stranger = counted.door.test.organization().await;
        let target = path(&stranger);
        assert_eq!(counted.post(&target, FORGED).await, (403, 1));
        for _ in 0..5 {
            assert_eq!(counted.post(&target, FORGED).await, (403, 0));
        }
        // It is connected, and served at the latest a minute after.
        counted
            .door
            .store(&stranger, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN)
            .await;
        counted.pass(60);
        assert_eq!(counted.post(&target, TWILIO_AUTH_TOKEN).await, (204, 1));
    }

    #[tokio::test]
    async fn that_changed_are_noticed_at_once_and_asked_for_at_most_once_a_minute() {
        let counted = Counted::start().await;
        let organization = counted.door.tenant().await;
        let target = path(&organization);
        assert_eq!(counted.post(&target, TWILIO_AUTH_TOKEN).await, (204, 1));
        let (store, account) = (
            counted.door.store(&organization, TWILIO_ACCOUNT_SID, OTHER_TOKEN),
            &target,
        );
        store.await;
        assert_eq!(counted.post(account, OTHER_TOKEN).await, (204, 1));
        for _ in 0..60 {
            assert_eq!(counted.post(&target, FORGED).await, (403, 0));
            counted.pass(1);
        }
        assert_eq!(counted.post(&target, FORGED).await, (403, 1));
    }

    #[tokio::test]
    async fn that_changed_are_noticed_within_a_minute_however_much_is_forged() {
        let counted = Counted::start().await;
        let organization = counted.door.tenant().await;
        let target = path(&organization);
        assert_eq!(counted.post(&target, TWILIO_AUTH_TOKEN).await.0, 204);
        let mut asked = 0;
        for second in 0..=90 {
            asked += counted.post(&target, FORGED).await.1;
            if second == 10 {
                let door = &counted.door;
                door.store(&organization, TWILIO_ACCOUNT_SID, OTHER_TOKEN).await;
            }
            if second >= 60 {
                // Whoever told us the new token first and had Twilio sign with it a minute later has lost nothing.
                assert_eq!(counted.post(&target, OTHER_TOKEN).await, (204, 0), "{second}");
            }
            counted.pass(1);
        }
        assert_eq!(asked, 2);
    }

    #[tokio::test]
    async fn before_a_rotation_are_accepted_for_its_overlap_and_not_after() {
        let counted = Counted::start().await;
        let organization = counted.door.tenant().await;
        let (target, app) = (path(&organization), &counted.door.test.app);
        let credentials = |account: &str, token: &str| TwilioCredentials {
            account_sid: AccountSid::parse(account).unwrap(),
            auth_token: SecretString::from(token),
            api_key: None,
        };
        let before = Keyring::from(credentials(TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN));
        let after = before.replaced_by(&credentials(TWILIO_ACCOUNT_SID, OTHER_TOKEN), app.clock.now());
        let (secrets, stage) = (app.secrets().await, &app.config.stage);
        secret::store_keyring(secrets, stage, organization.id, &after)
            .await
            .unwrap();
        for token in [TWILIO_AUTH_TOKEN, OTHER_TOKEN] {
            assert_eq!(counted.post(&target, token).await.0, 204);
        }
        assert_eq!(counted.post(&target, FORGED).await.0, 403);
        app.clock.advance(OVERLAP);
        assert_eq!(counted.post(&target, TWILIO_AUTH_TOKEN).await.0, 403);
        assert_eq!(counted.post(&target, OTHER_TOKEN).await.0, 204);
    }

    #[tokio::test]
    async fn that_were_removed_open_nothing_once_the_cache_is_over() {
        let counted = Counted::start().await;
        let organization = counted.door.tenant().await;
        let (target, app) = (path(&organization), &counted.door.test.app);
        assert_eq!(counted.post(&target, TWILIO_AUTH_TOKEN).await.0, 204);
        secret::delete(app.secrets().await, &app.config.stage, organization.id)
            .await
            .unwrap();
        counted.pass(300);
        assert_eq!(counted.post(&target, TWILIO_AUTH_TOKEN).await.0, 403);
    }

    #[tokio::test]
    async fn that_cannot_be_fetched_make_twilio_try_again() {
        // A-21: 503, and never an open door; what is malformed is refused all the same.
        let test = TestApp::with(Options {
            aws_endpoint: Some("http://127.0.0.1:1".to_owned()),
            ..Options::default()
        })
        .await;
        let door = Door::on(test);
        let organization = TestApp::start().await.organization().await;
        let target = path(&organization);
        door.post(&target, &target, TWILIO_AUTH_TOKEN, &STATUS)
            .await
            .expect_problem(503, "unavailable");
        let unsigned = Request::post(&target).body(Body::empty()).unwrap();
        door.client.request(unsigned).await.expect(403);
    }

    #[tokio::test]
    async fn the_bare_address_without_a_database_is_a_service_that_is_not_there() {
        // A-21: the name of its secret is there, and its value is not.
        let test = TestApp::with(Options {
            configure: Some(Box::new(|config| {
                config.database_secret = "zencall/none/database".to_owned();
            })),
            ..Options::default()
        })
        .await;
        let door = Door::on(test);
        door.post("/twilio/webhook", "/twilio/webhook", TWILIO_AUTH_TOKEN, &STATUS)
            .await
            .expect_problem(503, "unavailable");
    }
}
