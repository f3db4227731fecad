//! Sending: once, whatever goes wrong on the way.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod lost_callbacks;
mod once;
mod people;
mod refusals;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use serde_json::{Value, json};
use testkit::{
    Client, QueueKind, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER, TestApp, TestOrganization,
};
use zencall::App;
use zencall::messages::sweep;
use zencall::worker::run_batch;

const RECIPIENT: &str = "+33639981234";
const NEW_TOKEN: &str = "fedcba9876543210fedcba9876543210";

struct Tenant {
    test: TestApp,
    organization: TestOrganization,
    member: Client,
}

impl Tenant {
    async fn start() -> Self {
        Self::on(TestApp::start().await).await
    }

    /// The same in a database of its own: a sweep looks after everybody, and would take what another test waits for.
    async fn alone() -> Self {
        Self::on(TestApp::alone().await).await
    }

    async fn on(test: TestApp) -> Self {
        let organization = test.organization().await;
        organization.connect_twilio().await;
        let member = organization.member(test.serving(messages::routes())).await;
        let tenant = Self {
            test,
            organization,
            member,
        };
        tenant.store_token(TWILIO_AUTH_TOKEN).await;
        // Callbacks go nowhere here.
        tenant.test.set_behaviour(json!({ "speed": 1000.0 })).await;
        tenant
    }

    async fn store_token(&self, token: &str) {
        self.store(TWILIO_ACCOUNT_SID, token).await;
    }

    async fn store(&self, account: &str, token: &str) {
        self.organization.store_twilio_credentials(account, token).await;
    }

    /// Takes a message and returns its id.
    async fn take(&self, body: &str) -> String {
        let request = json!({ "to": RECIPIENT, "body": body });
        let reply = self.member.post("/api/v1/messages", request).await.expect(202);
        reply.json()["message"]["id"].as_str().unwrap().to_owned()
    }

    async fn read(&self, id: &str) -> Value {
        let path = format!("/api/v1/messages/{id}");
        self.member.get(&path).await.expect(200).json()["message"].clone()
    }

    /// Hands everything on the queue to the function; returns how many messages went back.
    async fn deliver(&self) -> usize {
        let queued = self.test.queues.take(QueueKind::Messages).await;
        handle(&self.test.app, &queued).await
    }

    /// What the stand-in was asked to send.
    async fn posts(&self) -> Vec<Value> {
        let requests = self.test.provider_requests("twilio").await;
        requests
            .into_iter()
            .filter(|request| request["method"] == "POST")
            .collect()
    }

    /// The messages that Twilio has.
    async fn at_twilio(&self) -> Vec<Value> {
        let url = format!(
            "{}/2010-04-01/Accounts/{TWILIO_ACCOUNT_SID}/Messages.json",
            self.test.app.config.twilio_api_url
        );
        let request = zencall::adapters::http_client()
            .get(url)
            .basic_auth(TWILIO_ACCOUNT_SID, Some(TWILIO_AUTH_TOKEN));
        let text = request.send().await.unwrap().text().await.unwrap();
        let page: Value = serde_json::from_str(&text).unwrap();
        page["messages"].as_array().unwrap().clone()
    }

    /// Lets the quarantine of unknown outcomes pass.
    async fn wait_out_the_quarantine(&self) {
        let sql = "update messages set sending_at = sending_at - interval '3 minutes',
                                       queued_at = queued_at - interval '3 minutes'";
        self.organization.sql(sql, &[]).await;
    }

    async fn sweep(&self) {
        sweep::sweep(&self.test.app, self.test.app.clock.now())
            .await
            .unwrap();
    }
}

async fn handle(app: &App, bodies: &[Value]) -> usize {
    let mut batch = SqsEvent::default();
    for (index, body) in bodies.iter().enumerate() {
        let mut message = SqsMessage::default();
        message.message_id = Some(index.to_string());
        message.body = Some(body.to_string());
        batch.records.push(message);
    }
    let response = run_batch(app, batch, &message_sender::handle).await;
    response.batch_item_failures.len()
}
