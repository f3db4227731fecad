//! What Vapi hears when something is down, or when it sends nonsense.

use super::*;

#[tokio::test]
async fn a_queue_that_is_down_is_told_to_vapi() {
    // A-32
    let test = TestApp::with(Options {
        configure: Some(Box::new(|config| {
            config.queue_events_url.push_str("-that-is-not-there")
        })),
        ..Options::default()
    })
    .await;
    let reply = send(&test, sample("end-of-call-report")).await;
    assert!(reply.headers.contains_key("retry-after"));
    reply.expect_problem(503, "unavailable");
    // Whoever waits on the telephone is answered all the same.
    let tools =
        json!({ "type": "tool-calls", "toolCallList": [{ "id": "t", "name": "book", "parameters": {} }] });
    let reply = say(&test, tools).await.expect(200);
    assert_eq!(reply.json()["results"][0]["toolCallId"], "t");
}

#[tokio::test]
async fn a_database_that_is_down_is_not_noticed() {
    // A-32
    let test = TestApp::with(Options {
        database_url: Some("postgres://nobody@127.0.0.1:1/nowhere".to_owned()),
        ..Options::default()
    })
    .await;
    send(&test, sample("end-of-call-report")).await.expect(200);
    assert_eq!(test.queues.take(QueueKind::Events).await.len(), 1);
}

#[tokio::test]
async fn bodies_that_are_no_message_are_refused_in_bounded_time() {
    // A-31
    let test = TestApp::start().await;
    let started = Instant::now();
    let deep = "[".repeat(2_000_000);
    let deep_object = format!("{}1", r#"{"message":"#.repeat(400_000));
    for body in [
        Vec::new(),
        b"{".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"{}".to_vec(),
        br#"{"message":{}}"#.to_vec(),
        b"{\"message\":{\"type\":\"\xff\xfe\"}}".to_vec(),
        b"{\"message\":{\"type\":\"hang\",\"ignored\":\"\xc3\x28\"}}".to_vec(),
        br#"{"message":{"type":"hang","ignored":"\ud800"}}"#.to_vec(),
        deep.into_bytes(),
        deep_object.into_bytes(),
    ] {
        send(&test, body).await.expect_problem(400, "unreadable");
    }
    let large = vec![b' '; 5 * 1024 * 1024 + 1];
    send(&test, large).await.expect_problem(413, "too_large");
    assert!(started.elapsed() < Duration::from_secs(10));
    assert!(test.queues.take(QueueKind::Events).await.is_empty());
}

#[tokio::test]
async fn no_body_is_a_500() {
    let test = TestApp::start().await;
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    for name in ["status-update", "transcript", "end-of-call-report"] {
        let whole = sample(name);
        for _ in 0..40 {
            let mut body = whole[..chance.below(whole.len())].to_vec();
            check(&test, body.clone()).await;
            body = whole.clone();
            for _ in 0..=chance.below(4) {
                let position = chance.below(body.len());
                body[position] = u8::try_from(chance.below(256)).unwrap();
            }
            check(&test, body).await;
        }
    }
    for _ in 0..60 {
        let body = (0..chance.below(300))
            .map(|_| u8::try_from(chance.below(256)).unwrap())
            .collect();
        check(&test, body).await;
    }
}

async fn check(test: &TestApp, body: Vec<u8>) {
    let shown = String::from_utf8_lossy(&body).into_owned();
    let status = send(test, body).await.status.as_u16();
    assert!([200, 400].contains(&status), "{status}: {shown}");
}

/// Numbers that are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}
