//! `/appointments`: who sees them, who changes them, and what follows.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod calendar;
mod change;
mod list;

use serde_json::{Value, json};
use testkit::{Client, Options, TestApp, TestOrganization};
use zencall::kernel::ids::AppointmentId;

const PATH: &str = "/api/v1/appointments";
const NOW: &str = "2026-11-23T09:00:00Z";
const PHONE: &str = "+33639980001";

struct Tenant {
    test: TestApp,
    organization: TestOrganization,
    member: Client,
}

impl Tenant {
    async fn start() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        let test = TestApp::with(Options {
            held_at: Some(NOW.parse().unwrap()),
            ..options
        })
        .await;
        let organization = test.organization().await;
        organization.connect_twilio().await;
        let member = organization.member(test.serving(calls::routes())).await;
        Self {
            test,
            organization,
            member,
        }
    }

    /// An appointment of half an hour in the organisation's own calendar.
    async fn appointment(&self, starts_at: &str) -> String {
        let id = AppointmentId::new(&self.test.app.clock);
        self.organization
            .sql(
                "insert into appointments (id, organization_id, calendar_id, status, starts_at, ends_at, timezone, language,
                                           name, phone, notes, created_at, updated_at)
                 values ($1, $2, $2, 'scheduled', $3::text::timestamptz, $3::text::timestamptz + interval '30 minutes',
                         'Europe/Paris', 'fr', 'Zoé Müller', $4, 'Devis; urgent', now(), now())",
                &[&id, &self.organization.id, &starts_at, &PHONE],
            )
            .await;
        self.organization
            .sql(
                "insert into appointment_slots (organization_id, calendar_id, at, appointment_id)
                 select $1, $1, step, $2
                   from generate_series($3::text::timestamptz, $3::text::timestamptz + interval '25 minutes', '5 minutes') step",
                &[&self.organization.id, &id, &starts_at],
            )
            .await;
        id.to_string()
    }

    async fn patch(&self, id: &str, change: Value) -> testkit::Reply {
        self.member.patch(&format!("{PATH}/{id}"), change).await
    }

    async fn texts(&self) -> Vec<String> {
        let rows = self
            .organization
            .rows("select body from messages order by created_at, id", &[])
            .await;
        rows.iter()
            .map(|row| row["body"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn slots(&self) -> usize {
        self.organization
            .rows("select at from appointment_slots", &[])
            .await
            .len()
    }

    async fn audit(&self) -> Vec<String> {
        let sql = "select action, user_id from gdpr_audit_logs order by action";
        let rows = self.organization.rows(sql, &[]).await;
        rows.iter()
            .map(|row| row["action"].as_str().unwrap().to_owned())
            .collect()
    }
}
