//! A secret is exchanged without a restart.

use jiff::SignedDuration;
use testkit::CountingProxy;

use super::*;

/// A door whose secret is its own, and whose requests to AWS are counted.
struct Door {
    test: TestApp,
    requests: CountingProxy,
    secret: String,
}

impl Door {
    async fn with(value: &str) -> Self {
        let environment = Environment::get().await;
        let secret = environment.store_secret(value).await;
        let (requests, endpoint) = CountingProxy::in_front_of(&environment.aws_endpoint()).await;
        let name = secret.clone();
        let test = TestApp::with(Options {
            held_at: Some("2026-11-24T08:30:00Z".parse().unwrap()),
            aws_endpoint: Some(endpoint),
            configure: Some(Box::new(|config| config.vapi_webhook_secret = name)),
            ..Options::default()
        })
        .await;
        Self {
            test,
            requests,
            secret,
        }
    }

    async fn set(&self, value: &str) {
        Environment::get().await.set_secret(&self.secret, value).await;
    }

    fn pass(&self, seconds: i64) {
        self.test.app.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// The status of a message that nobody wants, and so costs no queue, with this token.
    async fn status(&self, token: &str) -> u16 {
        let body = json!({ "message": { "type": "speech-update" } }).to_string();
        let token = format!("Bearer {token}");
        let reply = post(&anonymous(&self.test), PATH, &[("authorization", &token)], body).await;
        reply.status.as_u16()
    }
}

#[tokio::test]
async fn is_accepted_beside_the_one_before_and_then_alone() {
    // within the life of the cache, without a restart.
    let door = Door::with("old").await;
    assert_eq!((door.status("old").await, door.status("new").await), (200, 401));
    door.set("new\nold\n").await;
    door.pass(300);
    assert_eq!((door.status("old").await, door.status("new").await), (200, 200));
    door.set("new").await;
    door.pass(300);
    assert_eq!((door.status("old").await, door.status("new").await), (401, 200));
}

#[tokio::test]
async fn is_asked_for_when_the_container_does_not_know_it_and_at_most_once_a_minute() {
    let door = Door::with("old").await;
    assert_eq!(door.status("old").await, 200);
    door.set("new").await;
    assert_eq!(door.status("new").await, 200);
    let before = door.requests.round_trips();
    for _ in 0..120 {
        assert_eq!(door.status("forged").await, 401);
        door.pass(1);
    }
    assert_eq!(door.requests.round_trips() - before, 1);
}

#[tokio::test]
async fn is_not_asked_for_because_of_what_carries_no_proof() {
    let door = Door::with("old").await;
    assert_eq!(door.status("old").await, 200);
    let before = door.requests.round_trips();
    for headers in [
        vec![],
        vec![("authorization", "Basic b2xk")],
        vec![("authorization", "Bearer old"), ("authorization", "Bearer old")],
    ] {
        door.pass(61);
        post(&anonymous(&door.test), PATH, &headers, sample("transcript"))
            .await
            .expect(401);
    }
    assert_eq!(door.requests.round_trips(), before);
}

#[tokio::test]
async fn that_is_empty_or_gone_is_a_service_that_is_not_there() {
    // never a door that is open because nothing locks it.
    let door = Door::with("\n  \n").await;
    for token in ["", "old"] {
        assert_eq!(door.status(token).await, 503);
    }
    door.set("old").await;
    assert_eq!(door.status("old").await, 200);
    Environment::get().await.remove_secret(&door.secret).await;
    door.pass(300);
    assert_eq!(door.status("old").await, 503);
}
