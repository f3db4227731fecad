//! Reports that no queue takes: through the real webhook, the bucket and the queue, without a word lost.

use serde_json::{Value, json};
use testkit::{Client, QueueKind, TestApp, VAPI_WEBHOOK_SECRET};
use zencall::adapters::storage::Storage;

use crate::fixture::{Dialled, handle_text};

const TURNS: usize = 1_200;

/// A report of more than 2 MB.
fn report(call: &Dialled) -> Value {
    let messages: Vec<_> = (0..TURNS)
        .map(|number| {
            let text = format!("{number} {}", "é".repeat(900));
            json!({ "role": "user", "message": text, "time": call.instant(11).as_millisecond() + number as i64 })
        })
        .collect();
    call.report(
        "customer-ended-call",
        json!({ "artifact": { "messages": messages } }),
    )
}

/// Posts it as Vapi does, and returns what lies on the queue.
async fn post(test: &TestApp, message: Value) -> Vec<Value> {
    let client = Client::bearer(
        test.serving(vapi_webhook::routes()),
        VAPI_WEBHOOK_SECRET.to_owned(),
    );
    client
        .post("/api/v1/vapi/webhook", json!({ "message": message }))
        .await
        .expect(200);
    test.queues.take(QueueKind::Events).await
}

async fn stored(test: &TestApp, key: &str) -> Option<Vec<u8>> {
    let storage = Storage::new(test.app.aws().await, &test.app.config.export_bucket).unwrap();
    storage.get(key, 10_000_000).await.unwrap()
}

#[tokio::test]
async fn every_word_arrives_and_nothing_is_left_behind() {
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    let queued = post(&test, report(&call)).await;
    assert_eq!(queued.len(), 1);
    let key = queued[0]["stored_event"].as_str().unwrap().to_owned();
    assert!(
        key.starts_with("events/") && queued[0].to_string().len() < 200,
        "{key}"
    );
    assert!(stored(&test, &key).await.unwrap().len() > 2_000_000);
    for _ in 0..2 {
        handle_text(&test.app, queued[0].to_string()).await.unwrap();
    }
    let turns = call.turns().await;
    assert_eq!(turns.len(), TURNS);
    assert_eq!(call.call().await["outcome"], "answered");
    assert!(stored(&test, &key).await.is_none());
    assert_eq!(call.events().await.len(), 1);
}

#[tokio::test]
async fn one_of_usual_size_needs_no_bucket() {
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    let queued = post(&test, call.report("customer-ended-call", json!({}))).await;
    assert_eq!(queued[0]["kind"], "end-of-call-report");
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told_to_vapi_which_tries_again() {
    //
    let test = TestApp::with(testkit::Options {
        alone: true,
        configure: Some(Box::new(|config| {
            config.export_bucket = "zencall-no-such-bucket".to_owned()
        })),
        ..testkit::Options::default()
    })
    .await;
    let call = Dialled::new(&test).await;
    let client = Client::bearer(
        test.serving(vapi_webhook::routes()),
        VAPI_WEBHOOK_SECRET.to_owned(),
    );
    client
        .post("/api/v1/vapi/webhook", json!({ "message": report(&call) }))
        .await
        .expect_problem(503, "unavailable");
    assert!(test.queues.take(QueueKind::Events).await.is_empty());
}

#[tokio::test]
async fn what_lies_there_and_is_no_event_ends_in_the_dead_letter_queue() {
    let test = TestApp::alone().await;
    let storage = Storage::new(test.app.aws().await, &test.app.config.export_bucket).unwrap();
    storage.put("events/nonsense.json", b"{}".to_vec()).await.unwrap();
    for key in ["events/nonsense.json", "exports/somebody-else.zip"] {
        let body = json!({ "v": 1, "stored_event": key }).to_string();
        let error = handle_text(&test.app, body).await.unwrap_err();
        assert!(error.is_worth_retrying(), "{key}");
    }
}
