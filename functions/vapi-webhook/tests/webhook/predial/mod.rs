//! `campaign.predial`: Vapi asks before it dials. The gate answers, and whatever goes wrong is a no.

mod outages;
mod people;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{Options, TestApp, TestOrganization};
use zencall::consents::Consent;
use zencall::kernel::ids::{AssistantId, CampaignId, ContactId};

use crate::send;

/// A Tuesday at ten in Paris.
const NOW: &str = "2026-11-24T09:30:00Z";
const PERSON: &str = "+33639980000";

/// A running campaign that waits to call one person.
struct Fixture {
    test: TestApp,
    organization: TestOrganization,
    assistant: AssistantId,
    campaign: CampaignId,
}

impl Fixture {
    async fn start() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        let held_at = Some(NOW.parse().unwrap());
        let test = TestApp::with(Options { held_at, ..options }).await;
        let organization = test.organization().await;
        organization.connect_twilio().await;
        let assistant = organization.assistant().await;
        let contacts = organization.contacts(1).await;
        let campaign = organization.campaign(assistant, &contacts).await;
        organization
            .sql("update campaigns set status = 'running'", &[])
            .await;
        Self {
            test,
            organization,
            assistant,
            campaign,
        }
    }

    /// The campaign calls consumers, who must have agreed to it.
    async fn canvass(&self) {
        self.organization
            .sql(
                "update campaigns set legal_basis = 'consent', max_attempts = 10",
                &[],
            )
            .await;
        self.organization
            .sql("update contacts set postal_code = '75001'", &[])
            .await;
    }

    /// The person agrees to it.
    async fn agree(&self) -> Consent {
        let collected_at = "2026-11-01T09:00:00Z".parse().unwrap();
        let new = testkit::consent(
            testkit::advertiser("Agence", None),
            "votre rendez-vous",
            collected_at,
        );
        let contact = self.organization.rows("select id from contacts", &[]).await[0]["id"].clone();
        let contact = ContactId::parse(contact.as_str().unwrap()).unwrap();
        self.organization.record_consent(contact, &new).await
    }

    fn question(&self) -> Value {
        json!({
            "type": "campaign.predial",
            "campaignId": "4d8f2a10-93b1-4a37-8a0e-6a7d5a1f9b03",
            "contact": {
                "id": "b1f7c2de-0a55-4c6e-9a3a-3d2f7d1e8c04", "campaignId": "4d8f2a10-93b1-4a37-8a0e-6a7d5a1f9b03",
                "orgId": "o", "number": PERSON, "createdAt": "2026-11-24T08:00:00.000Z",
            },
            "assistant": {
                "metadata": { "organization_id": self.organization.id, "assistant_id": self.assistant },
            },
        })
    }

    async fn eligible(&self, question: Value) -> bool {
        let answer = send(&self.test, json!({ "message": question }).to_string()).await;
        let answer = answer.expect(200).json();
        assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
        answer["eligible"].as_bool().unwrap()
    }

    async fn decisions(&self) -> Vec<Value> {
        let sql = "select allowed, code, stage, inputs from gate_decisions order by decided_at, id";
        self.organization.rows(sql, &[]).await
    }

    async fn let_the_delay_pass(&self) {
        let sql = "update campaign_contacts set due_at = $1";
        self.organization.sql(sql, &[&self.test.app.clock.now()]).await;
    }

    async fn attempts(&self) -> Value {
        let sql = "select attempts from campaign_contacts";
        self.organization.rows(sql, &[]).await[0]["attempts"].clone()
    }
}
