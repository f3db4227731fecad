//! Events that come several times, at once, and in any order.

use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use testkit::TestApp;
use zencall::campaigns::end;
use zencall::db::{Claims, DbError};

use crate::fixture::{Dialled, tell};

#[tokio::test]
async fn ten_at_once_are_one() {
    //
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    for message in [
        call.said("user", "Oui.", 12),
        call.ended("customer-busy", 20),
        call.report("customer-busy", json!({})),
    ] {
        let told = join_all((0..10).map(|_| tell(&test.app, message.clone()))).await;
        assert!(told.iter().all(Result::is_ok));
    }
    assert_eq!(call.events().await.len(), 3);
    assert_eq!(call.turns().await.len(), 1);
    assert_eq!(call.attempt().await["status"], "ended");
    let contact = call.campaign_contact().await;
    assert_eq!(
        (&contact["status"], &contact["attempts"], &contact["tries"]),
        (&json!("waiting"), &json!(1), &json!(1))
    );
}

#[tokio::test]
async fn all_at_once_end_as_one_after_the_other() {
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    let told = join_all(
        transferred(&call)
            .into_iter()
            .map(|message| tell(&test.app, message)),
    )
    .await;
    assert!(told.iter().all(Result::is_ok));
    assert_eq!(known(&call).await, in_true_order(&test, transferred).await);
}

#[tokio::test]
async fn the_dialler_and_a_webhook_do_not_stand_in_each_others_way() {
    let test = TestApp::alone().await;
    let organization = test.organization().await;
    let claims = &Claims::platform(organization.id);
    let started = Instant::now();
    for _ in 0..20 {
        let call = &Dialled::of(&test, &organization).await;
        let answered = test.app.db.write("test.in_call", claims, async |tx| {
            end::attempt_in_call(tx, call.attempt, &call.vapi_call_id, call.at).await
        });
        let (told, answered): (_, Result<(), DbError>) =
            join(tell(&test.app, call.status("queued", 0)), answered).await;
        told.unwrap();
        answered.unwrap();
        assert_eq!(call.call().await["id"], json!(call.attempt));
    }
    // A deadlock would take PostgreSQL a second to see.
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_status_after_the_report_is_stored_and_ignored() {
    //
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    call.tell(call.report("customer-ended-call", json!({}))).await;
    let before = call.call().await;
    for message in [
        call.status("ringing", 3),
        call.status("in-progress", 10),
        call.ended("customer-ended-call", 70),
    ] {
        call.tell(message).await;
    }
    assert_eq!(call.call().await, before);
    assert_eq!(call.events().await.len(), 4);
}

#[tokio::test]
async fn an_answered_call_is_the_same_in_any_order() {
    any_order(answered, 0x5eed).await;
}

#[tokio::test]
async fn a_transferred_call_is_the_same_in_any_order() {
    any_order(transferred, 0xcafe).await;
}

#[tokio::test]
async fn a_call_that_broke_is_the_same_in_any_order() {
    any_order(broken, 0xbeef).await;
}

/// permutations with copies, with fixed seeds.
async fn any_order(recorded: fn(&Dialled) -> Vec<Value>, seed: u64) {
    let test = TestApp::alone().await;
    let expected = in_true_order(&test, recorded).await;
    let mut chance = Chance(seed | 1);
    for round in 0..8 {
        let call = Dialled::new(&test).await;
        let mut messages = recorded(&call);
        for _ in 0..3 {
            let copy = messages[chance.below(messages.len())].clone();
            messages.push(copy);
        }
        chance.shuffle(&mut messages);
        let order: Vec<_> = messages
            .iter()
            .map(|message| json!([message["type"], message["status"]]))
            .collect();
        for message in messages {
            call.tell(message).await;
        }
        assert_eq!(known(&call).await, expected, "round {round}: {order:?}");
    }
}

async fn in_true_order(test: &TestApp, recorded: fn(&Dialled) -> Vec<Value>) -> Value {
    let call = Dialled::new(test).await;
    for message in recorded(&call) {
        call.tell(message).await;
    }
    known(&call).await
}

fn answered(call: &Dialled) -> Vec<Value> {
    let outputs = json!({ "a": { "name": "sentiment", "result": "negative" } });
    let messages: Vec<_> = [("bot", "Bonjour.", 11), ("user", "Non merci.", 13), ("bot", "Au revoir.", 15)]
        .iter()
        .map(|(role, text, seconds)| json!({ "role": role, "message": text, "time": call.instant(*seconds).as_millisecond() }))
        .collect();
    vec![
        call.status("queued", 0),
        call.status("ringing", 3),
        call.status("in-progress", 10),
        call.said("assistant", "Bonjour.", 11),
        call.said("user", "Non merci.", 14),
        call.message("hang", 15, json!({})),
        call.ended("customer-ended-call", 70),
        call.report(
            "customer-ended-call",
            json!({ "artifact": { "structuredOutputs": outputs, "messages": messages } }),
        ),
    ]
}

fn transferred(call: &Dialled) -> Vec<Value> {
    let destination = json!({ "type": "number", "number": "+33199000000" });
    vec![
        call.status("ringing", 3),
        call.status("in-progress", 10),
        call.said("user", "Un conseiller, s'il vous plaît.", 14),
        call.message(
            "status-update",
            30,
            json!({ "status": "forwarding", "destination": destination }),
        ),
        call.message("transfer-update", 31, json!({ "destination": destination })),
        call.ended("customer-ended-call", 70),
        call.report("customer-ended-call", json!({})),
    ]
}

fn broken(call: &Dialled) -> Vec<Value> {
    vec![
        call.status("queued", 0),
        call.status("in-progress", 10),
        call.said("assistant", "Bonjour.", 11),
        call.ended("pipeline-error-openai-llm-failed", 20),
        call.report("pipeline-error-openai-llm-failed", json!({})),
    ]
}

/// What is known in the end, without what differs between any two calls.
async fn known(call: &Dialled) -> Value {
    let mut row = call.call().await;
    for column in [
        "id",
        "organization_id",
        "vapi_call_id",
        "campaign_id",
        "contact_id",
        "attempt_id",
        "assistant_id",
        "phone",
        "reported_at",
        "created_at",
        "updated_at",
    ] {
        row.as_object_mut().unwrap().remove(column);
    }
    for column in ["started_at", "ended_at"] {
        let at: jiff::Timestamp = row[column].as_str().unwrap().parse().unwrap();
        row[column] = json!(at.duration_since(call.at).as_millis().to_string());
    }
    let (attempt, contact) = (call.attempt().await, call.campaign_contact().await);
    let events: Vec<_> = call
        .events()
        .await
        .iter()
        .map(|event| json!([event["kind"], event["event"]]))
        .collect();
    json!({
        "call": row,
        "attempt": [attempt["status"], attempt["outcome"]],
        "contact": [contact["status"], contact["last_outcome"], contact["attempts"], contact["tries"]],
        "turns": call.turns().await,
        "events": events,
    })
}

/// Numbers that are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
