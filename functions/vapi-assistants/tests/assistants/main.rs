//! The routes of assistants, on the real database and a stand-in of Vapi that refuses what its contract does not have.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod calls;
mod create;
mod delete;
mod key;
mod list;
mod sync;
mod update;

use serde_json::{Value, json};
use testkit::{Client, TestApp, TestOrganization, VAPI_API_KEY};

const PATH: &str = "/api/v1/vapi/assistants";
const ALIAS: &str = "/api/vapi/assistants";

struct Tenant {
    test: TestApp,
    organization: TestOrganization,
    member: Client,
}

impl Tenant {
    async fn start() -> Self {
        Self::on(TestApp::start().await).await
    }

    async fn on(test: TestApp) -> Self {
        let organization = test.organization().await;
        let member = organization.member(test.serving(vapi_assistants::routes())).await;
        Self {
            test,
            organization,
            member,
        }
    }

    /// Somebody of another organisation.
    async fn stranger(&self) -> Client {
        let other = self.test.organization().await;
        other.admin(self.test.serving(vapi_assistants::routes())).await
    }

    /// Makes an assistant and returns it.
    async fn make(&self, body: Value) -> Value {
        self.member.post(PATH, body).await.expect(201).json()["assistant"].clone()
    }

    /// Every assistant that Vapi's stand-in has.
    async fn at_vapi(&self) -> Vec<Value> {
        let request = zencall::adapters::http_client()
            .get(format!("{}/assistant", self.test.app.config.vapi_api_url))
            .bearer_auth(VAPI_API_KEY);
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    async fn audit(&self) -> Vec<String> {
        let entries = self
            .organization
            .rows("select action from gdpr_audit_logs order by id", &[])
            .await;
        entries.iter().map(|entry| text(&entry["action"])).collect()
    }

    /// Makes Vapi's stand-in fail; `{}` makes it work again.
    async fn vapi_fails(&self, api: Value) {
        self.test.set_behaviour(json!({ "api": api })).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn path(assistant: &Value) -> String {
    format!("{PATH}/{}", assistant["id"].as_str().unwrap())
}

fn minimal() -> Value {
    json!({ "name": "Accueil", "type": "rdv", "language": "fr" })
}
