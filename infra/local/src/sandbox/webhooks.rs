//! How webhooks travel: signed, tried again as their server's plan says, and made to suffer as the behaviour says.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
    time::Instant,
};

use super::{
    chance::{Chance, iso, new_id, now},
    state::Stand,
};

/// Vapi's time limit for a webhook, unless the server says otherwise (providers.md 1.2).
const DEFAULT_TIMEOUT_SECONDS: f64 = 20.0;

/// Where the messages of one call go.
#[derive(Clone)]
pub(crate) struct Target {
    url: String,
    headers: Vec<(String, String)>,
    signed: bool,
    timeout: Duration,
    backoff: Option<Backoff>,
}

/// When a message that failed is tried again.
#[derive(Clone)]
struct Backoff {
    exponential: bool,
    retries: u32,
    base_seconds: f64,
    excluded: Vec<u64>,
}

impl Target {
    /// Reads a `server`. `saved` says that it stands in an assistant and not in a call: only then is its credential used
    /// (providers.md 1.5 "Authentication of webhooks").
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
    /// No plan, no retry (providers.md 1.5 "Retries").
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

    fn delay(&self, failures: u32) -> f64 {
        if self.exponential {
            self.base_seconds * f64::from(2_u32.saturating_pow(failures.saturating_sub(1)))
        } else {
            self.base_seconds
        }
    }
}

/// A message on its way.
struct Letter {
    message: Value,
    written: Instant,
}

/// Carries the messages of one call, one after the other.
pub(crate) struct Courier {
    stand: Arc<Stand>,
    call: String,
    target: Option<Target>,
    subscribed: Vec<String>,
    sender: Option<UnboundedSender<Letter>>,
}

impl Courier {
    /// Begins to carry to this target; to nobody if there is none.
    pub(crate) fn open(
        stand: &Arc<Stand>,
        call: &str,
        target: Option<Target>,
        subscribed: Vec<String>,
        chance: Chance,
    ) -> Self {
        let sender = target.clone().map(|target| {
            let (sender, letters) = unbounded_channel();
            let round = Round {
                stand: Arc::clone(stand),
                call: call.to_owned(),
                target,
                chance,
                retries: JoinSet::new(),
            };
            stand.spawn(round.run(letters));
            sender
        });
        Self {
            stand: Arc::clone(stand),
            call: call.to_owned(),
            target,
            subscribed,
            sender,
        }
    }

    /// Whether the assistant asked for this kind of message.
    pub(crate) fn wants(&self, kind: &str) -> bool {
        self.sender.is_some() && self.subscribed.iter().any(|wanted| wanted == kind)
    }

    /// Sends a message; its answer does not matter.
    pub(crate) fn send(&self, message: Value) {
        if let Some(sender) = &self.sender {
            let written = Instant::now();
            // The other end only closes with the stand-ins.
            let _ = sender.send(Letter { message, written });
        }
    }

    /// Sends a message and waits for its answer. A tool's own server comes before the assistant's.
    pub(crate) async fn ask(&self, server: Option<Target>, message: &Value) -> Option<Value> {
        let target = server.or_else(|| self.target.clone())?;
        let answer = target.post(&self.stand, &self.call, message, 1).await?;
        (answer.status == 200).then_some(answer.body)
    }
}

/// The work of a courier.
struct Round {
    stand: Arc<Stand>,
    call: String,
    target: Target,
    chance: Chance,
    retries: JoinSet<()>,
}

impl Round {
    async fn run(mut self, mut letters: UnboundedReceiver<Letter>) {
        let mut held = Vec::new();
        while let Some(letter) = letters.recv().await {
            if self.stand.behaviour().webhook.shuffle {
                held.push(letter);
            } else {
                self.deliver(letter).await;
            }
        }
        self.chance.disorder(&mut held);
        for letter in held {
            self.deliver(letter).await;
        }
        while self.retries.join_next().await.is_some() {}
    }

    async fn deliver(&mut self, letter: Letter) {
        let behaviour = self.stand.behaviour();
        tokio::time::sleep_until(letter.written + behaviour.webhook_delay()).await;
        if self.chance.happens(behaviour.webhook.drop) {
            let kind = kind_of(&letter.message);
            self.stand.delivered(&self.call, kind, 0, None, true);
            return;
        }
        let copies = 1 + u32::from(self.chance.happens(behaviour.webhook.duplicate));
        for _ in 0..copies {
            let answer = self
                .target
                .post(&self.stand, &self.call, &letter.message, 1)
                .await;
            if !is_received(answer.as_ref()) {
                self.try_again(answer.map(|answer| answer.status), letter.message.clone());
            }
        }
    }

    /// Later messages overtake one that failed, as nothing keeps the order at Vapi either.
    fn try_again(&mut self, status: Option<u16>, message: Value) {
        let Some(backoff) = self.target.backoff.clone() else {
            return;
        };
        let (stand, call, target) = (Arc::clone(&self.stand), self.call.clone(), self.target.clone());
        let mut status = status;
        self.retries.spawn(async move {
            for failures in 1..=backoff.retries {
                if status.is_some_and(|status| backoff.excluded.contains(&u64::from(status))) {
                    return;
                }
                let wait = stand.behaviour().scaled(backoff.delay(failures));
                tokio::time::sleep(wait).await;
                let answer = target.post(&stand, &call, &message, failures + 1).await;
                if is_received(answer.as_ref()) {
                    return;
                }
                status = answer.map(|answer| answer.status);
            }
        });
    }
}

/// What a server answered.
struct Answer {
    status: u16,
    body: Value,
}

fn is_received(answer: Option<&Answer>) -> bool {
    answer.is_some_and(|answer| (200..300).contains(&answer.status))
}

fn kind_of(message: &Value) -> &str {
    message["type"].as_str().unwrap_or_default()
}

impl Target {
    async fn post(&self, stand: &Stand, call: &str, message: &Value, attempt: u32) -> Option<Answer> {
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

/// Presigned addresses are made anew for each delivery, so that two deliveries of one report differ (providers.md 1.5).
fn with_fresh_addresses(message: &Value) -> Value {
    let mut message = message.clone();
    let Some(artifact) = message["artifact"].as_object_mut() else {
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
