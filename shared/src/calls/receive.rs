//! Taking in a proven message: what we keep of it goes on the queue, and no database is needed. What a queue does not take
//! lies in the bucket, whose client only who takes such messages in pays for.

use std::time::Duration;

use super::large::{self, MOST_BYTES};
use crate::App;
use crate::adapters::queue::{Outgoing, QueueError};
use crate::adapters::storage::{Storage, StorageError};
use crate::adapters::vapi::webhook::{Keys, Message};
use crate::adapters::verified::Verified;
use crate::kernel::class::{Classify, Failure};

/// Whose turn an event takes that names neither an assistant nor a call.
const NOBODY: &str = "vapi";
/// Vapi waits 7.5 s for the answer to `assistant-request`, a cold start included: the queue gets
/// a share of it.
const PATIENCE: Duration = Duration::from_secs(2);

/// A message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The queue did not take it.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// Storage did not take it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Classify for ReceiveError {
    fn failure(&self) -> Failure {
        match self {
            Self::Queue(error) => error.failure(),
            Self::Storage(error) => error.failure(),
        }
    }
}

/// Puts what we keep of a message on the queue of events; what is too large for it into the bucket first. Only when this
/// has returned is the message safe.
pub async fn receive(
    app: &App,
    message: &Verified<Message>,
    bucket: impl AsyncFnOnce(&App) -> Result<Storage, StorageError>,
) -> Result<(), ReceiveError> {
    let (mut body, group) = keep(app, message);
    if body.len() > MOST_BYTES {
        let stored = large::put(&bucket(app).await?, &app.clock, body).await?;
        // A struct of texts and numbers always serialises.
        body = serde_json::to_string(&stored).unwrap_or_default();
    }
    Ok(send(app, body, group).await?)
}

/// What we keep of a message, and whose turn it takes.
fn keep(app: &App, message: &Verified<Message>) -> (String, String) {
    let kept = message.get().project(app.clock.now());
    // A struct of texts and numbers always serialises.
    (
        serde_json::to_string(&kept).unwrap_or_default(),
        group(&kept.keys),
    )
}

async fn send(app: &App, body: String, group: String) -> Result<(), QueueError> {
    let message = Outgoing { body, group };
    app.queue()
        .await
        .send(&app.config.queue_events_url, &[message])
        .await
}

/// The same for a message that somebody waits for on the telephone: the answer matters more than the record of it, so
/// a queue that is slow or down is only logged. Returns whether it is safe.
pub async fn receive_in_passing(app: &App, message: &Verified<Message>) -> bool {
    let kind = message.get().kind();
    let (body, group) = keep(app, message);
    match tokio::time::timeout(PATIENCE, send(app, body, group)).await {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => tracing::warn!(kind, %error, "a question was answered and not recorded"),
        Err(_) => tracing::warn!(
            kind,
            "a question was answered and not recorded: the queue is slow"
        ),
    }
    false
}

/// The tenant is not known at the door, its assistant is: a busy one does not starve the others.
fn group(keys: &Keys) -> String {
    let name = keys
        .assistant
        .as_deref()
        .or(keys.call.as_deref())
        .unwrap_or(NOBODY);
    // SQS takes 128 letters, digits and marks.
    let name: String = name.chars().filter(char::is_ascii_graphic).take(128).collect();
    if name.is_empty() { NOBODY.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group_of(assistant: Option<&str>, call: Option<&str>) -> String {
        group(&Keys {
            assistant: assistant.map(str::to_owned),
            call: call.map(str::to_owned),
            ..Keys::default()
        })
    }

    #[test]
    fn an_event_takes_the_turn_of_its_assistant_else_of_its_call() {
        assert_eq!(group_of(Some("a"), Some("c")), "a");
        assert_eq!(group_of(None, Some("c")), "c");
        assert_eq!(group_of(None, None), "vapi");
    }

    #[test]
    fn a_group_is_always_one_that_sqs_takes() {
        assert_eq!(group_of(Some(&"é".repeat(10)), None), "vapi");
        assert_eq!(group_of(Some(&"a".repeat(500)), None).len(), 128);
    }
}
