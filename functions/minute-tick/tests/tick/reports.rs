//! Reports that do not come: Vapi is asked, and what it says goes the way of the report.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::VAPI_API_KEY;
use zencall::calls::{self, Applied, Projection};

use crate::Fixture;

impl Fixture {
    /// A call that somebody answered and that is over; we were told that, without a reason, and nothing more.
    async fn ended_without_a_word(&self) -> String {
        let (_, body) = self.queued().await;
        let quick = json!({ "outcomes": { "answered": 1 }, "call_seconds": 1, "speed": 100 });
        self.test.set_behaviour(quick).await;
        self.dial(&body).await;
        let id = self.calling.attempts("vapi_call_id").await[0]["vapi_call_id"].clone();
        let id = id.as_str().unwrap().to_owned();
        self.wait_for_the_end().await;
        let signal = json!({ "status": { "status": "ended" } });
        self.tell(&id, "status-update", signal).await;
        assert_eq!(
            self.call("status, outcome, cost").await,
            json!({ "status": "ended", "outcome": null, "cost": null })
        );
        id
    }

    async fn wait_for_the_end(&self) {
        for _ in 0..500 {
            if self.test.placed_calls().await[0]["status"] == "ended" {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the call does not end");
    }

    async fn tell(&self, call: &str, kind: &str, fact: Value) -> Applied {
        let event = json!({
            "v": 1, "kind": kind, "occurred_at": self.test.app.clock.now(), "received_at": self.test.app.clock.now(),
            "keys": { "call": call }, "fact": fact,
        });
        let event: Projection = serde_json::from_value(event).unwrap();
        calls::apply(&self.test.app, &event).await.unwrap()
    }

    async fn call(&self, columns: &str) -> Value {
        let sql = format!("select {columns} from calls");
        self.calling.organization.rows(&sql, &[]).await.remove(0)
    }

    /// How often Vapi was asked about the one call.
    async fn questions(&self, call: &str) -> usize {
        let asked = self.test.provider_requests("vapi").await;
        let path = format!("/call/{call}");
        asked
            .iter()
            .filter(|request| {
                request["method"] == "GET" && request["path"].as_str().unwrap().ends_with(&path)
            })
            .count()
    }

    async fn tick_after(&self, minutes: i64) {
        self.test.app.clock.advance(SignedDuration::from_mins(minutes));
        minute_tick::run(&self.test.app).await.unwrap();
    }
}

#[tokio::test]
async fn a_call_that_ended_without_a_report_is_told_by_vapi() {
    let fixture = Fixture::start().await;
    let id = fixture.ended_without_a_word().await;
    // It may yet come by itself.
    fixture.tick_after(4).await;
    assert_eq!(fixture.questions(&id).await, 0);

    fixture.tick_after(2).await;
    assert_eq!(fixture.questions(&id).await, 1);
    let call = fixture.call("*").await;
    assert_eq!(call["outcome"], "answered");
    assert!(call["ended_reason"].is_string());
    assert!(call["cost"].as_f64().unwrap() > 0.0, "{call}");
    assert!(call["duration_seconds"].is_number() && call["started_at"].is_string());
    assert!(call["summary"].is_string(), "{call}");
    assert!(call["reported_at"].is_string());
    assert_eq!(call["report_due_at"], Value::Null);
    let turns = fixture
        .calling
        .organization
        .rows("select role from call_turns", &[])
        .await;
    assert!(!turns.is_empty());
    // The campaign hears of it too.
    assert_eq!(fixture.calling.attempts("status").await[0]["status"], "ended");
    assert_eq!(fixture.calling.contact().await["last_outcome"], "answered");
    assert_eq!(fixture.calling.slots(&fixture.test).await, 0);

    // The report comes after all, and an hour later nobody is asked any more.
    let late = json!({ "report": { "ended_reason": "customer-busy", "cost": "9.99", "summary": "Autre." } });
    assert_eq!(
        fixture.tell(&id, "end-of-call-report", late).await,
        Applied::Repeated
    );
    fixture.tick_after(60).await;
    assert_eq!(fixture.call("*").await, call);
    assert_eq!(fixture.questions(&id).await, 1);
}

#[tokio::test]
async fn a_call_that_vapi_has_forgotten_is_not_asked_about_again() {
    let fixture = Fixture::start().await;
    let id = fixture.ended_without_a_word().await;
    let url = format!("{}/vapi/call/{id}", fixture.test.sandbox.url());
    let deletion = zencall::adapters::http_client()
        .delete(url)
        .bearer_auth(VAPI_API_KEY)
        .json(&json!({}));
    assert!(deletion.send().await.unwrap().status().is_success());
    fixture.tick_after(6).await;
    assert_eq!(fixture.questions(&id).await, 1);
    assert_eq!(
        fixture.call("outcome, report_due_at, reported_at").await,
        json!({ "outcome": "failed", "report_due_at": null, "reported_at": null })
    );
    // The attempt is another matter: it ends when nobody can be talking any more.
    for _ in 0..3 {
        fixture.tick_after(6).await;
    }
    assert_eq!(fixture.call("report_asks").await["report_asks"], 1);
    assert_eq!(fixture.calling.attempts("status").await[0]["status"], "ended");
    assert_eq!(fixture.call("outcome").await["outcome"], "failed");
}

#[tokio::test]
async fn vapi_down_costs_no_question() {
    let fixture = Fixture::start().await;
    let id = fixture.ended_without_a_word().await;
    let down = json!({ "api": { "status": 503 }, "call_seconds": 1, "speed": 100 });
    fixture.test.set_behaviour(down).await;
    for _ in 0..12 {
        fixture.tick_after(6).await;
    }
    assert_eq!(fixture.call("report_asks").await["report_asks"], 0);
    fixture.test.set_behaviour(json!({})).await;
    fixture.tick_after(6).await;
    assert_eq!(fixture.call("outcome").await["outcome"], "answered");
    assert!(fixture.questions(&id).await > 1);
}

#[tokio::test]
async fn a_call_that_goes_on_at_vapi_is_asked_about_at_growing_distances_and_not_for_ever() {
    let fixture = Fixture::start().await;
    let (_, body) = fixture.queued().await;
    let long = json!({ "outcomes": { "answered": 1 }, "call_seconds": 80_000 });
    fixture.test.set_behaviour(long).await;
    fixture.dial(&body).await;
    let id = fixture.calling.attempts("vapi_call_id").await[0]["vapi_call_id"].clone();
    let id = id.as_str().unwrap();
    let signal = json!({ "status": { "status": "ended", "ended_reason": "customer-ended-call" } });
    fixture.tell(id, "status-update", signal).await;
    fixture.tick_after(6).await;
    fixture.tick_after(6).await;
    assert_eq!(fixture.questions(id).await, 1);
    for _ in 0..12 {
        fixture.tick_after(8 * 24 * 60).await;
    }
    assert_eq!(fixture.questions(id).await, 8);
    assert_eq!(fixture.call("outcome").await["outcome"], "answered");
}
