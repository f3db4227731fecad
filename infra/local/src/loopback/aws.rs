//! What the functions of a campaign ask of AWS, spoken as the real clients speak it: sending to a queue, fetching a secret.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_secretsmanager::config::Credentials;
use serde_json::{Value, json};

use super::http::{self, Answer, Request, Serve};
use crate::settings::{AWS_CREDENTIAL, REGION};

/// What takes the messages that are sent.
pub trait Queues: Send + Sync + 'static {
    /// A message for the queue of this URL; whether it is taken.
    fn take(&self, queue_url: &str, body: &str) -> bool;

    /// The same for one that is handed out so many seconds later, where this is looked at.
    fn take_later(&self, queue_url: &str, body: &str, _seconds: i64) -> bool {
        self.take(queue_url, body)
    }
}

/// The part of AWS that answers.
#[derive(Debug)]
pub struct Aws<Q> {
    queues: Arc<Q>,
    secrets: HashMap<String, String>,
    sends: AtomicUsize,
    messages: AtomicUsize,
    secret_reads: AtomicUsize,
}

impl<Q: Queues> Aws<Q> {
    /// With these queues and secrets.
    pub fn new(queues: Arc<Q>, secrets: HashMap<String, String>) -> Arc<Self> {
        Arc::new(Self {
            queues,
            secrets,
            sends: AtomicUsize::new(0),
            messages: AtomicUsize::new(0),
            secret_reads: AtomicUsize::new(0),
        })
    }

    /// Serves, and returns the settings of clients that talk to it.
    pub async fn serve(self: &Arc<Self>) -> anyhow::Result<SdkConfig> {
        let origin = http::serve(Arc::clone(self)).await?;
        let credentials = Credentials::new(AWS_CREDENTIAL, AWS_CREDENTIAL, None, None, "local");
        Ok(aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(credentials)
            .endpoint_url(origin)
            .load()
            .await)
    }

    /// Requests that sent messages so far.
    pub fn sends(&self) -> usize {
        self.sends.load(Ordering::Relaxed)
    }

    /// Messages in them.
    pub fn messages(&self) -> usize {
        self.messages.load(Ordering::Relaxed)
    }

    /// Secrets that were fetched.
    pub fn secret_reads(&self) -> usize {
        self.secret_reads.load(Ordering::Relaxed)
    }

    fn send(&self, wanted: &Value) -> Answer {
        let url = wanted["QueueUrl"].as_str().unwrap_or_default();
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        self.sends.fetch_add(1, Ordering::Relaxed);
        for entry in wanted["Entries"].as_array().into_iter().flatten() {
            self.messages.fetch_add(1, Ordering::Relaxed);
            let body = entry["MessageBody"].as_str().unwrap_or_default();
            let seconds = entry["DelaySeconds"].as_i64().unwrap_or_default();
            if self.queues.take_later(url, body, seconds) {
                taken.push(json!({ "Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": "" }));
            } else {
                refused.push(json!({ "Id": entry["Id"], "Code": "InternalError", "SenderFault": false }));
            }
        }
        Answer::json(200, &json!({ "Successful": taken, "Failed": refused }))
    }

    fn secret(&self, wanted: &Value) -> Answer {
        let name = wanted["SecretId"].as_str().unwrap_or_default();
        self.secret_reads.fetch_add(1, Ordering::Relaxed);
        match self.secrets.get(name) {
            Some(value) => Answer::json(200, &json!({ "Name": name, "SecretString": value })),
            None => Answer::json(400, &json!({ "__type": "ResourceNotFoundException" })),
        }
    }
}

impl<Q: Queues> Serve for Aws<Q> {
    async fn answer(&self, request: Request) -> Option<Answer> {
        let wanted: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        Some(match request.header("x-amz-target") {
            Some("AmazonSQS.SendMessageBatch") => self.send(&wanted),
            Some("secretsmanager.GetSecretValue") => self.secret(&wanted),
            _ => Answer::json(400, &json!({ "__type": "UnknownOperationException" })),
        })
    }
}
