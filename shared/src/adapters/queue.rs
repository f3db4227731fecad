//! AWS SQS: standard queues, a message group per tenant so that a busy one does not starve the others.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde::Serialize;

use crate::kernel::class::{Classify, Failure, chain};
use crate::kernel::shown::shows;

/// SQS takes at most this many messages in a request.
const BATCH: usize = 10;
/// SQS takes at most 1 MiB in a request; the rest is room for its own members.
const BATCH_BYTES: usize = 1_000_000;

/// A message to send.
#[derive(Clone)]
pub struct Outgoing {
    /// JSON.
    pub body: String,
    /// Whose turn it takes: the organisation, or the assistant where the tenant is not known yet.
    pub group: String,
}

shows!(Outgoing, group);

impl Outgoing {
    /// A message in the turn of `group`. Messages are structs of ids, words and numbers, which always serialise.
    pub fn new(group: impl Into<String>, message: &impl Serialize) -> Self {
        Self {
            body: serde_json::to_string(message).unwrap_or_default(),
            group: group.into(),
        }
    }
}

/// SQS refused or does not answer.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The message is larger than a queue takes.
    #[error("a message of {0} bytes is too large for the queue")]
    TooLarge(usize),
    /// Some or all were not taken.
    #[error("the queue did not take {0} messages")]
    NotTaken(usize),
}

impl Classify for QueueError {
    fn failure(&self) -> Failure {
        match self {
            Self::TooLarge(_) => Failure::internal(),
            Self::NotTaken(_) => Failure::unavailable(),
        }
    }
}

/// SQS.
#[derive(Debug, Clone)]
pub struct Queue(Client);

impl Queue {
    /// A client on these settings.
    pub fn new(config: &aws_config::SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// Sends messages in as few requests as SQS allows. An error means that at least one was not taken; since every
    /// consumer is idempotent, the caller may send all of them again.
    pub async fn send(&self, queue_url: &str, messages: &[Outgoing]) -> Result<(), QueueError> {
        self.send_after(queue_url, messages, &[]).await
    }

    /// The same, each to be handed out after so many seconds (`DelaySeconds`, 900 at most); without a number, at once.
    pub async fn send_after(
        &self,
        queue_url: &str,
        messages: &[Outgoing],
        mut delays: &[i32],
    ) -> Result<(), QueueError> {
        if let Some(message) = messages.iter().find(|message| message.body.len() > BATCH_BYTES) {
            return Err(QueueError::TooLarge(message.body.len()));
        }
        let mut not_taken = 0;
        for batch in batches(messages) {
            let (own, rest) = delays.split_at(batch.len().min(delays.len()));
            not_taken += self.send_batch(queue_url, batch, own).await;
            delays = rest;
        }
        if not_taken == 0 {
            Ok(())
        } else {
            Err(QueueError::NotTaken(not_taken))
        }
    }

    /// Sends one request; returns how many messages were not taken.
    async fn send_batch(&self, queue_url: &str, batch: &[Outgoing], delays: &[i32]) -> usize {
        let entries = batch.iter().enumerate().filter_map(|(index, message)| {
            SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(&message.body)
                .message_group_id(&message.group)
                .set_delay_seconds(delays.get(index).copied().filter(|delay| *delay > 0))
                .build()
                .ok()
        });
        let sent = self
            .0
            .send_message_batch()
            .queue_url(queue_url)
            .set_entries(Some(entries.collect()))
            .send()
            .await;
        match sent {
            Ok(answer) => {
                for failed in &answer.failed {
                    tracing::warn!(code = failed.code, "the queue did not take a message");
                }
                answer.failed.len()
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "the queue did not take a batch");
                batch.len()
            }
        }
    }
}

/// Cuts the messages where a request would hold too many or too much.
fn batches(messages: &[Outgoing]) -> Vec<&[Outgoing]> {
    let mut batches = Vec::new();
    let mut start = 0;
    let mut bytes = 0;
    for (index, message) in messages.iter().enumerate() {
        if index > start && (index - start == BATCH || bytes + message.body.len() > BATCH_BYTES) {
            batches.push(&messages[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += message.body.len();
    }
    if start < messages.len() {
        batches.push(&messages[start..]);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(sizes: &[usize]) -> Vec<Outgoing> {
        sizes
            .iter()
            .map(|size| Outgoing {
                body: "x".repeat(*size),
                group: "g".to_owned(),
            })
            .collect()
    }

    #[test]
    fn ten_messages_are_one_request_and_eleven_are_two() {
        assert_eq!(batches(&messages(&[1; 10])).len(), 1);
        assert_eq!(batches(&messages(&[1; 11])).len(), 2);
        assert!(batches(&[]).is_empty());
    }

    #[test]
    fn a_request_never_holds_more_bytes_than_sqs_takes() {
        let cut: Vec<_> = batches(&messages(&[600_000, 600_000, 300_000]))
            .iter()
            .map(|batch| batch.len())
            .collect();
        assert_eq!(cut, [1, 2]);
    }
}
