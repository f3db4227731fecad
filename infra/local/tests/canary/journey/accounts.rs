//! Accounts, keys and assistants.

use super::*;

impl Journey<'_> {
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

    pub(super) fn account(&self, token: &str) -> Value {
        json!({ "account_sid": ACCOUNT, "auth_token": self.secret(token), "phone_number": TWILIO_NUMBER })
    }

    pub(super) async fn set_account(&self, token: &str) {
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

    pub(super) async fn put_twilio(&mut self, body: Value, status: u16) {
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
}
