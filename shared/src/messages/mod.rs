//! Text messages: sent through an organisation's own account at Twilio, once, and received from it.
//!
//! A message is a row before it is a request: `waiting → sending → done`, or `unknown`, when nobody knows whether Twilio
//! has it; such a message is looked up at Twilio before it is ever sent again. What is shown is Twilio's own word for how
//! far a message is, whose ranks make it monotone.

pub mod apply;
pub mod automatic;
mod confirmation;
pub mod deliver;
mod dispatch_store;
mod errors;
mod event_store;
mod hours;
pub mod keywords;
mod poll;
mod poll_store;
pub mod read;
pub mod receive;
pub mod segments;
pub mod send;
mod store;
pub mod sweep;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::adapters::queue::{Outgoing, QueueError};
use crate::kernel::ids::{ContactId, MessageId, OrganizationId};
use crate::kernel::{Invalid, PhoneNumber, numbering};

use poll_store::Due;

pub use crate::adapters::twilio::webhook::Notice;
use crate::kernel::shown::shows;
pub use apply::{Applied, apply};
pub use read::{list, read};
pub use receive::{Heard, ReceiveError, receive, receive_for_account};
pub use send::{NewMessage, SendError, send, send_test};

/// The longest text that Twilio takes, in characters (error 21617).
pub const LONGEST_BODY: usize = 1600;
/// Version of [`MessageRequested`].
const VERSION: u8 = 1;

/// Why a message is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MessagePurpose)]
pub enum Purpose {
    /// It belongs to something that the recipient asked for: sent at any hour.
    #[default]
    Service,
    /// It sells something: sent in the hours of canvassing only.
    Marketing,
}

impl Purpose {
    /// Reads the word of the contract.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        match typed.trim() {
            "service" => Ok(Self::Service),
            "marketing" => Ok(Self::Marketing),
            _ => Err(Invalid::new(
                "purpose_invalid",
                "L'objet d'un message est service ou marketing.",
                "The purpose of a message is service or marketing.",
            )),
        }
    }

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Marketing => "marketing",
        }
    }
}

/// Whether a message came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MessageDirection)]
pub enum Direction {
    /// To us.
    Inbound,
    /// From us.
    Outbound,
}

/// A status that a message had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Step {
    /// `queued`, `sending`, `sent`, `delivered`, `undelivered`, `failed`, `canceled`, `received` …
    pub status: String,
    /// When we heard of it.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A message.
#[derive(Clone, Serialize, ToSchema)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Whether it came or went.
    pub direction: Direction,
    /// Whom it went to.
    pub to: String,
    /// Whom it came from: a number or a name.
    pub from: String,
    /// The text.
    pub body: String,
    /// Why it was sent; null for one that came.
    #[schema(required)]
    pub purpose: Option<Purpose>,
    /// How far it is.
    pub status: String,
    /// Twilio's id of it.
    #[schema(required)]
    pub twilio_message_sid: Option<String>,
    /// Why it went no further: Twilio's error code, or a word of ours such as `recipient_opted_out`.
    #[schema(required)]
    pub error_code: Option<String>,
    /// What it is billed as.
    pub segments: i32,
    /// The contact with this number.
    #[schema(required)]
    pub contact_id: Option<ContactId>,
    /// From when on it may be sent: later than its creation for marketing outside its hours.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Timestamp,
    /// The message that this one repeats, because the telephone was off.
    #[schema(required)]
    pub retry_of: Option<MessageId>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Each status that it had, in order.
    pub history: Vec<Step>,
}

shows!(
    Message, id, direction, purpose, status, error_code, segments, contact_id
);

/// A message on the queue `messages`: send this one, or ask what became of it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct MessageRequested {
    /// Version of this format.
    pub v: u8,
    /// Whose message it is.
    pub organization_id: OrganizationId,
    /// Which one.
    pub message_id: MessageId,
    /// It was sent, and Twilio is asked what became of it.
    #[serde(default)]
    pub ask: bool,
}

/// Puts messages on the queue. One that is lost here is found by the sweep: the row is the promise.
pub(crate) async fn enqueue(
    app: &App,
    organization: OrganizationId,
    messages: &[MessageId],
) -> Result<(), QueueError> {
    let due: Vec<_> = messages
        .iter()
        .map(|message| Due {
            message: *message,
            ask: false,
        })
        .collect();
    enqueue_due(app, organization, &due).await
}

async fn enqueue_due(app: &App, organization: OrganizationId, due: &[Due]) -> Result<(), QueueError> {
    let outgoing: Vec<_> = due
        .iter()
        .map(|due| {
            let request = MessageRequested {
                v: VERSION,
                organization_id: organization,
                message_id: due.message,
                ask: due.ask,
            };
            Outgoing::new(organization.to_string(), &request)
        })
        .collect();
    app.queue()
        .await
        .send(&app.config.queue_messages_url, &outgoing)
        .await
}

/// How far a status is; higher ones are never taken back, and of two that end a message the first counts.
/// None for a word that nobody has seen before.
pub fn rank(status: &str) -> Option<i32> {
    Some(match status {
        "accepted" | "scheduled" => 0,
        "queued" => 1,
        "sending" | "receiving" => 2,
        "sent" => 3,
        "delivered" | "undelivered" | "failed" | "canceled" | "received" | "partially_delivered" => 4,
        "read" => 5,
        _ => return None,
    })
}

/// Whether a number is a landline of France, which takes no text messages.
fn is_landline(number: &PhoneNumber) -> bool {
    numbering::french_national(number.as_str())
        .is_some_and(|subscriber| subscriber.starts_with(['1', '2', '3', '4', '5', '9']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn landlines_take_no_messages() {
        for (number, landline) in [
            ("+33199001234", true),
            ("+33970000000", true),
            ("+33639981234", false),
            ("+33700000000", false),
            ("+32470123456", false),
        ] {
            assert_eq!(
                is_landline(&PhoneNumber::from_database(number.to_owned())),
                landline,
                "{number}"
            );
        }
    }

    ///
    #[test]
    fn statuses_have_their_order() {
        let order = ["accepted", "queued", "sending", "sent", "delivered", "read"];
        assert!(
            order
                .windows(2)
                .all(|pair| rank(pair[0]).unwrap() < rank(pair[1]).unwrap())
        );
        assert_eq!(rank("delivered"), rank("failed"));
        assert_eq!(rank("new-word"), None);
    }
}
