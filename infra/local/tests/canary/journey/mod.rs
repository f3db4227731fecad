//! Everything that handles a secret, once as it should be and once as it should not.

mod accounts;
mod traffic;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use local::canary::Canaries;
use serde_json::{Value, json};
use sha1::Sha1;
use testkit::environment::token_keys;
use testkit::vapi::message;
use testkit::{Client, Environment, Options, QueueKind, Reply, TWILIO_NUMBER, TestApp};
use zencall::kernel::Clock;

/// A Twilio account of this run alone.
const ACCOUNT: &str = "AC0000000000000000000000000000ca0a";
const KEY_SID: &str = "SK0000000000000000000000000000ca0a";
const PATH: &str = "/api/v1/integrations/twilio";

/// Who goes through everything, and what was seen on the way.
pub(crate) struct Journey<'a> {
    test: &'a TestApp,
    secrets: Vec<(&'static str, String)>,
    answers: Vec<String>,
    queued: Vec<String>,
    organization: String,
    session: Value,
    assistant: String,
    email: String,
}

/// 32 hexadecimal characters that nobody else has.
fn hexadecimal() -> String {
    let bytes = Clock::system().random_bytes::<16>();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn value(what: &str) -> String {
    format!("CANARY-{what}-{}", hexadecimal())
}

/// A database and platform secrets of this run alone.
pub(crate) async fn options() -> Options {
    let environment = Environment::get().await;
    let pepper = environment
        .store_secret(&STANDARD.encode(Clock::system().random_bytes::<32>()))
        .await;
    let keys = environment
        .store_secret(&token_keys(&["canary"]).to_string())
        .await;
    let webhook = environment.store_secret(&value("webhook")).await;
    Options {
        alone: true,
        configure: Some(Box::new(|config| {
            (config.pepper_secret, config.token_keys_secret) = (pepper, keys);
            config.vapi_webhook_secret = webhook;
        })),
        ..Options::default()
    }
}

impl<'a> Journey<'a> {
    pub(crate) async fn begin(test: &'a TestApp) -> Self {
        let mut journey = Self {
            test,
            secrets: vec![
                ("the password", value("password")),
                ("a wrong password", value("wrong")),
                ("the Twilio token", hexadecimal()),
                ("the next Twilio token", hexadecimal()),
                ("a wrong Twilio token", hexadecimal()),
                ("the API key's secret", hexadecimal()),
                ("a wrong API key's secret", hexadecimal()),
                ("Vapi's key", testkit::VAPI_API_KEY.to_owned()),
                ("a wrong bearer", value("bearer")),
            ],
            answers: Vec::new(),
            queued: Vec::new(),
            organization: String::new(),
            session: Value::Null,
            assistant: String::new(),
            email: format!("canari.{}@exemple.fr", hexadecimal()),
        };
        let config = &test.app.config;
        for (name, secret) in [
            ("the pepper", &config.pepper_secret),
            ("the webhook's secret", &config.vapi_webhook_secret),
            ("the database's address", &config.database_secret),
        ] {
            let text = journey.stored(secret).await;
            let text = match text.rsplit_once('@') {
                // The password of the address is what is secret.
                Some((login, _)) => login.rsplit_once(':').unwrap().1.to_owned(),
                None => text,
            };
            journey.secrets.push((name, text));
        }
        let keys: Value = serde_json::from_str(&journey.stored(&config.token_keys_secret).await).unwrap();
        let key = keys["keys"][0]["pkcs8"].as_str().unwrap();
        journey.secrets.push(("the signing key", key.to_owned()));
        journey
    }

    async fn stored(&self, name: &str) -> String {
        use secrecy::ExposeSecret as _;
        let secrets = self.test.app.secrets().await;
        secrets.get(name).await.unwrap().expose_secret().to_owned()
    }

    fn secret(&self, name: &str) -> String {
        let found = self.secrets.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("no secret {name}")).1.clone()
    }

    pub(crate) fn canaries(&self) -> Canaries {
        let mut canaries = Canaries::default();
        for (name, value) in &self.secrets {
            canaries.add(name, value);
        }
        canaries
    }

    pub(crate) fn organization_id(&self) -> String {
        self.organization.clone()
    }

    pub(crate) fn answers(&self) -> Vec<String> {
        self.answers.clone()
    }

    pub(crate) fn queued(&self) -> Vec<String> {
        self.queued.clone()
    }

    /// Notes an answer, its headers included. What an answer is for, such as a session's tokens, is looked at by its caller.
    fn noted(&mut self, reply: Reply, status: u16) -> Reply {
        let reply = reply.expect(status);
        self.answers.push(format!("{:?} {}", reply.headers, reply.text()));
        reply
    }

    fn client(&self, router: Router) -> Client {
        match self.session["access_token"].as_str() {
            Some(token) => Client::bearer(router, token),
            None => Client::anonymous(router),
        }
    }

    async fn post(&mut self, router: Router, path: &str, body: Value, status: u16) -> Reply {
        let reply = self.client(router).post(path, body).await;
        self.noted(reply, status)
    }

    /// What lies on a queue.
    async fn take(&mut self, kind: QueueKind) -> Vec<Value> {
        let taken = self.test.queues.take(kind).await;
        self.queued.extend(taken.iter().map(Value::to_string));
        taken
    }
}
