//! What we keep of a message: a few members under our own names, which travel on the queue and lie in the database.
//!
//! Messages carry Twilio tokens, addresses that let anybody speak into a call, prompts and our own webhook secret.
//! Nothing is copied whole, so none of it passes.

use std::fmt;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::message::{Message, ToolCall};
use super::{OBJECTION_TOOL, json};
use crate::kernel::ids::AttemptId;
use crate::kernel::shown::shows;

/// The version of this shape. A consumer that meets another leaves the message to the dead-letter queue.
const VERSION: u8 = 1;
/// The longest utterance that is kept, in characters.
pub(super) const LONGEST_UTTERANCE: usize = 4_000;
pub(super) const LONGEST_WORD: usize = 200;
/// The longest quote of an objection, in characters.
const LONGEST_QUOTE: usize = 1_000;

/// What we keep of a message.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    #[serde(deserialize_with = "known_version")]
    v: u8,
    /// What Vapi calls this kind of message.
    pub kind: String,
    /// When it happened, by Vapi's clock.
    pub occurred_at: Option<Timestamp>,
    /// When it came.
    pub received_at: Timestamp,
    /// By what its call can be found among ours.
    #[serde(default)]
    pub keys: Keys,
    /// Whether they called us, if that is said.
    pub inbound: Option<bool>,
    /// The number of the other side.
    pub phone: Option<String>,
    /// When Vapi accepted the call.
    pub call_created_at: Option<Timestamp>,
    /// When somebody answered.
    pub started_at: Option<Timestamp>,
    /// When the call was over.
    pub ended_at: Option<Timestamp>,
    /// What it says.
    pub fact: Fact,
}

shows!(Projection, kind, occurred_at, received_at, keys, inbound, fact);

/// By what a call can be found among ours, the surest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Our attempt.
    pub attempt: Option<AttemptId>,
    /// Vapi's id of the call.
    pub call: Option<String>,
    /// Vapi's id of the assistant.
    pub assistant: Option<String>,
    /// Vapi's id of the phone number.
    pub phone_number: Option<String>,
}

/// What a message says. `Debug` shows nothing of what people said.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// How far the call has come.
    Status {
        /// Vapi's word for it.
        status: String,
        /// Why it ended.
        ended_reason: Option<String>,
        /// To whom it is put through.
        destination: Option<String>,
    },
    /// What the call was, told after its end.
    Report(Box<Report>),
    /// Something that one side said.
    Said(Turn),
    /// Somebody was put through.
    Transfer {
        /// To whom; nothing where one assistant hands over to another.
        destination: Option<String>,
    },
    /// The model called tools.
    ToolCalls {
        /// Vapi's ids of the calls.
        ids: Vec<String>,
        /// Which tools.
        names: Vec<String>,
        /// The person objects, by the model's understanding.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        objection: Option<Objection>,
    },
    /// Anything else: stored and counted.
    Other,
}

impl fmt::Debug for Fact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status {
                status, ended_reason, ..
            } => write!(formatter, "Status({status}, {ended_reason:?})"),
            Self::Report(report) => report.fmt(formatter),
            Self::Said(turn) => turn.fmt(formatter),
            Self::Transfer { .. } => formatter.write_str("Transfer"),
            Self::ToolCalls { names, .. } => write!(formatter, "ToolCalls({names:?})"),
            Self::Other => formatter.write_str("Other"),
        }
    }
}

/// The person does not want to be called any more, and a model passed it on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// Vapi's id of the tool call.
    pub tool_call: String,
    /// In which words.
    pub quote: Option<String>,
}

shows!(Objection, tool_call);

impl Objection {
    /// What a tool call passes on, if it is one of these. Without the words, or with arguments that nobody can read, it is
    /// an objection all the same.
    pub fn of(call: &ToolCall) -> Option<Self> {
        let told = |arguments: &Value| json::text(&arguments["quote"], LONGEST_QUOTE);
        (call.name == OBJECTION_TOOL).then(|| Self {
            tool_call: call.id.clone(),
            quote: call.arguments.as_ref().and_then(told),
        })
    }
}

/// What a call was, told after its end.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Why it ended.
    pub ended_reason: Option<String>,
    /// In US dollars.
    pub cost: Option<Decimal>,
    /// `positive`, `neutral` or `negative`.
    pub sentiment: Option<String>,
    /// The same as a number.
    pub sentiment_score: Option<f64>,
    /// What judged it: `structured_output` or `analysis`.
    pub sentiment_source: Option<String>,
    /// What it was about.
    pub summary: Option<String>,
    /// Whether there is a recording to fetch.
    #[serde(default)]
    pub recording: bool,
    /// To whom it was put through.
    pub destination: Option<String>,
    /// Whether anybody took it there, if that is told.
    pub transferred: Option<bool>,
    /// What was said.
    #[serde(default)]
    pub turns: Vec<Turn>,
}

shows!(Report, ended_reason, cost, sentiment, recording, transferred);

/// Something that one side said.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Which side.
    pub role: Role,
    /// What.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

shows!(Turn, role, at);

/// A side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The voice assistant.
    Assistant,
    /// The person.
    User,
}

impl Role {
    /// As it is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assistant => "assistant",
            Self::User => "user",
        }
    }

    pub(super) fn read(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "assistant" | "bot" => Some(Self::Assistant),
            "user" => Some(Self::User),
            _ => None,
        }
    }
}

impl Projection {
    pub(super) fn of(message: &Message, received_at: Timestamp) -> Self {
        let content = message.content();
        let call = &content["call"];
        let occurred_at = json::instant(&content["timestamp"]);
        let first = |values: &[&Value]| values.iter().find_map(|value| json::instant(value));
        Self {
            v: VERSION,
            kind: message.kind().to_owned(),
            occurred_at,
            received_at,
            keys: Keys::of(content),
            inbound: match call["type"].as_str() {
                Some("inboundPhoneCall" | "webCall" | "vapi.websocketCall") => Some(true),
                Some("outboundPhoneCall") => Some(false),
                _ => None,
            },
            phone: [&content["customer"]["number"], &call["customer"]["number"]]
                .into_iter()
                .find_map(e164),
            call_created_at: json::instant(&call["createdAt"]),
            started_at: first(&[&content["startedAt"], &call["startedAt"]]),
            ended_at: first(&[&content["endedAt"], &call["endedAt"]]),
            fact: Fact::of(message, occurred_at.unwrap_or(received_at)),
        }
    }

    /// When it happened; when it came where that is not said.
    pub fn at(&self) -> Timestamp {
        self.occurred_at.unwrap_or(self.received_at)
    }
}

impl Keys {
    /// Our attempt is in `customer.externalId` and in the overrides' metadata; what else stands there is not read, since
    /// whose event it is follows from our rows alone.
    fn of(content: &Value) -> Self {
        let call = &content["call"];
        let id = |values: &[&Value]| values.iter().find_map(|value| json::text(value, LONGEST_WORD));
        let attempts = [
            &content["customer"]["externalId"],
            &call["customer"]["externalId"],
            &call["assistantOverrides"]["metadata"]["attempt_id"],
        ];
        Self {
            attempt: attempts
                .into_iter()
                .filter_map(Value::as_str)
                .find_map(|text| AttemptId::parse(text).ok()),
            call: id(&[&call["id"]]),
            assistant: id(&[&call["assistantId"], &content["assistant"]["id"]]),
            phone_number: id(&[&call["phoneNumberId"], &content["phoneNumber"]["id"]]),
        }
    }
}

/// E.164, or nothing: an inbound caller may hide, or come over SIP.
fn e164(value: &Value) -> Option<String> {
    let number = value.as_str()?;
    let digits = number.strip_prefix('+')?;
    let plausible = (6..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plausible.then(|| number.to_owned())
}

fn known_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    match u8::deserialize(deserializer)? {
        VERSION => Ok(VERSION),
        other => Err(serde::de::Error::custom(format!(
            "version {other} of a projection is not known"
        ))),
    }
}

#[cfg(test)]
#[path = "projection_tests.rs"]
mod tests;
