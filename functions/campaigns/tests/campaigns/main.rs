//! The routes of campaigns, through the real router and the real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod change;
mod contacts;
mod create;
mod dossier;
mod forecast;
mod report;
mod steps;
mod strangers;

use serde_json::{Value, json};
use testkit::{Client, TestApp, TestOrganization};
use zencall::kernel::ids::AssistantId;

const PATH: &str = "/api/v1/campaigns";

struct Fixture {
    test: TestApp,
    organization: TestOrganization,
    assistant: AssistantId,
    member: Client,
}

impl Fixture {
    async fn start() -> Self {
        Self::on(TestApp::start().await).await
    }

    async fn on(test: TestApp) -> Self {
        let organization = test.organization().await;
        let assistant = organization.assistant().await;
        let member = organization.member(test.serving(campaigns::routes())).await;
        Self {
            test,
            organization,
            assistant,
            member,
        }
    }

    /// What must be said to make a campaign, and no more.
    fn least(&self) -> Value {
        json!({
            "name": "Rappels de novembre",
            "assistant_id": self.assistant,
            "object": "votre rendez-vous",
            "legal_basis": "service",
        })
    }

    fn least_with(&self, more: Value) -> Value {
        let mut body = self.least();
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    }

    async fn make(&self, body: Value) -> Value {
        self.member.post(PATH, body).await.expect(201).json()["campaign"].clone()
    }

    async fn set_status(&self, status: &str) {
        self.organization
            .sql("update campaigns set status = $1", &[&status])
            .await;
    }

    async fn actions(&self) -> Vec<Value> {
        let rows = self
            .organization
            .rows("select action from gdpr_audit_logs order by id", &[])
            .await;
        rows.into_iter().map(|row| row["action"].clone()).collect()
    }
}

fn path(campaign: &Value) -> String {
    format!("{PATH}/{}", campaign["id"].as_str().unwrap())
}
