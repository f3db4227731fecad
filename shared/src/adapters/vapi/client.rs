//! The way to Vapi: its address, the platform's key, and which requests are repeated.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{Trouble, VapiError};
use crate::adapters::read_body;

/// How often a harmless request is repeated, and about how long is waited before each time.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(600)];
/// The longest that Vapi may make us wait while somebody waits for us.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Vapi's API. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Vapi {
    http: reqwest::Client,
    base: String,
    key: SecretString,
}

/// An answer: its status and its bytes.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl Vapi {
    /// The API at `base`, with the platform's private key.
    pub fn new(http: reqwest::Client, base: &str, key: SecretString) -> Self {
        Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            key,
        }
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        request.bearer_auth(self.key.expose_secret())
    }

    /// Sends a request once.
    pub(super) async fn send_once(request: RequestBuilder) -> Result<Answer, Trouble> {
        let response = request.send().await.map_err(|error| Trouble::of(&error))?;
        let (status, retry_after) = (response.status(), retry_after(response.headers()));
        // The head has arrived: whatever breaks now, the request was received.
        let body = read_body(response)
            .await
            .map_err(|error| match Trouble::of(&error) {
                Trouble::TimeOut => Trouble::TimeOut,
                Trouble::NotReached | Trouble::Broken => Trouble::Broken,
            })?;
        Ok(Answer {
            status,
            retry_after,
            body,
        })
    }

    /// Creates something; once.
    pub(super) async fn create<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, VapiError> {
        let request = self.request(Method::POST, path).json(body);
        Self::send_once(request)
            .await
            .map_err(VapiError::NoAnswer)?
            .read()
    }

    /// Sends a request that does no harm when it arrives twice.
    pub(super) async fn repeat<T: DeserializeOwned>(
        &self,
        request: impl Fn(&Self) -> RequestBuilder,
    ) -> Result<T, VapiError> {
        for pause in PAUSES {
            let pause = match Self::send_once(request(self)).await {
                Ok(answer) if !answer.is_worth_repeating() => return answer.read(),
                Ok(answer) => answer.retry_after.unwrap_or(pause).min(LONGEST_PAUSE),
                // Who waited ten seconds once does not wait thirty.
                Err(Trouble::TimeOut) => return Err(VapiError::NoAnswer(Trouble::TimeOut)),
                Err(Trouble::NotReached | Trouble::Broken) => pause,
            };
            tokio::time::sleep(with_jitter(pause)).await;
        }
        let last = Self::send_once(request(self)).await;
        last.map_err(VapiError::NoAnswer)?.read()
    }
}

impl Answer {
    fn is_worth_repeating(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS || self.status.is_server_error()
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, VapiError> {
        let status = self.status.as_u16();
        match status {
            200..=299 => serde_json::from_slice(&self.body).map_err(|_| VapiError::Unreadable),
            404 => Err(VapiError::NotFound),
            429 => Err(VapiError::Failed { status }),
            400..=499 => Err(VapiError::Refused { status }),
            _ => Err(VapiError::Failed { status }),
        }
    }

    /// The sentence or sentences of an error, to look for a word in; not to be logged.
    pub(super) fn message(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        match &body["message"] {
            Value::String(sentence) => sentence.clone(),
            Value::Array(sentences) => {
                let sentences: Vec<_> = sentences.iter().filter_map(Value::as_str).collect();
                sentences.join("\n")
            }
            _ => String::from_utf8_lossy(&self.body).into_owned(),
        }
    }
}

fn retry_after(headers: &header::HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

/// Half to one and a half times as long, so that containers that failed together do not come back together.
fn with_jitter(pause: Duration) -> Duration {
    let share = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
    pause.mul_f64(0.5 + share)
}
