//! `/gdpr/requests`, `/gdpr/consents` and `/legal`: who may, and what is answered.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cancel;
mod consents;
mod legal;
mod request_deletion;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use testkit::{Client, TestApp, TestOrganization};
use zencall::identity::NewPassword;

const REQUESTS: &str = "/api/v1/gdpr/requests";
const PASSWORD: &str = "correct horse battery staple";

struct Tenant {
    test: TestApp,
    organization: TestOrganization,
    admin: Client,
    member: Client,
}

impl Tenant {
    async fn start() -> Self {
        let test = TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await;
        let organization = test.organization().await;
        let hash = NewPassword::parse(PASSWORD, &[])
            .unwrap()
            .hash(&test.app.clock)
            .await
            .unwrap();
        for user in [organization.admin, organization.member] {
            organization
                .sql(
                    "insert into credentials (user_id, organization_id, password_hash, updated_at)
                     values ($1, $2, $3, $4)",
                    &[
                        &user,
                        &organization.id,
                        &hash.expose_secret(),
                        &test.app.clock.now(),
                    ],
                )
                .await;
        }
        let admin = organization.admin(test.serving(gdpr::routes())).await;
        let member = organization.member(test.serving(gdpr::routes())).await;
        Self {
            test,
            organization,
            admin,
            member,
        }
    }

    async fn actions(&self) -> Vec<String> {
        let entries = self
            .organization
            .rows("select action from gdpr_audit_logs order by created_at, id", &[])
            .await;
        entries
            .iter()
            .map(|entry| entry["action"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn deletion() -> Value {
    json!({ "request_type": "data_deletion", "password": PASSWORD })
}
