//! What Vapi's webhook takes in, for whom, and what it does when something is down.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use testkit::{Client, Environment, Options, QueueKind, Reply, TestApp, VAPI_WEBHOOK_SECRET};

const PATH: &str = "/api/v1/vapi/webhook";
const CANARY: &str = "canary-81b0";

fn anonymous(test: &TestApp) -> Client {
    Client::anonymous(test.serving(vapi_webhook::routes()))
}

async fn post(client: &Client, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Reply {
    let mut request = Request::post(path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client
        .request(request.body(Body::from(body.into())).unwrap())
        .await
}

/// Posts with the bearer token that our assistants carry.
async fn send(test: &TestApp, body: impl Into<Vec<u8>>) -> Reply {
    let token = format!("Bearer {VAPI_WEBHOOK_SECRET}");
    post(&anonymous(test), PATH, &[("authorization", &token)], body).await
}

async fn say(test: &TestApp, message: Value) -> Reply {
    send(test, json!({ "message": message }).to_string()).await
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(format!(
        "{}/../../events/vapi/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

mod what_comes_in {
    use super::*;

    #[tokio::test]
    async fn lies_on_the_queue_before_it_is_acknowledged() {
        let test = TestApp::start().await;
        for name in ["status-update", "transcript", "end-of-call-report"] {
            let reply = send(&test, sample(name)).await.expect(200);
            assert_eq!(reply.json(), json!({}));
            let kept = test.queues.take(QueueKind::Events).await;
            assert_eq!(kept.len(), 1, "{name}");
            assert_eq!(kept[0]["v"], 1);
            assert_eq!(kept[0]["kind"], name);
            assert_eq!(kept[0]["keys"]["call"], "2f1a6f0e-7f0c-4c57-9a8e-5b1f0c6f3d10");
        }
    }

    #[tokio::test]
    async fn is_heard_at_every_address() {
        let test = TestApp::start().await;
        let token = format!("Bearer {VAPI_WEBHOOK_SECRET}");
        for path in [PATH, "/api/vapi/webhook", "/vapi/webhook", "/"] {
            let client = anonymous(&test);
            post(&client, path, &[("authorization", &token)], sample("transcript"))
                .await
                .expect(200);
            post(&client, path, &[], sample("transcript"))
                .await
                .expect_problem(401, "webhook_refused");
            client.get(path).await.expect(405);
        }
        assert_eq!(test.queues.take(QueueKind::Events).await.len(), 4);
        anonymous(&test).get("/health").await.expect(200);
    }

    #[tokio::test]
    async fn in_the_older_form_is_understood() {
        let test = TestApp::start().await;
        for kind in [
            "call-started",
            "call-ended",
            "transcript",
            "transfer",
            "appointment-booked",
        ] {
            let body = json!({ "type": kind, "call": { "id": "c" }, "transcript": "Oui." });
            send(&test, body.to_string()).await.expect(200);
        }
        assert_eq!(test.queues.take(QueueKind::Events).await.len(), 5);
    }

    #[tokio::test]
    async fn of_a_kind_that_nobody_knows_is_kept() {
        // A-29
        let test = TestApp::start().await;
        say(&test, json!({ "type": "teleportation", "call": { "id": "c" } }))
            .await
            .expect(200);
        let kept = test.queues.take(QueueKind::Events).await;
        assert_eq!(kept[0]["kind"], "teleportation");
        assert_eq!(kept[0]["fact"], "other");
    }

    #[tokio::test]
    async fn without_being_asked_for_many_times_a_minute_is_dropped() {
        let test = TestApp::start().await;
        say(&test, json!({ "type": "speech-update", "status": "started" }))
            .await
            .expect(200);
        say(&test, json!({ "type": "conversation-update", "messages": [] }))
            .await
            .expect(200);
        let half = json!({ "type": "transcript", "transcriptType": "partial", "transcript": "Ou" });
        say(&test, half).await.expect(200);
        assert!(test.queues.take(QueueKind::Events).await.is_empty());
    }

    #[tokio::test]
    async fn leaves_its_secrets_at_the_door() {
        let test = TestApp::start().await;
        let mut body: Value = serde_json::from_slice(&sample("end-of-call-report")).unwrap();
        let message = &mut body["message"];
        message["phoneNumber"] = json!({ "twilioAuthToken": CANARY, "twilioApiSecret": CANARY });
        message["call"]["phoneNumber"] = json!({ "twilioAuthToken": CANARY });
        message["call"]["monitor"] = json!({ "controlUrl": CANARY, "listenUrl": CANARY });
        message["assistant"] = json!({ "server": { "headers": { "Authorization": CANARY } }, "model": { "messages": [CANARY] } });
        message["artifact"]["presignedMonoUrl"] = json!(CANARY);
        message["unheardOf"] = json!(CANARY);
        send(&test, body.to_string()).await.expect(200);
        let kept = test.queues.take(QueueKind::Events).await;
        assert_eq!(kept.len(), 1);
        assert!(!kept[0].to_string().contains(CANARY), "{}", kept[0]);
    }
}

mod proofs {
    use super::*;

    const BODY: &str = r#"{"message":{"type":"hang"}}"#;
    const NOW: i64 = 1_795_000_000;
    /// Timestamps with the signature of `BODY` under the tests' secret, computed with Python's hmac module.
    const SIGNED: [(&str, &str, bool); 8] = [
        (
            "1794999699",
            "2ed4309e1684c38a68e6d651b62a89d86b5b7b857a4fa0abef8f0f6145e24938",
            false,
        ),
        (
            "1794999699000",
            "6b73bd84e975934752b9d6300f9670d1db18e1ba7ceba65457f717dc0071b2de",
            false,
        ),
        (
            "1794999701",
            "ff4ee314b72e120da3f9bc9655a5ba9e8d70cf4c6c61bc065594bc076593315d",
            true,
        ),
        (
            "1794999701000",
            "3a61a8b4f215cf2b0550a2e27f48b4b2a1d5c9a9819c75a0783d3de381e73bbc",
            true,
        ),
        (
            "1795000299",
            "ebf9e1dc2dbaa8bab27a49b2b6021f97014a88d3a6263dbee86584d4922583e9",
            true,
        ),
        (
            "1795000299000",
            "cfb949ac55761cd1580fb2945c56593eac83c0e6d63e7483deae37e53c062f62",
            true,
        ),
        (
            "1795000301",
            "2162de2b20ee3248856b6b2280f5c83b468e410a318d831777bb687c0eb901d8",
            false,
        ),
        (
            "1795000301000",
            "906b41dee0fb6d3a9adcc7c489a406892adbdd06359e9117acab8cc24d2c8782",
            false,
        ),
    ];

    async fn signing() -> TestApp {
        TestApp::with(Options {
            held_at: Some(jiff::Timestamp::from_second(NOW).unwrap()),
            configure: Some(Box::new(|config| {
                config.vapi_credential_id = Some("credential".to_owned())
            })),
            ..Options::default()
        })
        .await
    }

    #[tokio::test]
    async fn a_fresh_signature_is_accepted_and_an_old_one_refused() {
        // A-22, A-23
        let test = signing().await;
        let client = anonymous(&test);
        for (timestamp, signature, fresh) in SIGNED {
            let headers = [("x-timestamp", timestamp), ("x-signature", signature)];
            let reply = post(&client, PATH, &headers, BODY).await;
            reply.expect(if fresh { 200 } else { 401 });
            let tampered = format!("{BODY} ");
            post(&client, PATH, &headers, tampered).await.expect(401);
            let cut = [("x-timestamp", timestamp), ("x-signature", &signature[..62])];
            post(&client, PATH, &cut, BODY).await.expect(401);
        }
        assert_eq!(test.queues.take(QueueKind::Events).await.len(), 4);
    }

    #[tokio::test]
    async fn a_token_does_where_it_is_configured_and_nowhere_else() {
        let token = format!("Bearer {VAPI_WEBHOOK_SECRET}");
        let bearing = TestApp::start().await;
        post(&anonymous(&bearing), PATH, &[("authorization", &token)], BODY)
            .await
            .expect(200);
        post(
            &anonymous(&bearing),
            PATH,
            &[("authorization", "Bearer wrong")],
            BODY,
        )
        .await
        .expect(401);
        post(&anonymous(&bearing), PATH, &[], BODY).await.expect(401);
        let signing = signing().await;
        post(&anonymous(&signing), PATH, &[("authorization", &token)], BODY)
            .await
            .expect(401);
    }

    #[tokio::test]
    async fn both_secrets_are_good_during_a_rotation() {
        // A-24
        let secret = Environment::get()
            .await
            .store_secret("new-secret\nold-secret\n")
            .await;
        let test = TestApp::with(Options {
            configure: Some(Box::new(move |config| config.vapi_webhook_secret = secret)),
            ..Options::default()
        })
        .await;
        let client = anonymous(&test);
        for (token, status) in [
            ("new-secret", 200),
            ("old-secret", 200),
            ("older-secret", 401),
            ("", 401),
        ] {
            let token = format!("Bearer {token}");
            post(&client, PATH, &[("authorization", &token)], BODY)
                .await
                .expect(status);
        }
    }

    #[tokio::test]
    async fn nothing_is_read_before_them() {
        let test = TestApp::start().await;
        for body in [&b"\xff\xfe"[..], b"{", b"", b"[[[[["] {
            post(&anonymous(&test), PATH, &[], body)
                .await
                .expect_problem(401, "webhook_refused");
        }
    }
}

mod faults {
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
        let tools = json!({ "type": "tool-calls", "toolCallList": [{ "id": "t", "name": "book", "parameters": {} }] });
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
}

mod questions {
    use super::*;

    #[tokio::test]
    async fn every_shape_of_a_tool_call_is_answered_in_order() {
        let test = TestApp::start().await;
        let calls = json!([
            { "id": "1", "type": "function", "function": { "name": "book", "arguments": "{\"day\":\"mon\"}" } },
            { "id": "2", "type": "function", "function": { "name": "book", "arguments": { "day": "mon" } } },
            { "id": "3", "name": "book", "arguments": { "day": "mon" } },
            { "id": "4", "name": "book", "parameters": { "day": "mon" } },
            { "id": "5", "name": "book", "arguments": "{ malformed" },
        ]);
        let reply = say(&test, json!({ "type": "tool-calls", "toolCallList": calls }))
            .await
            .expect(200)
            .json();
        let results = reply["results"].as_array().unwrap();
        let ids: Vec<_> = results
            .iter()
            .map(|result| result["toolCallId"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["1", "2", "3", "4", "5"]);
        for result in results {
            assert_eq!(result["name"], "book");
            assert!(!result["error"].as_str().unwrap().contains('\n'));
        }
        assert_ne!(results[0]["error"], results[4]["error"]);
        let kept = test.queues.take(QueueKind::Events).await;
        assert_eq!(
            kept[0]["fact"]["tool_calls"]["ids"],
            json!(["1", "2", "3", "4", "5"])
        );
    }

    #[tokio::test]
    async fn tool_calls_without_a_list_get_an_empty_one() {
        let test = TestApp::start().await;
        let reply = say(&test, json!({ "type": "tool-calls" })).await.expect(200);
        assert_eq!(reply.json(), json!({ "results": [] }));
    }

    #[tokio::test]
    async fn the_others_have_a_safe_answer_in_time() {
        // A-33
        let test = TestApp::start().await;
        let started = Instant::now();
        let ask = async |kind: &str| say(&test, json!({ "type": kind })).await.expect(200).json();
        assert!(
            ask("assistant-request").await["error"]
                .as_str()
                .unwrap()
                .starts_with("Bonjour")
        );
        assert!(ask("transfer-destination-request").await["error"].is_string());
        assert_eq!(ask("campaign.predial").await, json!({ "eligible": false }));
        assert!(ask("function-call").await["result"].is_string());
        assert!(started.elapsed() < Duration::from_secs(7));
    }
}

mod a_secret_that_changes {
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
        // A-24, A-73: within the life of the cache, without a restart.
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
        // A-21: never a door that is open because nothing locks it.
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
}
