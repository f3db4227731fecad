//! Everything that handles a secret, once as it should be and once as it should not.

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

    /// Sign-up, confirmation, login, refresh; wrong passwords and bearers.
    pub(crate) async fn identity(&mut self) {
        let register = self.test.serving(register::routes());
        let sessions = self.test.serving(sessions::routes());
        let form = json!({
            "email": self.email, "password": self.secret("the password"), "full_name": "Jeanne d'Arc",
            "organization_type": "b2c", "terms_accepted": true, "privacy_accepted": true,
        });
        self.post(register.clone(), "/api/v1/auth/register", form.clone(), 202)
            .await;
        // Known by now; and once more with a fault beside the password.
        self.post(register.clone(), "/api/v1/auth/register", form, 202)
            .await;
        let faulty = json!({ "email": 7, "password": self.secret("the password") });
        self.post(register, "/api/v1/auth/register", faulty, 422).await;
        let mailer = self.test.mailer().await;
        for mail in self.take(QueueKind::Mail).await {
            mailer::handle(&self.test.app, &mailer, &message(&mail))
                .await
                .unwrap();
        }
        let mails = self.test.mails_to(&self.email).await;
        let token = mails.iter().find_map(|mail| mail.token()).unwrap().to_owned();
        self.secrets.push(("the link's token", token.clone()));
        let body = json!({ "token": format!("{token}x") });
        self.post(sessions.clone(), "/api/v1/auth/confirm", body, 422)
            .await;
        let confirmed = Client::anonymous(sessions.clone())
            .post("/api/v1/auth/confirm", json!({ "token": token }))
            .await
            .expect(200);
        self.keep_session("the first", confirmed.json());
        let email = self.email.clone();
        let wrong = json!({ "email": email, "password": self.secret("a wrong password") });
        self.post(sessions.clone(), "/api/v1/auth/login", wrong, 401)
            .await;
        let body = format!(
            "{{\"email\":\"{email}\",\"password\":\"{}\"",
            self.secret("the password")
        );
        let cut = Request::post("/api/v1/auth/login")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let reply = Client::anonymous(sessions.clone()).request(cut).await;
        self.noted(reply, 400);
        let right = json!({ "email": email, "password": self.secret("the password") });
        let client = Client::anonymous(sessions.clone());
        let login = client.post("/api/v1/auth/login", right).await.expect(200);
        self.keep_session("the login's", login.json());
        let refresh = json!({ "refresh_token": self.session["refresh_token"] });
        let refreshed = client
            .post("/api/v1/auth/refresh", refresh.clone())
            .await
            .expect(200);
        // Spent: the whole family goes.
        self.session = Value::Null;
        self.post(sessions.clone(), "/api/v1/auth/refresh", refresh, 401)
            .await;
        self.keep_session("the refreshed", refreshed.json());
        let wrong = Client::bearer(sessions.clone(), self.secret("a wrong bearer"));
        let reply = wrong.get("/api/v1/auth/me").await;
        self.noted(reply, 401);
        let right = json!({ "email": email, "password": self.secret("the password") });
        let again = client.post("/api/v1/auth/login", right).await.expect(200);
        self.keep_session("the last", again.json());
        self.organization = self.session["organization"]["id"].as_str().unwrap().to_owned();
        let reply = self.client(sessions).get("/api/v1/auth/me").await;
        self.noted(reply, 200);
    }

    fn keep_session(&mut self, which: &'static str, session: Value) {
        for member in ["access_token", "refresh_token"] {
            let token = session[member].as_str().unwrap().to_owned();
            self.secrets.push((which, token));
        }
        self.session = session;
    }

    fn account(&self, token: &str) -> Value {
        json!({ "account_sid": ACCOUNT, "auth_token": self.secret(token), "phone_number": TWILIO_NUMBER })
    }

    async fn set_account(&self, token: &str) {
        let url = format!("{}/_control/twilio/accounts/{ACCOUNT}", self.test.sandbox.url());
        let account = json!({
            "auth_token": self.secret(token), "numbers": [TWILIO_NUMBER], "status": "active",
            "api_keys": { KEY_SID: self.secret("the API key's secret") },
        });
        let request = zencall::adapters::http_client()
            .put(url)
            .body(account.to_string());
        assert!(request.send().await.unwrap().status().is_success());
    }

    async fn put_twilio(&mut self, body: Value, status: u16) {
        let router = self.test.serving(integrations::routes());
        let reply = self.client(router).put(PATH, body).await;
        self.noted(reply, status);
    }

    /// Connecting, with wrong and malformed credentials first.
    pub(crate) async fn twilio(&mut self) {
        self.set_account("the Twilio token").await;
        let wrong = self.account("a wrong Twilio token");
        self.put_twilio(wrong, 422).await;
        let mut malformed = self.account("the Twilio token");
        malformed["auth_token"] = json!([self.secret("the Twilio token")]);
        self.put_twilio(malformed, 422).await;
        let mut shapeless = self.account("the Twilio token");
        shapeless["auth_token"] = json!(format!("{} ?", self.secret("the Twilio token")));
        self.put_twilio(shapeless, 422).await;
        let mut keyed = self.account("the Twilio token");
        keyed["api_key_sid"] = json!(KEY_SID);
        keyed["api_key_secret"] = json!(self.secret("a wrong API key's secret"));
        self.put_twilio(keyed.clone(), 422).await;
        keyed["api_key_secret"] = json!(self.secret("the API key's secret"));
        for provider in ["vapi", "twilio"] {
            let broken = json!({ "api": { "status": 503, "provider": provider } });
            self.test.set_behaviour(broken).await;
            self.put_twilio(keyed.clone(), 502).await;
        }
        self.test.set_behaviour(json!({ "speed": 1000.0 })).await;
        self.put_twilio(keyed, 200).await;
        let router = self.test.serving(integrations::routes());
        let reply = self.client(router).get(PATH).await;
        self.noted(reply, 200);
    }

    /// An assistant, whose definition carries the webhook's secret to Vapi.
    pub(crate) async fn vapi(&mut self) {
        let router = self.test.serving(vapi_assistants::routes());
        let body = json!({ "name": "Accueil", "type": "outbound", "language": "fr" });
        let made = self
            .post(router.clone(), "/api/v1/vapi/assistants", body.clone(), 201)
            .await;
        self.assistant = made.json()["assistant"]["id"].as_str().unwrap().to_owned();
        self.test
            .set_behaviour(json!({ "api": { "status": 400, "provider": "vapi" } }))
            .await;
        self.post(router.clone(), "/api/v1/vapi/assistants", body, 502)
            .await;
        self.test.set_behaviour(json!({ "speed": 1000.0 })).await;
        let reply = self.client(router).get("/api/v1/vapi/assistants").await;
        self.noted(reply, 200);
    }

    /// A campaign whose calls Vapi takes, and events that carry secrets, as Vapi's do.
    pub(crate) async fn calls(&mut self) {
        let contacts = self.test.serving(contacts::routes());
        let mut ids = Vec::new();
        for number in 0..12 {
            let body =
                json!({ "phone": format!("+3363998{number:04}"), "kind": "business", "first_name": "Zoé" });
            let made = self.post(contacts.clone(), "/api/v1/contacts", body, 201).await;
            ids.push(made.json()["contact"]["id"].clone());
        }
        let campaigns = self.test.serving(campaigns::routes());
        let every_hour = json!([{ "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00" }]);
        let body = json!({
            "name": "Rappel", "assistant_id": self.assistant, "object": "votre rendez-vous", "legal_basis": "service",
            "contact_ids": ids, "settings": { "call_windows": every_hour, "concurrent_calls": 10 },
        });
        let made = self.post(campaigns, "/api/v1/campaigns", body, 201).await;
        let campaign = made.json()["campaign"]["id"].clone();
        let start = self.test.serving(campaigns_start::routes());
        self.post(
            start,
            "/api/v1/campaigns/start",
            json!({ "campaign_id": campaign }),
            202,
        )
        .await;
        for call in self.take(QueueKind::Calls).await {
            call_dialer::handle(&self.test.app, &message(&call))
                .await
                .unwrap();
        }
        let placed = self.test.placed_calls().await;
        for call in &placed {
            for kind in ["status-update", "end-of-call-report"] {
                self.vapi_event(kind, call).await;
            }
        }
        for event in self.take(QueueKind::Events).await {
            provider_events::handle(&self.test.app, &message(&event))
                .await
                .unwrap();
        }
        minute_tick::run(&self.test.app).await.unwrap();
        let calls = self.test.serving(calls::routes());
        let reply = self.client(calls).get("/api/v1/calls").await;
        self.noted(reply, 200);
    }

    async fn vapi_event(&mut self, kind: &str, call: &Value) {
        let number = json!({
            "twilioAccountSid": ACCOUNT, "twilioAuthToken": self.secret("the Twilio token"),
            "twilioApiSecret": self.secret("the API key's secret"),
        });
        let headers = json!({ "Authorization": format!("Bearer {}", self.secret("the webhook's secret")) });
        let event = json!({ "message": {
            "type": kind, "status": "in-progress", "endedReason": "customer-ended-call", "phoneNumber": number,
            "cost": 0.1, "assistant": { "server": { "headers": headers } },
            "call": {
                "id": call["id"], "phoneNumber": number, "customer": { "externalId": call["external_id"] },
                "monitor": { "controlUrl": format!("https://vapi.example/{}", self.secret("the Twilio token")) },
            },
            "artifact": { "messages": [{ "role": "user", "message": "Oui.", "time": 1795510812000_i64 }] },
        } });
        let router = self.test.serving(vapi_webhook::routes());
        let bearer = Client::bearer(router.clone(), self.secret("the webhook's secret"));
        let reply = bearer.post("/api/v1/vapi/webhook", event.clone()).await;
        self.noted(reply, 200);
        let wrong = Client::bearer(router, self.secret("a wrong bearer"));
        let reply = wrong.post("/api/v1/vapi/webhook", event).await;
        self.noted(reply, 401);
    }

    /// Text messages, and what Twilio says of them.
    pub(crate) async fn messages(&mut self) {
        let router = self.test.serving(messages::routes());
        let body = json!({ "to": "+33639981234", "body": "Votre rendez-vous est confirmé." });
        self.post(router.clone(), "/api/v1/messages", body, 202).await;
        for text in self.take(QueueKind::Messages).await {
            message_sender::handle(&self.test.app, &message(&text))
                .await
                .unwrap();
        }
        let right = self.secret("the Twilio token");
        self.twilio_event(&right, 204).await;
        for event in self.take(QueueKind::Events).await {
            provider_events::handle(&self.test.app, &message(&event))
                .await
                .unwrap();
        }
        let reply = self.client(router).get("/api/v1/messages").await;
        self.noted(reply, 200);
    }

    async fn twilio_event(&mut self, token: &str, status: u16) {
        let path = format!("/api/v1/twilio/webhook/{}", self.organization);
        let form = [
            ("AccountSid", ACCOUNT),
            ("MessageSid", "SM1"),
            ("MessageStatus", "delivered"),
        ];
        let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
        mac.update(format!("{}{path}", self.test.app.config.twilio_webhook_url).as_bytes());
        for (name, value) in form {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        let pairs: Vec<_> = form
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = Request::post(&path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-twilio-signature", STANDARD.encode(mac.finalize().into_bytes()))
            .body(Body::from(pairs.join("&")))
            .unwrap();
        let client = Client::anonymous(self.test.serving(twilio_webhook::routes()));
        let reply = client.request(request).await;
        self.noted(reply, status);
    }

    /// Another token, with the one before still good for webhooks.
    pub(crate) async fn rotation(&mut self) {
        self.set_account("the next Twilio token").await;
        let next = self.account("the next Twilio token");
        self.put_twilio(next, 200).await;
        for (token, status) in [
            ("the Twilio token", 204),
            ("the next Twilio token", 204),
            ("a wrong Twilio token", 403),
        ] {
            let token = self.secret(token);
            self.twilio_event(&token, status).await;
        }
        self.take(QueueKind::Events).await;
    }

    /// Credentials that are refused while they are used; then the connection is removed.
    pub(crate) async fn failures(&mut self) {
        self.set_account("a wrong Twilio token").await;
        let router = self.test.serving(messages::routes());
        let body = json!({ "to": "+33639981235", "body": "Encore." });
        self.post(router, "/api/v1/messages", body, 202).await;
        for text in self.take(QueueKind::Messages).await {
            message_sender::handle(&self.test.app, &message(&text))
                .await
                .unwrap();
        }
        let contacts = self.test.serving(contacts::routes());
        let cut = Request::post("/api/v1/contacts")
            .header("content-type", "application/json")
            .header(
                "authorization",
                format!("Bearer {}", self.session["access_token"].as_str().unwrap()),
            )
            .body(Body::from(format!(
                "[\"{}\", nonsense",
                self.secret("the password")
            )))
            .unwrap();
        let reply = Client::anonymous(contacts.clone()).request(cut).await;
        self.noted(reply, 400);
        let lost = format!("/api/v1/contacts/{}", self.secret("a wrong bearer"));
        let reply = self.client(contacts).get(&lost).await;
        self.noted(reply, 404);
        let router = self.test.serving(integrations::routes());
        let reply = self.client(router).delete(PATH).await;
        self.noted(reply, 204);
    }
}
