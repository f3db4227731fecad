//! What the person hears when something is down, and how soon.

use std::time::{Duration, Instant};

use testkit::{CountingProxy, Environment};

use super::*;

async fn ask_without_database(url: String, language: &str) -> (Value, Duration) {
    let test = TestApp::with(Options {
        database_url: Some(url),
        ..Options::default()
    })
    .await;
    let message = json!({
        "type": "tool-calls", "call": { "id": "c", "assistantId": "a" },
        "assistant": { "transcriber": { "language": language } },
        "toolCallList": [
            tool_call("1", json!({ "starts_at": "2026-11-24T14:00" })),
            tool_call("2", json!({ "starts_at": "2026-11-24T15:00" })),
        ],
    });
    let started = Instant::now();
    let answer = post(&test, message).await;
    // What was asked is recorded all the same.
    assert_eq!(test.queues.take(QueueKind::Events).await.len(), 1);
    (answer, started.elapsed())
}

#[tokio::test]
async fn a_database_that_is_down_is_told_in_a_sentence() {
    //
    for (language, beginning) in [
        ("fr", "Je n'arrive pas à enregistrer le rendez-vous"),
        ("en", "I cannot book the appointment"),
        ("nl", "Ik kan de afspraak"),
        ("klingon", "Je n'arrive pas à enregistrer le rendez-vous"),
    ] {
        let url = "postgres://nobody@127.0.0.1:1/nowhere".to_owned();
        let (answer, _) = ask_without_database(url, language).await;
        for result in results(&answer) {
            assert!(
                result["error"].as_str().unwrap().starts_with(beginning),
                "{result}"
            );
        }
    }
}

#[tokio::test]
async fn a_database_that_never_answers_is_not_waited_for() {
    //
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://nobody@{}/nowhere", silent.local_addr().unwrap());
    let (answer, took) = ask_without_database(url, "fr").await;
    assert_eq!(results(&answer).len(), 2);
    // Vapi waits 20 s, and the function itself 10.
    assert!(took < Duration::from_secs(9), "{took:?}");
}

#[tokio::test]
async fn a_queue_that_is_down_costs_no_appointment() {
    let tenant = Tenant::with(Options {
        configure: Some(Box::new(|config| {
            config.queue_events_url.push_str("-that-is-not-there");
            config.queue_messages_url.push_str("-that-is-not-there");
        })),
        ..Options::default()
    })
    .await;
    assert_eq!(
        tenant.book("call", "t", "2026-11-24T14:00").await["result"],
        BOOKED
    );
    // The sweep finds it.
    assert_eq!(tenant.texts().await[0]["dispatch"], "waiting");
}

#[tokio::test]
async fn an_ordinary_event_asks_no_database_and_one_queue_once() {
    let environment = Environment::get().await;
    let (proxy, url) = CountingProxy::in_front_of(&environment.database_url).await;
    let (requests, endpoint) = CountingProxy::in_front_of(&environment.aws_endpoint()).await;
    let tenant = Tenant::with(Options {
        database_url: Some(url),
        aws_endpoint: Some(endpoint),
        ..Options::default()
    })
    .await;
    let before = (proxy.connections(), proxy.round_trips());
    for members in [
        json!({ "type": "status-update", "status": "in-progress" }),
        json!({ "type": "transcript", "transcriptType": "final", "role": "user", "transcript": "Oui." }),
        json!({ "type": "transfer-update", "destination": { "type": "number", "number": "+33199000001" } }),
        json!({ "type": "end-of-call-report", "endedReason": "customer-ended-call", "artifact": {}, "analysis": {} }),
        json!({ "type": "appointment-booked" }),
    ] {
        let posted = post(&tenant.test, tenant.message("call", members));
        assert_eq!(requests.count(posted).await.1, 1);
        assert_eq!(tenant.test.queues.take(QueueKind::Events).await.len(), 1);
    }
    assert!(tenant.test.queues.take(QueueKind::Messages).await.is_empty());
    assert_eq!((proxy.connections(), proxy.round_trips()), before);
    // A booking: whose call, lock and look, book, what follows from it, commit.
    let (_, round_trips) = proxy.count(tenant.book("call", "t", "2026-11-24T14:00")).await;
    assert_eq!(round_trips, 5);
}
