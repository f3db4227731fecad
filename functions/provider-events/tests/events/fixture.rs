//! A call under way, and Vapi's messages about it.

use std::sync::atomic::{AtomicU16, Ordering};

use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::{TestApp, TestOrganization, VAPI_WEBHOOK_SECRET};
use uuid::Uuid;
use zencall::App;
use zencall::adapters::vapi::webhook::{self, Projection, Proofs};
use zencall::kernel::ids::{AssistantId, AttemptId, CampaignId, ContactId};
use zencall::worker::{Message, NotHandled};

/// How many people were called so far.
static NUMBERS: AtomicU16 = AtomicU16::new(0);

/// An attempt whose call was just handed to Vapi; its answer has not come yet.
pub(crate) struct Dialled {
    pub(crate) app: App,
    pub(crate) organization: TestOrganization,
    pub(crate) assistant: AssistantId,
    pub(crate) vapi_assistant_id: String,
    pub(crate) campaign: CampaignId,
    pub(crate) contact: ContactId,
    pub(crate) attempt: AttemptId,
    pub(crate) vapi_call_id: String,
    /// When the attempt was queued.
    pub(crate) at: Timestamp,
}

impl Dialled {
    pub(crate) async fn new(test: &TestApp) -> Self {
        let organization = test.organization().await;
        Self::of(test, &organization).await
    }

    pub(crate) async fn of(test: &TestApp, organization: &TestOrganization) -> Self {
        let app = test.app.clone();
        let assistant = organization.assistant().await;
        // Another one each time: one organisation has a number once.
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed) % 10_000;
        let contact = organization.contact(&format!("+3363998{number:04}")).await;
        let campaign = organization.campaign(assistant, &[contact]).await;
        let attempt = AttemptId::new(&app.clock);
        let now = app.clock.now();
        let at = Timestamp::from_millisecond(now.as_millisecond()).unwrap();
        organization
            .sql(
                "update campaigns set status = 'running' where id = $1",
                &[&campaign],
            )
            .await;
        organization
            .sql(
                "update campaign_contacts set status = 'active', attempts = 1, tries = 1 where campaign_id = $1",
                &[&campaign],
            )
            .await;
        organization
            .sql(
                "insert into call_attempts (id, organization_id, campaign_id, contact_id, assistant_id, number, status,
                                            queued_at, dialing_at)
                 values ($1, $2, $3, $4, $5, 1, 'dialing', $6, $6)",
                &[&attempt, &organization.id, &campaign, &contact, &assistant, &at],
            )
            .await;
        let rows = organization
            .rows(
                "select vapi_assistant_id from assistants where id = $1",
                &[&assistant],
            )
            .await;
        Self {
            app,
            organization: organization.clone(),
            assistant,
            vapi_assistant_id: rows[0]["vapi_assistant_id"].as_str().unwrap().to_owned(),
            campaign,
            contact,
            attempt,
            vapi_call_id: Uuid::from_bytes(test.app.clock.random_bytes()).to_string(),
            at,
        }
    }

    /// So many seconds after the attempt was queued.
    pub(crate) fn instant(&self, seconds: i64) -> Timestamp {
        self.at + SignedDuration::from_secs(seconds)
    }

    /// A message about the call, `seconds` after the attempt was queued. Somebody answered at 10.
    pub(crate) fn message(&self, kind: &str, seconds: i64, members: Value) -> Value {
        let mut message = json!({
            "type": kind,
            "timestamp": self.instant(seconds).as_millisecond(),
            "call": {
                "id": self.vapi_call_id, "type": "outboundPhoneCall", "createdAt": self.at.to_string(),
                "assistantId": self.vapi_assistant_id,
                "assistantOverrides": { "metadata": { "attempt_id": self.attempt.to_string() } },
            },
            "customer": { "number": "+33639980000", "externalId": self.attempt.to_string() },
        });
        if seconds >= 10 {
            message["call"]["startedAt"] = json!(self.instant(10).to_string());
        }
        for (name, value) in members.as_object().unwrap() {
            message[name] = value.clone();
        }
        message
    }

    pub(crate) fn status(&self, status: &str, seconds: i64) -> Value {
        self.message("status-update", seconds, json!({ "status": status }))
    }

    pub(crate) fn said(&self, role: &str, text: &str, seconds: i64) -> Value {
        let members = json!({ "role": role, "transcriptType": "final", "transcript": text });
        self.message("transcript", seconds, members)
    }

    pub(crate) fn ended(&self, reason: &str, seconds: i64) -> Value {
        self.message(
            "status-update",
            seconds,
            json!({ "status": "ended", "endedReason": reason }),
        )
    }

    /// The report of a call from 10 to 70.
    pub(crate) fn report(&self, reason: &str, members: Value) -> Value {
        let mut report = self.message(
            "end-of-call-report",
            75,
            json!({
                "endedReason": reason, "startedAt": self.instant(10).to_string(), "endedAt": self.instant(70).to_string(),
                "cost": 0.125, "artifact": {}, "analysis": { "summary": "Rendez-vous confirmé." },
            }),
        );
        for (name, value) in members.as_object().unwrap() {
            report[name] = value.clone();
        }
        report
    }

    pub(crate) async fn tell(&self, message: Value) {
        tell(&self.app, message).await.unwrap();
    }

    pub(crate) async fn call(&self) -> Value {
        let sql = "select * from calls where vapi_call_id = $1";
        let mut rows = self.organization.rows(sql, &[&self.vapi_call_id]).await;
        assert_eq!(rows.len(), 1);
        rows.remove(0)
    }

    pub(crate) async fn attempt(&self) -> Value {
        let sql = "select * from call_attempts where id = $1";
        self.organization.rows(sql, &[&self.attempt]).await.remove(0)
    }

    pub(crate) async fn campaign_contact(&self) -> Value {
        let sql = "select * from campaign_contacts where campaign_id = $1 and contact_id = $2";
        self.organization
            .rows(sql, &[&self.campaign, &self.contact])
            .await
            .remove(0)
    }

    pub(crate) async fn turns(&self) -> Vec<Value> {
        let sql = "select role, text from call_turns where call_id = $1 order by at, role";
        self.organization.rows(sql, &[&self.attempt]).await
    }

    pub(crate) async fn events(&self) -> Vec<Value> {
        let sql = "select kind, event, call_id from provider_events order by kind, dedupe_key";
        self.organization.rows(sql, &[]).await
    }
}

/// A message as it lies on the queue, proven and projected as the webhook does.
pub(crate) fn projected(message: Value, received_at: Timestamp) -> Projection {
    let mut headers = HeaderMap::new();
    let token = format!("Bearer {VAPI_WEBHOOK_SECRET}");
    headers.insert("authorization", HeaderValue::from_str(&token).unwrap());
    let secrets = [SecretString::from(VAPI_WEBHOOK_SECRET)];
    let body = json!({ "message": message }).to_string().into();
    let proven = webhook::verify(Proofs::of("test", None), &secrets, &headers, body, received_at).unwrap();
    proven.parse().unwrap().get().project(received_at)
}

/// Handles a message that comes now.
pub(crate) async fn tell(app: &App, message: Value) -> Result<(), NotHandled> {
    handle(app, &projected(message, app.clock.now())).await
}

/// Handles what lies on the queue.
pub(crate) async fn handle(app: &App, event: &Projection) -> Result<(), NotHandled> {
    handle_text(app, serde_json::to_string(event).unwrap()).await
}

/// Handles any text.
pub(crate) async fn handle_text(app: &App, body: String) -> Result<(), NotHandled> {
    let message = Message {
        id: "m".to_owned(),
        body,
        receive_count: 1,
        sent_at: None,
    };
    Box::pin(provider_events::handle(app, &message)).await
}
