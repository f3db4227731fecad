//! The routes of `organization`, through the real router, database and queue.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api_keys;
mod audit_logs;
mod invitations;
mod members;
mod own;

use serde_json::Value;
use testkit::{Client, TestApp, TestOrganization};
use zencall::kernel::ids::UserId;

/// A tenant with an administrator and a member.
struct Tenant {
    test: TestApp,
    organization: TestOrganization,
    admin: Client,
    member: Client,
}

impl Tenant {
    async fn start() -> Self {
        Self::on(TestApp::start().await).await
    }

    async fn on(test: TestApp) -> Self {
        let organization = test.organization().await;
        let admin = organization.admin(test.serving(organization::routes())).await;
        let member = organization.member(test.serving(organization::routes())).await;
        Self {
            test,
            organization,
            admin,
            member,
        }
    }

    /// The administrator of another tenant.
    async fn stranger(&self) -> Client {
        let other = self.test.organization().await;
        other.admin(self.test.serving(organization::routes())).await
    }

    /// Makes the member an administrator, straight in the database, and logs them in.
    async fn second_admin(&self) -> Client {
        self.organization
            .sql(
                "update profiles set role = 'admin' where id = $1",
                &[&self.organization.member],
            )
            .await;
        let mut second = self.organization.clone();
        second.admin = second.member;
        second.admin(self.test.serving(organization::routes())).await
    }

    async fn role_of(&self, user: UserId) -> Option<String> {
        let rows = self
            .organization
            .rows("select role from profiles where id = $1", &[&user])
            .await;
        rows.first().map(|row| row["role"].as_str().unwrap().to_owned())
    }

    /// The entries of the audit log, oldest first.
    async fn entries(&self) -> Vec<Value> {
        self.organization
            .rows(
                "select action, user_id, details from gdpr_audit_logs order by created_at, id",
                &[],
            )
            .await
    }

    async fn actions(&self) -> Vec<String> {
        let entries = self.entries().await;
        entries
            .iter()
            .map(|entry| entry["action"].as_str().unwrap().to_owned())
            .collect()
    }
}
