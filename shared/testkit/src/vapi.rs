//! Organisations that can really call: what Vapi's stand-in must know of them, and what it was asked.

use serde_json::{Value, json};
use zencall::kernel::ids::{AssistantId, CampaignId};

use crate::{TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER, TestApp, TestOrganization, VAPI_API_KEY};

/// An organisation with an assistant and a number that Vapi's stand-in knows.
pub struct CallingOrganization {
    /// The organisation.
    pub organization: TestOrganization,
    /// Its assistant.
    pub assistant: AssistantId,
}

impl CallingOrganization {
    /// A fresh one. Its assistant tells nobody anything: a test that wants webhooks says where to.
    pub async fn create(test: &TestApp) -> Self {
        let organization = test.organization().await;
        organization.connect_twilio().await;
        let assistant = organization.assistant().await;
        let created = create(test, "/assistant", json!({ "name": "Accueil", "serverMessages": [] })).await;
        organization
            .sql(
                "update assistants set vapi_assistant_id = $2 where id = $1",
                &[&assistant, &created],
            )
            .await;
        let number = json!({
            "provider": "twilio",
            "number": TWILIO_NUMBER,
            "twilioAccountSid": TWILIO_ACCOUNT_SID,
            "twilioAuthToken": TWILIO_AUTH_TOKEN,
            "smsEnabled": false,
        });
        let imported = create(test, "/phone-number", number).await;
        organization
            .sql(
                "update organizations set vapi_phone_number_id = $2 where id = $1",
                &[&organization.id, &imported],
            )
            .await;
        Self {
            organization,
            assistant,
        }
    }

    /// A draft `service` campaign that may call at any hour, with this many contacts.
    pub async fn campaign(&self, contacts: u16) -> CampaignId {
        let contacts = self.organization.contacts(contacts).await;
        self.organization.campaign(self.assistant, &contacts).await
    }
}

/// Creates something at Vapi's stand-in and returns its id.
async fn create(test: &TestApp, path: &str, body: Value) -> String {
    let client = zencall::adapters::http_client();
    let url = format!("{}/vapi{path}", test.sandbox.url());
    let answer = client.post(url).bearer_auth(VAPI_API_KEY).json(&body).send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{path} answered {status}: {text}");
    let created: Value = serde_json::from_str(&text).unwrap();
    created["id"].as_str().unwrap().to_owned()
}

impl TestApp {
    /// How often Vapi was asked to place a call, whatever it answered.
    pub async fn call_requests(&self) -> usize {
        let asked = self.provider_requests("vapi").await;
        asked
            .iter()
            .filter(|request| request["method"] == "POST" && request["path"].as_str().unwrap().ends_with("/call"))
            .count()
    }
}
