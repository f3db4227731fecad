//! Taking in a proven message: what we keep of it goes on the queue, and no database is needed.

use std::time::Duration;

use crate::App;
use crate::adapters::queue::{Outgoing, QueueError};
use crate::adapters::vapi::webhook::{Keys, Message};
use crate::adapters::verified::Verified;

/// Whose turn an event takes that names neither an assistant nor a call.
const NOBODY: &str = "vapi";
/// Vapi waits 7.5 s for the answer to `assistant-request`, a cold start included: the queue gets
/// a share of it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Puts what we keep of a message on the queue of events. Only when it has returned is the message safe.
pub async fn receive(app: &App, message: &Verified<Message>) -> Result<(), QueueError> {
    let kept = message.get().project(app.clock.now());
    let message = Outgoing {
        // A struct of texts and numbers always serialises.
        body: serde_json::to_string(&kept).unwrap_or_default(),
        group: group(&kept.keys),
    };
    app.queue()
        .await
        .send(&app.config.queue_events_url, &[message])
        .await
}

/// The same for a message that somebody waits for on the telephone: the answer matters more than the record of it, so
/// a queue that is slow or down is only logged.
pub async fn receive_in_passing(app: &App, message: &Verified<Message>) {
    let kind = message.get().kind();
    match tokio::time::timeout(PATIENCE, receive(app, message)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(kind, %error, "a question was answered and not recorded"),
        Err(_) => tracing::warn!(
            kind,
            "a question was answered and not recorded: the queue is slow"
        ),
    }
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
