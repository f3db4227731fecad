//! A client of the product's public API, as the seeds and the demo use it: whatever fails says which request it was and what
//! was answered.

mod control;
mod session;

use std::time::Duration;

use anyhow::{Context, bail};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::emulator;
use crate::functions;
use crate::settings::Ports;
pub use control::Control;
pub use session::Session;

/// The machine's time.
pub fn now() -> Timestamp {
    zencall::kernel::Clock::system().now()
}

/// An HTTP client with this time-out for a whole request.
pub fn plain(timeout: Duration) -> anyhow::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .timeout(timeout);
    // A proxy of the developer's has nothing to do on this machine.
    builder.no_proxy().build().context("cannot make an HTTP client")
}

/// An organisation that signs up.
#[derive(Debug, Clone)]
pub struct SignUp<'a> {
    /// Whom the confirmation goes to.
    pub email: &'a str,
    /// The first user's password.
    pub password: &'a str,
    /// The first user's name.
    pub full_name: &'a str,
    /// The company's.
    pub company_name: &'a str,
    /// Its SIREN.
    pub siren: &'a str,
    /// Its VAT number.
    pub vat_number: &'a str,
}

/// The API of a running local stack.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    origin: String,
    emulator: String,
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; null if there was none.
    pub body: Value,
    request: String,
}

impl Answer {
    /// The body, if the status is this one.
    pub fn expect(self, status: u16) -> anyhow::Result<Value> {
        if self.status != status {
            bail!(
                "{} answered {} instead of {status}: {}",
                self.request,
                self.status,
                self.body
            );
        }
        Ok(self.body)
    }

    /// The stable code of an error.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Api {
    /// The API that listens on these ports.
    pub fn new(ports: &Ports) -> anyhow::Result<Self> {
        Ok(Self {
            http: plain(Duration::from_secs(60))?,
            origin: functions::api_url(ports),
            emulator: emulator::endpoint(ports),
        })
    }

    /// One request without credentials.
    pub async fn open(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        self.send(method, path, None, body).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let mut request = self
            .http
            .request(method.clone(), format!("{}/api/v1{path}", self.origin));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        answer(format!("{method} /api/v1{path}"), request).await
    }

    /// Whether the API answers its health check.
    pub async fn is_healthy(&self) -> bool {
        let Ok(http) = plain(Duration::from_secs(5)) else {
            return false;
        };
        let answer = http.get(format!("{}/api/v1/health", self.origin)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Signs an organisation up. The answer is the same for a known address.
    pub async fn register(&self, sign_up: &SignUp<'_>) -> anyhow::Result<()> {
        let body = json!({
            "email": sign_up.email,
            "password": sign_up.password,
            "full_name": sign_up.full_name,
            "organization_type": "b2b",
            "company_name": sign_up.company_name,
            "company_registration": sign_up.siren,
            "vat_number": sign_up.vat_number,
            "terms_accepted": true,
            "privacy_accepted": true,
            "marketing_consent": false,
        });
        self.open(Method::POST, "/auth/register", Some(&body))
            .await?
            .expect(202)?;
        Ok(())
    }

    /// Waits for the confirmation mail, sent after this moment, and opens its link.
    pub async fn confirm(&self, email: &str, since: Timestamp) -> anyhow::Result<Session> {
        let token = self.mailed_token(email, since, "/auth/confirm?token=").await?;
        let answer = self
            .open(Method::POST, "/auth/confirm", Some(&json!({ "token": token })))
            .await?;
        self.session(answer.expect(200)?)
    }

    /// Logs in.
    pub async fn login(&self, email: &str, password: &str) -> anyhow::Result<Session> {
        let answer = self.try_login(email, password).await?;
        self.session(answer.expect(200)?)
    }

    /// Logs in, if that is possible; the caller looks at the status.
    pub async fn try_login(&self, email: &str, password: &str) -> anyhow::Result<Answer> {
        self.open(
            Method::POST,
            "/auth/login",
            Some(&json!({ "email": email, "password": password })),
        )
        .await
    }

    /// The session in an answer.
    pub fn session(&self, body: Value) -> anyhow::Result<Session> {
        let token = body["access_token"]
            .as_str()
            .context("a session without an access token")?
            .to_owned();
        let organization = body["organization"]["id"]
            .as_str()
            .context("a session without an organisation")?
            .to_owned();
        Ok(Session {
            api: self.clone(),
            token,
            organization,
        })
    }

    /// The token behind the newest link of that kind that was mailed to this address since.
    async fn mailed_token(&self, email: &str, since: Timestamp, link: &str) -> anyhow::Result<String> {
        let address = format!("{}/_ministack/ses/messages", self.emulator);
        // A queue and a function lie between the request and its mail.
        for _ in 0..150 {
            let answer = answer("the mails that were sent".to_owned(), self.http.get(&address)).await?;
            if let Some(token) = find_token(&answer.expect(200)?, email, since, link) {
                return Ok(token);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        bail!(
            "no mail with a link {link}… reached {email} within 30 s; see .local/logs/mailer.log and bridge.log"
        )
    }
}

fn find_token(messages: &Value, email: &str, since: Timestamp, link: &str) -> Option<String> {
    let accounts = messages["messages"].as_object()?;
    let mut found = None;
    for message in accounts.values().filter_map(Value::as_array).flatten() {
        let to = message["To"].as_array()?;
        let recent = message["Timestamp"].as_f64()? >= since.as_second() as f64;
        if recent
            && to
                .iter()
                .any(|to| to.as_str().is_some_and(|to| to.contains(email)))
        {
            let text = message["BodyText"].as_str().unwrap_or_default();
            let line = text.lines().map(str::trim).find(|line| line.contains(link));
            found = line
                .and_then(|line| line.split_once(link))
                .map(|(_, token)| token.to_owned())
                .or(found);
        }
    }
    found
}

async fn answer(name: String, request: reqwest::RequestBuilder) -> anyhow::Result<Answer> {
    let answer = request
        .send()
        .await
        .with_context(|| format!("{name} got no answer"))?;
    let status = answer.status().as_u16();
    let text = answer
        .text()
        .await
        .with_context(|| format!("{name} was cut off"))?;
    let body = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    };
    Ok(Answer {
        status,
        body,
        request: name,
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::find_token;

    #[test]
    fn the_newest_link_to_that_person_since_then_is_taken() {
        let mail = |to: &str, at: f64, token: &str| {
            let text = format!("Bonjour,\n\nhttp://localhost:3000/auth/confirm?token={token}\n\nÀ bientôt");
            json!({ "To": [to], "Timestamp": at, "BodyText": text })
        };
        let messages = json!({ "messages": { "000000000000": [
            mail("a@x.example", 900.0, "stale"),
            mail("a@x.example", 1000.5, "first"),
            mail("b@x.example", 1003.0, "other"),
            mail("a@x.example", 1002.0, "second"),
        ] } });
        let since = Timestamp::from_second(1000).unwrap();
        let found = |email| find_token(&messages, email, since, "/auth/confirm?token=");

        assert_eq!(found("a@x.example").as_deref(), Some("second"));
        assert_eq!(found("c@x.example"), None);
    }
}
