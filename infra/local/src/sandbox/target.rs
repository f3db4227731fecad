//! Where the webhooks of a call go: the `server` of its assistant, with its credential, its time limit and its plan for retries.

use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    chance::{iso, new_id, now},
    state::Stand,
};

/// Vapi's time limit for a webhook, unless the server says otherwise.
const DEFAULT_TIMEOUT_SECONDS: f64 = 20.0;

/// Where the messages of one call go.
#[derive(Clone)]
pub(crate) struct Target {
    url: String,
    headers: Vec<(String, String)>,
    signed: bool,
    timeout: Duration,
    pub(crate) backoff: Option<Backoff>,
}

/// When a message that failed is tried again.
#[derive(Clone)]
pub(crate) struct Backoff {
    exponential: bool,
    pub(crate) retries: u32,
    base_seconds: f64,
    pub(crate) excluded: Vec<u64>,
}

impl Target {
    /// Reads a `server`. `saved` says that it stands in an assistant and not in a call: only then is its credential used.
    pub(crate) fn of(server: &Value, stand: &Stand, saved: bool) -> Option<Self> {
        let url = server["url"].as_str()?.to_owned();
        let headers: Vec<(String, String)> = server["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
        let own = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let credential = server["credentialId"].as_str();
        let known = credential.is_some() && credential == stand.settings.vapi_credential_id.as_deref();
        let seconds = server["timeoutSeconds"]
            .as_f64()
            .unwrap_or(DEFAULT_TIMEOUT_SECONDS);
        Some(Self {
            url,
            headers,
            signed: saved && known && !own,
            timeout: Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(20)),
            backoff: Backoff::of(&server["backoffPlan"]),
        })
    }
}

impl Backoff {
    /// No plan, no retry.
    fn of(plan: &Value) -> Option<Self> {
        let retries = plan["maxRetries"].as_f64()?;
        Some(Self {
            exponential: plan["type"] == "exponential",
            retries: (1..=10).rev().find(|count| f64::from(*count) <= retries)?,
            base_seconds: plan["baseDelaySeconds"].as_f64().unwrap_or(0.0),
            excluded: plan["excludedStatusCodes"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_u64)
                .collect(),
        })
    }

    /// Seconds to wait after this many failures.
    pub(crate) fn delay(&self, failures: u32) -> f64 {
        if self.exponential {
            self.base_seconds * f64::from(2_u32.saturating_pow(failures.saturating_sub(1)))
        } else {
            self.base_seconds
        }
    }
}

/// What a server answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// Only a 2xx is a receipt.
pub(crate) fn is_received(answer: Option<&Answer>) -> bool {
    answer.is_some_and(|answer| (200..300).contains(&answer.status))
}

/// The type of a message.
pub(crate) fn kind_of(message: &Value) -> &str {
    message["type"].as_str().unwrap_or_default()
}

impl Target {
    /// Posts a message once, and writes it down.
    pub(crate) async fn post(
        &self,
        stand: &Stand,
        call: &str,
        message: &Value,
        attempt: u32,
    ) -> Option<Answer> {
        let answer = self.request(stand, message).await;
        let status = answer.as_ref().map(|answer| answer.status);
        stand.delivered(call, kind_of(message), attempt, status, false);
        answer
    }

    async fn request(&self, stand: &Stand, message: &Value) -> Option<Answer> {
        let body = Bytes::from(json!({ "message": with_fresh_addresses(message) }).to_string());
        let mut request = stand
            .http
            .post(&self.url)
            .timeout(self.timeout)
            .header("content-type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if self.signed {
            let timestamp = now().as_millisecond().to_string();
            let signature = sign(&stand.settings.vapi_webhook_secret, &timestamp, &body);
            request = request
                .header("x-timestamp", timestamp)
                .header("x-signature", signature);
        }
        let response = request.body(body).send().await.ok()?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await.unwrap_or_default();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Some(Answer { status, body })
    }
}

/// Vapi's default scheme: hexadecimal HMAC-SHA256 over `{timestamp}.{body}`.
fn sign(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    let bytes = mac.finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Presigned addresses are made anew for each delivery, so that two deliveries of one report differ.
fn with_fresh_addresses(message: &Value) -> Value {
    let mut message = message.clone();
    let artifact = message.get_mut("artifact");
    let Some(artifact) = artifact.and_then(Value::as_object_mut) else {
        return message;
    };
    let mut presigned = false;
    for (name, value) in artifact.iter_mut() {
        if name.starts_with("presigned")
            && let Some(address) = value.as_str()
        {
            *value = format!("{address}?signature={}", new_id().simple()).into();
            presigned = true;
        }
    }
    if presigned {
        let expires = now() + jiff::SignedDuration::from_hours(1);
        artifact.insert("presignedUrlsExpiresAt".to_owned(), iso(expires).into());
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_documentation() {
        // Computed with Python's hmac module.
        assert_eq!(
            sign("secret", "1700000000000", br#"{"message":{}}"#),
            "ecfde5e65bbdf2b5f521ce8c4e127e4827a63adca891e6b2a3d17c57601fee17"
        );
    }

    #[test]
    fn delays_grow_or_stay() {
        let plan =
            |kind| Backoff::of(&json!({ "type": kind, "maxRetries": 3, "baseDelaySeconds": 2 })).unwrap();
        assert_eq!(plan("exponential").delay(3), 8.0);
        assert_eq!(plan("fixed").delay(3), 2.0);
        assert_eq!(plan("fixed").retries, 3);
        assert!(Backoff::of(&Value::Null).is_none());
    }
}
