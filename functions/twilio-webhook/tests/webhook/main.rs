//! `/twilio/webhook`: who is believed, and what is kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod faults;
mod proofs;
mod secrets;
mod what_comes_in;

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::SecretString;
use serde_json::Value;
use sha1::Sha1;
use testkit::{
    Client, Options, QueueKind, Reply, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TestApp, TestOrganization,
};
use zencall::adapters::twilio::{AccountSid, TwilioCredentials, secret};

const OTHER_TOKEN: &str = "fedcba9876543210fedcba9876543210";

struct Door {
    test: TestApp,
    client: Client,
}

impl Door {
    async fn start() -> Self {
        Self::on(TestApp::start().await)
    }

    fn on(test: TestApp) -> Self {
        let client = Client::anonymous(test.serving(twilio_webhook::routes()));
        Self { test, client }
    }

    async fn tenant(&self) -> TestOrganization {
        let organization = self.test.organization().await;
        organization.connect_twilio().await;
        self.store(&organization, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN)
            .await;
        organization
    }

    async fn store(&self, organization: &TestOrganization, account: &str, token: &str) {
        organization.store_twilio_credentials(account, token).await;
    }

    /// Posts a form to `target` that was signed with `token` for `signed_for`.
    async fn post(&self, target: &str, signed_for: &str, token: &str, form: &[(&str, &str)]) -> Reply {
        let signature = sign(
            token,
            &format!("{}{signed_for}", self.test.app.config.twilio_webhook_url),
            form,
        );
        let request = Request::post(target)
            .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8")
            .header("x-twilio-signature", signature)
            .body(Body::from(encode(form)))
            .unwrap();
        self.client.request(request).await
    }

    async fn events(&self) -> Vec<Value> {
        self.test.queues.take(QueueKind::Events).await
    }
}

fn sign(token: &str, address: &str, form: &[(&str, &str)]) -> String {
    let mut sorted = form.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(address.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

fn encode(form: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        text.bytes().fold(String::new(), |mut escaped, byte| {
            match byte {
                b' ' => escaped.push('+'),
                byte if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
                byte => escaped.push_str(&format!("%{byte:02X}")),
            }
            escaped
        })
    };
    let pairs: Vec<_> = form
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect();
    pairs.join("&")
}

fn path(organization: &TestOrganization) -> String {
    format!("/api/v1/twilio/webhook/{}", organization.id)
}

const STATUS: [(&str, &str); 7] = [
    ("AccountSid", TWILIO_ACCOUNT_SID),
    ("ApiVersion", "2010-04-01"),
    ("ErrorCode", ""),
    ("From", "AGENCE"),
    ("MessageSid", "SM1"),
    ("MessageStatus", "delivered"),
    ("To", "+33639981234"),
];
