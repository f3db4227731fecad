//! How often Secrets Manager is asked, and which tokens prove a webhook.

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
    // 503, and never an open door; what is malformed is refused all the same.
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
    // the name of its secret is there, and its value is not.
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
