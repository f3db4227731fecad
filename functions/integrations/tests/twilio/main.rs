//! The routes of `/integrations/twilio`, on the real database, the emulator's Secrets Manager and stand-ins of Twilio and Vapi.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod connect;
mod failures;
mod messages;
mod read_and_remove;
mod rotation;

use serde_json::{Value, json};
use testkit::{Client, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER, TestApp, TestOrganization};
use zencall::adapters::twilio::{Keyring, TwilioCredentials, secret};

const PATH: &str = "/api/v1/integrations/twilio";
const OTHER_TOKEN: &str = "fedcba9876543210fedcba9876543210";
/// A second number that automated calls may present.
const OTHER_NUMBER: &str = "+33948000002";
/// A landline, which they may not.
const LANDLINE: &str = "+33199001234";

/// What an administrator sends to connect the stand-in's account.
fn account() -> Value {
    json!({
        "account_sid": TWILIO_ACCOUNT_SID,
        "auth_token": TWILIO_AUTH_TOKEN,
        "phone_number": TWILIO_NUMBER,
    })
}

fn account_with(changes: Value) -> Value {
    let mut body = account();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

struct Tenant {
    test: TestApp,
    organization: TestOrganization,
    admin: Client,
}

impl Tenant {
    async fn start() -> Self {
        Self::on(TestApp::start().await).await
    }

    async fn on(test: TestApp) -> Self {
        let organization = test.organization().await;
        let admin = organization.admin(test.serving(integrations::routes())).await;
        Self {
            test,
            organization,
            admin,
        }
    }

    async fn secret(&self) -> Option<TwilioCredentials> {
        let app = &self.test.app;
        secret::load(app.secrets().await, &app.config.stage, self.organization.id)
            .await
            .unwrap()
    }

    /// The secret with the token before.
    async fn keyring(&self) -> Keyring {
        let app = &self.test.app;
        let keyring = secret::load_keyring(app.secrets().await, &app.config.stage, self.organization.id);
        keyring.await.unwrap().unwrap()
    }

    async fn row(&self) -> Value {
        let sql = "select * from organizations where id = $1";
        self.organization
            .rows(sql, &[&self.organization.id])
            .await
            .remove(0)
    }

    async fn audit(&self) -> Vec<Value> {
        self.organization
            .rows("select action, details from gdpr_audit_logs order by id", &[])
            .await
    }

    /// The numbers that Vapi's stand-in has.
    async fn imports(&self) -> Vec<Value> {
        let request = zencall::adapters::http_client()
            .get(format!("{}/phone-number", self.test.app.config.vapi_api_url))
            .bearer_auth(testkit::VAPI_API_KEY);
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Changes the stand-in's account; what is left out stays.
    async fn change_account(&self, change: Value) {
        let url = format!(
            "{}/_control/twilio/accounts/{TWILIO_ACCOUNT_SID}",
            self.test.sandbox.url()
        );
        let reply = zencall::adapters::http_client()
            .put(url)
            .body(change.to_string())
            .send()
            .await
            .unwrap();
        assert!(reply.status().is_success());
    }

    /// Nothing of a connection is anywhere.
    async fn expect_nothing(&self) {
        let row = self.row().await;
        assert_eq!(row["twilio_configured"], false);
        for column in [
            "twilio_account_sid",
            "twilio_phone_number",
            "vapi_phone_number_id",
            "twilio_change_until",
        ] {
            assert_eq!(row[column], Value::Null, "{column}");
        }
        assert!(self.secret().await.is_none());
        assert!(self.imports().await.is_empty());
        assert!(self.audit().await.is_empty());
    }
}
