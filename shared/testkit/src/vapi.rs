//! Organisations that can really call: what Vapi's stand-in must know of them, and what it was asked.

use serde_json::{Value, json};
use zencall::campaigns::start;
use zencall::kernel::ids::{AssistantId, CampaignId};
use zencall::worker::Message;

use crate::{
    QueueKind, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER, TestApp, TestOrganization, VAPI_API_KEY,
};

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
        let created = create(
            test,
            "/assistant",
            json!({ "name": "Accueil", "serverMessages": [] }),
        )
        .await;
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

    /// The same, running, with its first calls on the queue; returns their messages too.
    pub async fn running(&self, test: &TestApp, contacts: u16) -> (CampaignId, Vec<Value>) {
        let campaign = self.campaign(contacts).await;
        start::start(&test.app, &self.organization.caller(), campaign)
            .await
            .unwrap();
        (campaign, test.queues.take(QueueKind::Calls).await)
    }

    /// The columns `select` of every attempt, oldest first.
    pub async fn attempts(&self, columns: &str) -> Vec<Value> {
        let sql = format!("select {columns} from call_attempts order by queued_at, id");
        self.organization.rows(&sql, &[]).await
    }

    /// Where the only contact of the only campaign stands.
    pub async fn contact(&self) -> Value {
        let mut rows = self
            .organization
            .rows("select * from campaign_contacts", &[])
            .await;
        assert_eq!(rows.len(), 1);
        rows.remove(0)
    }

    /// A column of the only campaign.
    pub async fn campaign_row(&self) -> Value {
        self.organization
            .rows("select * from campaigns", &[])
            .await
            .remove(0)
    }

    /// How many slots of the platform this organisation holds.
    pub async fn slots(&self, test: &TestApp) -> i64 {
        let sql = "select coalesce(sum(leases), 0) as leases from zencall.live_leases($1)";
        let rows = self.organization.rows(sql, &[&test.app.clock.now()]).await;
        rows[0]["leases"].as_i64().unwrap()
    }
}

/// A message as a queue hands it over.
pub fn message(body: &Value) -> Message {
    Message {
        id: "message".to_owned(),
        body: body.to_string(),
        receive_count: 1,
        sent_at: None,
    }
}

/// Creates something at Vapi's stand-in and returns its id.
async fn create(test: &TestApp, path: &str, body: Value) -> String {
    let client = zencall::adapters::http_client();
    let url = format!("{}/vapi{path}", test.sandbox.url());
    let answer = client
        .post(url)
        .bearer_auth(VAPI_API_KEY)
        .json(&body)
        .send()
        .await
        .unwrap();
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
            .filter(|request| {
                request["method"] == "POST" && request["path"].as_str().unwrap().ends_with("/call")
            })
            .count()
    }
}
