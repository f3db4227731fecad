//! Budgets: what a call may cost at most is set aside before it is dialled, and settled when its cost is known.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::QueueKind;
use zencall::campaigns::end::{AttemptEnd, attempt_ended};
use zencall::campaigns::{Step, lifecycle, release, start};
use zencall::db::{Claims, DbError};
use zencall::kernel::ended_reason::{Action, Outcome};
use zencall::kernel::ids::{AttemptId, CampaignId};

use crate::Fixture;

impl Fixture {
    /// A running campaign with room for many calls, of which each may cost three dollars, and its budget.
    async fn with_budget(&self, contacts: u16, budget: i64) -> CampaignId {
        let campaign = self.calling.campaign(contacts).await;
        self.calling
            .organization
            .sql("update assistants set max_duration_seconds = 600", &[])
            .await;
        self.calling
            .organization
            .sql(
                "update campaigns set concurrent_calls = 5, max_cost = $1",
                &[&rust_decimal::Decimal::from(budget)],
            )
            .await;
        start::start(&self.test.app, &self.calling.organization.caller(), campaign)
            .await
            .unwrap();
        campaign
    }

    async fn dial_queued(&self) -> usize {
        let messages = self.test.queues.take(QueueKind::Calls).await;
        for body in &messages {
            self.dial(body).await;
        }
        messages.len()
    }

    async fn end_all(&self, outcome: Outcome) {
        for attempt in self.calling.attempts("id, status").await {
            if attempt["status"] == "in_call" {
                self.end(&attempt["id"], outcome).await;
            }
        }
    }

    /// The call ends; its cost is not told yet.
    async fn end(&self, attempt: &Value, outcome: Outcome) {
        let app = &self.test.app;
        let end = &AttemptEnd {
            attempt: AttemptId::parse(attempt.as_str().unwrap()).unwrap(),
            outcome,
            action: Action::None,
            was_answered: true,
            at: app.clock.now(),
        };
        let claims = Claims::platform(self.calling.organization.id);
        let ended: Result<_, DbError> = app
            .db
            .write("test.end", &claims, async |tx| attempt_ended(tx, app, end).await)
            .await;
        ended.unwrap();
    }

    /// A report tells what the calls that have ended cost.
    async fn report_cost(&self, cost: &str) {
        self.calling
            .organization
            .sql(
                "update calls c set cost = $1::text::numeric
                  where exists (select from call_attempts a where a.id = c.id and a.status = 'ended')",
                &[&cost],
            )
            .await;
    }

    async fn open(&self) -> usize {
        let rows = self.calling.attempts("status").await;
        rows.iter()
            .filter(|row| row["status"] == "queued" || row["status"] == "in_call")
            .count()
    }

    async fn release(&self) -> usize {
        release::release(&self.test.app, self.calling.organization.id)
            .await
            .unwrap()
    }

    async fn spent(&self) -> Value {
        let sql = "select coalesce(sum(spent), 0)::text as spent from campaign_accounts";
        self.calling.organization.rows(sql, &[]).await[0]["spent"].clone()
    }
}

#[tokio::test]
async fn ten_dollars_hold_three_calls_of_three_dollars_and_settle_on_the_report() {
    //
    let fixture = Fixture::start().await;
    let campaign = fixture.with_budget(8, 10).await;

    assert_eq!(fixture.dial_queued().await, 3);
    assert_eq!(
        fixture.release().await,
        0,
        "a dollar is left, and a call may cost three"
    );
    assert_eq!(fixture.calling.campaign_row().await["status"], "running");

    // Ended, and the cost is not known: what was set aside is kept.
    fixture.end_all(Outcome::Answered).await;
    assert_eq!(fixture.release().await, 0);
    assert_eq!(
        fixture.calling.campaign_row().await["status"],
        "running",
        "reports are on their way"
    );

    // Half a dollar each: 8.50 are left, room for two; the same report again changes nothing.
    fixture.report_cost("0.5").await;
    fixture.report_cost("0.5").await;
    assert_eq!(fixture.spent().await, "1.5000");
    assert_eq!(fixture.release().await, 2);
    assert_eq!(fixture.dial_queued().await, 2);

    // Dearer than it was thought: the difference is booked, and nothing more is called.
    fixture.end_all(Outcome::Answered).await;
    fixture.report_cost("2").await;
    assert_eq!(fixture.spent().await, "10.0000");
    assert_eq!(fixture.release().await, 0);
    let paused = fixture.calling.campaign_row().await;
    assert_eq!(
        (paused["status"].as_str(), paused["pause_reason"].as_str()),
        (Some("paused"), Some("budget_exhausted"))
    );
    let waiting = "select count(*) as waiting from campaign_contacts where status = 'pending'";
    let waiting = fixture.calling.organization.rows(waiting, &[]).await;
    assert_eq!(waiting, [json!({ "waiting": 3 })], "nobody lost a turn");

    // More money, and it goes on.
    fixture
        .calling
        .organization
        .sql("update campaigns set max_cost = 16", &[])
        .await;
    let caller = fixture.calling.organization.caller();
    lifecycle::take(&fixture.test.app, &caller, campaign, Step::Resume)
        .await
        .unwrap();
    assert_eq!(fixture.open().await, 2);
}

#[tokio::test]
async fn a_cost_that_nobody_knows_keeps_what_was_set_aside() {
    let fixture = Fixture::start().await;
    fixture.with_budget(3, 3).await;
    assert_eq!(fixture.dial_queued().await, 1);
    fixture.end_all(Outcome::Answered).await;

    fixture.test.app.clock.advance(SignedDuration::from_mins(31));

    assert_eq!(fixture.release().await, 0);
    let paused = fixture.calling.campaign_row().await;
    assert_eq!(paused["pause_reason"], "budget_exhausted", "{paused}");
    assert_eq!(fixture.spent().await, "0");
}

#[tokio::test]
async fn an_attempt_that_was_given_back_costs_nothing() {
    let fixture = Fixture::start().await;
    let campaign = fixture.with_budget(3, 3).await;
    let caller = fixture.calling.organization.caller();
    for step in [Step::Pause, Step::Resume] {
        lifecycle::take(&fixture.test.app, &caller, campaign, step)
            .await
            .unwrap();
    }
    assert_eq!(fixture.open().await, 1, "queued anew");
}

/// Rows that one transaction read or wrote, as the database counts them.
const TOUCHED: &str = "select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) + n_tup_ins + n_tup_upd + n_tup_del)::bigint
                         from pg_stat_xact_user_tables";

#[tokio::test]
async fn the_end_of_a_call_touches_as_many_rows_whatever_the_size_of_its_campaign() {
    let mut measured = Vec::new();
    for more in [0, 20_000] {
        let fixture = Fixture::start().await;
        let organization = &fixture.calling.organization;
        let campaign = fixture.with_budget(5, 1_000).await;
        organization
            .sql(
                "with made as (
                   insert into contacts (id, organization_id, phone, created_at, updated_at)
                   select gen_random_uuid(), $1, '+3361' || lpad(n::text, 7, '0'), now(), now()
                     from generate_series(1, $3) n
                   returning id), asked as (
                   insert into campaign_contacts (organization_id, campaign_id, contact_id, status, last_outcome, due_at,
                                                  created_at, updated_at)
                   select $1, $2, id, 'completed', 'answered', now(), now(), now() from made)
                 insert into calls (id, organization_id, campaign_id, contact_id, direction, status, outcome, cost, created_at,
                                    updated_at)
                 select id, $1, $2, null, 'outbound', 'ended', 'answered', 0.01, now(), now() from made",
                &[&organization.id, &campaign, &more],
            )
            .await;
        organization.sql("select 1", &[]).await;
        assert_eq!(fixture.dial_queued().await, 5);
        let attempts = fixture.calling.attempts("id").await;
        let app = &fixture.test.app;
        let claims = &Claims::platform(organization.id);
        let mut touched = Vec::new();
        for attempt in &attempts {
            let id = AttemptId::parse(attempt["id"].as_str().unwrap()).unwrap();
            let end = &AttemptEnd {
                attempt: id,
                outcome: Outcome::Answered,
                action: Action::None,
                was_answered: true,
                at: app.clock.now(),
            };
            let rows: Result<i64, DbError> = app
                .db
                .write("test.end", claims, async |tx| {
                    attempt_ended(tx, app, end).await?;
                    tx.execute(
                        "-- test.report\n update calls set cost = 0.5 where id = $1",
                        &[&id],
                    )
                    .await?;
                    let row = tx.query_one(TOUCHED, &[]).await?;
                    row.try_get(0).map_err(DbError::Statement)
                })
                .await;
            touched.push(rows.unwrap());
        }
        // The first of them may look at tables that nobody has looked at before.
        measured.push(touched.into_iter().min().unwrap());
    }
    let [small, large] = measured[..] else {
        panic!("{measured:?}")
    };
    assert!(small > 0 && large * 100 <= small * 105, "{measured:?}");
}
