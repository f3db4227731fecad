//! Starting a campaign: who may, when it may not be, once and for all, and as fast for a million contacts as for ten.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod refusals;
mod shares;
mod size;
mod starting;

use testkit::{CallingOrganization, Client, Reply, TestApp};
use zencall::kernel::ids::CampaignId;

const PATH: &str = "/api/v1/campaigns/start";

struct Fixture {
    test: TestApp,
    calling: CallingOrganization,
    admin: Client,
}

impl Fixture {
    async fn start() -> Self {
        Self::on(TestApp::alone().await).await
    }

    async fn on(test: TestApp) -> Self {
        let calling = CallingOrganization::create(&test).await;
        let admin = calling
            .organization
            .admin(test.serving(campaigns_start::routes()))
            .await;
        Self { test, calling, admin }
    }

    async fn start_campaign(&self, campaign: CampaignId) -> Reply {
        self.admin
            .post(PATH, serde_json::json!({ "campaign_id": campaign }))
            .await
    }
}
