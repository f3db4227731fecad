//! What we keep of a webhook of Twilio: as much as the product understands, and nothing else.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::webhook::Message;
use crate::kernel::ids::{MessageId, OrganizationId};

/// The longest text that is kept, in characters: ten times what Twilio delivers.
const LONGEST_TEXT: usize = 16_000;
/// The longest of all other words.
const LONGEST_WORD: usize = 64;

/// Tells events of Twilio from others on the same queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Twilio.
    Twilio,
}

/// A webhook of Twilio as it lies on the queue of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Always Twilio.
    pub provider: Provider,
    /// Whose token proved it.
    pub organization_id: OrganizationId,
    /// It came to the address that organisations share, and several may have proved it.
    #[serde(default)]
    pub shared: bool,
    /// When it came.
    pub received_at: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What a webhook says. `Debug` tells which message it is about, and nothing of who wrote what.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// How far a message of ours is.
    MessageStatus {
        /// Twilio's id of the message.
        sid: String,
        /// Ours, from the address that we gave.
        message_id: Option<MessageId>,
        /// Twilio's word.
        status: String,
        /// Why it went no further.
        error_code: Option<String>,
    },
    /// Somebody wrote to us.
    MessageReceived {
        /// Twilio's id of the message.
        sid: String,
        /// Who.
        from: String,
        /// To which of our numbers.
        to: String,
        /// What.
        body: String,
        /// In how many segments.
        segments: i32,
        /// Twilio has understood it as STOP (Advanced Opt-Out).
        stop: bool,
    },
}

impl fmt::Debug for Fact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MessageStatus { sid, status, .. } => write!(formatter, "MessageStatus({sid}, {status})"),
            Self::MessageReceived { sid, .. } => write!(formatter, "MessageReceived({sid})"),
        }
    }
}

impl Message {
    /// What it says, if that is something that the product understands.
    pub fn fact(&self) -> Option<Fact> {
        let text = |name: &str, longest: usize| -> Option<String> {
            let text = self.parameters.text(name)?;
            Some(text.chars().take(longest).collect())
        };
        let word = |name: &str| text(name, LONGEST_WORD);
        let sid = word("MessageSid").or_else(|| word("SmsSid"))?;
        if let Some(status) = word("MessageStatus") {
            return Some(Fact::MessageStatus {
                sid,
                message_id: self
                    .query
                    .text("message_id")
                    .and_then(|id| MessageId::parse(&id).ok()),
                status,
                error_code: word("ErrorCode"),
            });
        }
        // A media message may have no text; what has no sender is no message.
        let segments = word("NumSegments").and_then(|number| number.parse().ok());
        Some(Fact::MessageReceived {
            sid,
            from: word("From")?,
            to: word("To")?,
            body: text("Body", LONGEST_TEXT).unwrap_or_default(),
            segments: segments.unwrap_or(1).clamp(0, 1000),
            stop: word("OptOutType").is_some_and(|kind| kind.eq_ignore_ascii_case("STOP")),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn debug_prints_neither_numbers_nor_words() {
        let notice: Notice = serde_json::from_value(json!({
            "provider": "twilio", "organization_id": "00000000-0000-0000-0000-000000000001",
            "received_at": "2026-11-24T08:30:00Z", "kind": "message_received", "sid": "SM1",
            "from": "+33639980001", "to": "+33639980002", "body": "CANARY", "segments": 1, "stop": false,
        }))
        .unwrap();
        let printed = format!("{notice:?}");
        assert!(printed.contains("SM1"));
        assert!(
            !printed.contains("CANARY") && !printed.contains("3998"),
            "{printed}"
        );
    }
}
