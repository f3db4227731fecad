//! What campaigns need beside their calls: a circuit breaker, a word to the administrators, the end of a window, and what a
//! cancellation leaves behind.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::QueueKind;
use zencall::campaigns::end::{AttemptEnd, attempt_ended};
use zencall::campaigns::upkeep::{self, CampaignMail};
use zencall::campaigns::{Step, lifecycle, release};
use zencall::db::{Claims, DbError};
use zencall::kernel::ended_reason::{Action, Outcome};
use zencall::kernel::ids::{AttemptId, CampaignId};

use crate::Fixture;
use crate::due::zone_at_noon;

impl Fixture {
    /// Dials what is queued, and lets each of these calls end like this.
    async fn call_all(&self, outcome: Outcome, action: Action) -> usize {
        for body in self.test.queues.take(QueueKind::Calls).await {
            self.dial(&body).await;
        }
        let app = &self.test.app;
        let claims = &Claims::platform(self.calling.organization.id);
        let attempts = self.calling.attempts("id, status").await;
        let open: Vec<_> = attempts
            .iter()
            .filter(|attempt| attempt["status"] == "in_call")
            .collect();
        for attempt in &open {
            let end = &AttemptEnd {
                attempt: AttemptId::parse(attempt["id"].as_str().unwrap()).unwrap(),
                outcome,
                action,
                was_answered: outcome == Outcome::Answered,
                at: app.clock.now(),
            };
            let ended: Result<_, DbError> = app
                .db
                .write("test.end", claims, async |tx| attempt_ended(tx, app, end).await)
                .await;
            ended.unwrap();
        }
        release::release(app, self.calling.organization.id).await.unwrap();
        open.len()
    }

    async fn stands(&self) -> (Value, Value, Value) {
        let row = self.calling.campaign_row().await;
        (
            row["status"].clone(),
            row["breaker"].clone(),
            row["pause_reason"].clone(),
        )
    }

    /// A campaign whose provider has failed ten times.
    async fn broken(&self) -> CampaignId {
        self.test
            .set_behaviour(json!({ "call_seconds": 80_000, "concurrency_limit": 100 }))
            .await;
        let (campaign, messages) = self.calling.running(&self.test, 14).await;
        assert_eq!(messages.len(), 5);
        for body in &messages {
            self.dial(body).await;
        }
        assert_eq!(self.call_all(Outcome::Failed, Action::Requeue).await, 5);
        assert_eq!(self.stands().await.0, "running", "five say nothing");
        assert_eq!(self.call_all(Outcome::Failed, Action::Requeue).await, 5);
        campaign
    }

    async fn queued_now(&self) -> usize {
        let attempts = self.calling.attempts("status").await;
        attempts
            .iter()
            .filter(|attempt| attempt["status"] == "queued")
            .count()
    }

    async fn mails(&self) -> Vec<Value> {
        self.test.queues.take(QueueKind::Mail).await
    }

    async fn look_after(&self) {
        upkeep::look_after(&self.test.app, self.calling.organization.id)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_campaign_whose_provider_fails_stops_tells_why_and_tries_one_call_alone() {
    //
    let fixture = Fixture::start().await;
    fixture
        .calling
        .organization
        .admin(fixture.test.serving(zencall::http::api()))
        .await;
    fixture.broken().await;
    let open = (json!("paused"), json!("open"), json!("provider_failures"));
    assert_eq!(fixture.stands().await, open);
    assert_eq!(fixture.queued_now().await, 0);

    // The administrators are told, once.
    fixture.look_after().await;
    fixture.look_after().await;
    let mails = fixture.mails().await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    let mail: CampaignMail = serde_json::from_value(mails[0].clone()).unwrap();
    let notice = upkeep::compose(&fixture.test.app, &mail).await.unwrap().unwrap();
    assert_eq!(notice.reason, "provider_failures");

    // One call alone, after a while; it fails, and nobody is told again.
    fixture.test.app.clock.advance(SignedDuration::from_mins(5));
    fixture
        .tick_until("one call is tried", async || fixture.queued_now().await == 1)
        .await;
    assert_eq!(fixture.stands().await.1, "half_open");
    assert_eq!(fixture.call_all(Outcome::Failed, Action::Requeue).await, 1);
    assert_eq!(fixture.stands().await, open);
    fixture.look_after().await;
    assert_eq!(fixture.queued_now().await, 0, "twice as long");
    assert_eq!(fixture.mails().await.len(), 0);

    // One more, which goes through: all follow.
    fixture.test.app.clock.advance(SignedDuration::from_mins(10));
    fixture
        .tick_until("one more is tried", async || fixture.queued_now().await == 1)
        .await;
    assert_eq!(fixture.call_all(Outcome::Answered, Action::None).await, 1);
    assert_eq!(
        fixture.stands().await,
        (json!("running"), json!("closed"), json!(null))
    );
    release::release(&fixture.test.app, fixture.calling.organization.id)
        .await
        .unwrap();
    assert!(fixture.queued_now().await > 1);
}

#[tokio::test]
async fn a_person_may_resume_it_or_leave_it_paused() {
    let fixture = Fixture::start().await;
    let campaign = fixture.broken().await;
    let (app, caller) = (&fixture.test.app, fixture.calling.organization.caller());

    lifecycle::take(app, &caller, campaign, Step::Pause)
        .await
        .unwrap();
    fixture.test.app.clock.advance(SignedDuration::from_hours(2));
    fixture.look_after().await;
    assert_eq!(
        fixture.stands().await,
        (json!("paused"), json!("closed"), json!(null))
    );

    lifecycle::take(app, &caller, campaign, Step::Resume)
        .await
        .unwrap();
    assert_eq!(fixture.stands().await.0, "running");
    assert_eq!(
        fixture.queued_now().await,
        5,
        "as before, and from here on it counts anew"
    );
}

#[tokio::test]
async fn a_call_that_waits_at_the_provider_when_its_window_ends_is_taken_back() {
    //
    let fixture = Fixture::start().await;
    let calling = &fixture.calling;
    fixture
        .test
        .set_behaviour(json!({ "call_seconds": 80_000, "concurrency_limit": 100 }))
        .await;
    let (zone, minute) = zone_at_noon(fixture.test.app.clock.now());
    let ends = format!("{:02}:{:02}", (minute + 10) / 60, (minute + 10) % 60);
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let windows = json!([{ "days": days, "start": "00:00", "end": ends }]);
    let campaign = calling.campaign(1).await;
    calling
        .organization
        .sql("update contacts set timezone = $1", &[&zone])
        .await;
    calling
        .organization
        .sql("update campaigns set call_windows = $1", &[&windows])
        .await;
    let caller = calling.organization.caller();
    zencall::campaigns::start::start(&fixture.test.app, &caller, campaign)
        .await
        .unwrap();
    fixture
        .dial(&fixture.test.queues.take(QueueKind::Calls).await[0])
        .await;
    let placed = fixture.test.placed_calls().await;
    assert_eq!(placed.len(), 1);

    // While its window is open it may wait.
    fixture.test.app.clock.advance(SignedDuration::from_mins(8));
    fixture.look_after().await;
    assert_eq!(calling.attempts("status").await, [json!({ "status": "in_call" })]);

    fixture.test.app.clock.advance(SignedDuration::from_mins(1));
    fixture
        .tick_until("the call is taken back", async || {
            calling.attempts("status").await[0]["status"] == "ended"
        })
        .await;

    let asked = fixture.test.provider_requests("vapi").await;
    let deleted = format!("/call/{}", placed[0]["id"].as_str().unwrap());
    let deletions = asked.iter().filter(|request| {
        request["method"] == "DELETE" && request["path"].as_str().unwrap().ends_with(&deleted)
    });
    assert_eq!(deletions.count(), 1);
    let contact = calling.contact().await;
    assert_eq!(
        (
            contact["status"].as_str(),
            contact["attempts"].as_i64(),
            contact["refusal_code"].as_str()
        ),
        (Some("waiting"), Some(0), Some("outside_hours")),
        "{contact}"
    );
    assert_eq!(calling.slots(&fixture.test).await, 0);
    assert_eq!(calling.campaign_row().await["status"], "running");
    assert_eq!(
        calling
            .organization
            .rows("select status, outcome from calls", &[])
            .await,
        [json!({ "status": "ended", "outcome": "cancelled" })]
    );
}

#[tokio::test]
async fn who_waits_in_a_cancelled_campaign_is_marked_by_and_by() {
    let fixture = Fixture::start().await;
    let (campaign, _) = fixture.calling.running(&fixture.test, 8).await;
    let caller = fixture.calling.organization.caller();
    let report = async || {
        let report = zencall::campaigns::report::report(&fixture.test.app, &caller, campaign)
            .await
            .unwrap();
        (
            report.total_contacts,
            report.cancelled,
            report.pending,
            report.completed,
        )
    };
    let left = "select count(*) as left from campaign_contacts where status <> 'cancelled'";

    lifecycle::take(&fixture.test.app, &caller, campaign, Step::Cancel)
        .await
        .unwrap();

    assert_eq!(report().await, (8, 8, 0, 8), "the report says it at once");
    let rows = async || fixture.calling.organization.rows(left, &[]).await;
    assert_eq!(rows().await, [json!({ "left": 8 })]);
    fixture
        .tick_until("they are marked", async || rows().await == [json!({ "left": 0 })])
        .await;
    assert_eq!(report().await, (8, 8, 0, 8));
    let row = fixture.calling.campaign_row().await;
    assert_eq!(
        (&row["is_closing"], &row["total_contacts"]),
        (&json!(false), &json!(8))
    );
}
