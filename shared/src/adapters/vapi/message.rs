//! A message of Vapi, proven and read: what kind it is, and what it wants to know.

use jiff::Timestamp;
use serde_json::Value;

use super::json;
use super::projection::Projection;
use crate::kernel::ids::{AssistantId, CampaignId, OrganizationId};
use crate::kernel::shown::shows;
use crate::kernel::{Country, Language, PhoneNumber};

/// The longest name of a kind that is kept.
const LONGEST_KIND: usize = 80;
/// Vapi allows 64 characters in the name of a function.
const LONGEST_NAME: usize = 64;
const LONGEST_ID: usize = 200;
/// A model calls a few tools at once.
const MOST_TOOL_CALLS: usize = 50;

/// The question that wants an answer even where nothing else of it can be read.
pub(super) const PREDIAL: &str = "campaign.predial";

/// Kinds that our assistants do not ask for, that come many times a minute, and that say nothing lasting.
const NOISE: [&str; 6] = [
    "assistant.speechStarted",
    "conversation-update",
    "model-output",
    "speech-update",
    "user-interrupted",
    "voice-input",
];

/// A message: everything that Vapi says in it, secrets included, so it is neither logged nor kept.
#[derive(Clone)]
pub struct Message {
    kind: String,
    content: Value,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Message({})", self.kind)
    }
}

/// What a message wants to know during the call.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Results of tools, in order.
    ToolCalls(Vec<ToolCall>),
    /// The same as it was asked before there were tools: one function, no id.
    FunctionCall(ToolCall),
    /// Which assistant takes an inbound call.
    Assistant,
    /// To whom a call is put through.
    TransferDestination,
    /// Whether a contact of Vapi's own campaigns may be dialled; nothing where it does not say whom.
    Predial(Option<Box<Predial>>),
}

/// Whom Vapi's own campaign is about to dial, and with which assistant of ours.
#[derive(Clone, PartialEq, Eq)]
pub struct Predial {
    /// Whom.
    pub phone: PhoneNumber,
    /// Vapi's id of the assistant, if it tells.
    pub vapi_assistant: Option<String>,
    /// Vapi's id of the number that would call, if it tells.
    pub vapi_phone_number: Option<String>,
    /// The organisation that we wrote on the assistant.
    pub organization: Option<OrganizationId>,
    /// Our id, which we wrote on the assistant.
    pub assistant: Option<AssistantId>,
    /// The campaign of ours that whoever made Vapi's wrote into its overrides.
    pub campaign: Option<CampaignId>,
}

shows!(
    Predial,
    vapi_assistant,
    vapi_phone_number,
    organization,
    assistant,
    campaign
);

/// A tool that the model calls.
#[derive(Clone, PartialEq)]
pub struct ToolCall {
    /// Vapi's id of it.
    pub id: String,
    /// Which tool.
    pub name: String,
    /// With what; nothing where it is not JSON.
    pub arguments: Option<Value>,
}

shows!(ToolCall, id, name);

impl Message {
    /// Reads a body: the envelope `{ message: { type, … } }`, or the older form with everything at the top.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut body = json::object(body)?;
        // The envelope never has a type of its own; the older form may have a `message`.
        let content = if body["type"].is_string() {
            body
        } else {
            body["message"].take()
        };
        let kind = json::text(&content["type"], LONGEST_KIND)?;
        // Vapi writes the name of the subscription as often as that of the kind.
        let kind = match kind.split_once('[') {
            Some(("transcript", _)) => "transcript".to_owned(),
            _ => kind,
        };
        Some(Self { kind, content })
    }

    /// The report of a call that we asked for, with everything where a webhook has it.
    pub(super) fn of_call(content: Value) -> Self {
        Self {
            kind: "end-of-call-report".to_owned(),
            content,
        }
    }

    /// What Vapi calls it.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    pub(super) fn content(&self) -> &Value {
        &self.content
    }

    /// What the assistant is set to speak, by Vapi's copy of its definition: for the one sentence that is said where our own
    /// rows cannot be asked.
    pub fn spoken(&self) -> Language {
        [&self.content["assistant"], &self.content["call"]["assistant"]]
            .into_iter()
            .find_map(|assistant| Language::parse(assistant["transcriber"]["language"].as_str()?).ok())
            .unwrap_or_default()
    }

    /// Whether it says nothing that lasts: the many small messages of a conversation, and half-heard sentences.
    pub fn is_noise(&self) -> bool {
        NOISE.contains(&self.kind.as_str())
            || (self.kind == "transcript" && self.content["transcriptType"] == "partial")
    }

    /// What it wants to know, if anything.
    pub fn question(&self) -> Option<Question> {
        match self.kind.as_str() {
            "tool-calls" => Some(Question::ToolCalls(self.tool_calls())),
            "function-call" => Some(Question::FunctionCall(tool_call(&self.content["functionCall"]))),
            "assistant-request" => Some(Question::Assistant),
            "transfer-destination-request" => Some(Question::TransferDestination),
            PREDIAL => Some(Question::Predial(self.predial().map(Box::new))),
            _ => None,
        }
    }

    /// By Vapi's contract the contact stands in the message, with its number; the customer beside it is the same person.
    fn predial(&self) -> Option<Predial> {
        let content = &self.content;
        let contact = &content["contact"];
        let number = [&contact["number"], &content["customer"]["number"]]
            .into_iter()
            .find_map(Value::as_str)?;
        let id = |values: [&Value; 2]| values.into_iter().find_map(|value| json::text(value, LONGEST_ID));
        // What is written on the contact comes before what is written on the assistant, as at Vapi.
        let written = [
            &contact["assistantOverrides"],
            &content["call"]["assistantOverrides"],
            &content["assistant"],
            &content["call"]["assistant"],
        ];
        let ours = |name: &str| {
            written
                .into_iter()
                .find_map(|holder| holder["metadata"][name].as_str())
        };
        Some(Predial {
            phone: PhoneNumber::parse(number, Country::FR).ok()?,
            vapi_assistant: id([&content["call"]["assistantId"], &content["assistant"]["id"]]),
            vapi_phone_number: id([&content["call"]["phoneNumberId"], &content["phoneNumber"]["id"]]),
            organization: ours("organization_id").and_then(|id| OrganizationId::parse(id).ok()),
            assistant: ours("assistant_id").and_then(|id| AssistantId::parse(id).ok()),
            campaign: ours("campaign_id").and_then(|id| CampaignId::parse(id).ok()),
        })
    }

    fn tool_calls(&self) -> Vec<ToolCall> {
        let list = |name: &str| self.content[name].as_array().filter(|list| !list.is_empty());
        if let Some(calls) = list("toolCallList").or_else(|| list("toolCalls")) {
            return calls.iter().take(MOST_TOOL_CALLS).map(tool_call).collect();
        }
        let calls = list("toolWithToolCallList").into_iter().flatten();
        calls
            .take(MOST_TOOL_CALLS)
            .map(|tool| {
                let mut call = tool_call(&tool["toolCall"]);
                if call.name.is_empty() {
                    call.name = name(&tool["function"]["name"]);
                }
                call
            })
            .collect()
    }

    /// What we keep of it.
    pub fn project(&self, received_at: Timestamp) -> Projection {
        Projection::of(self, received_at)
    }
}

/// Arguments come as a text with JSON (the schema), as an object (guides and live traffic), and in both flat forms
/// `{ id, name, arguments }` and `{ id, name, parameters }`.
fn tool_call(call: &Value) -> ToolCall {
    let function = &call["function"];
    let given = [function, call]
        .into_iter()
        .flat_map(|holder| [&holder["arguments"], &holder["parameters"]])
        .find(|given| !given.is_null());
    let arguments = match given {
        None => Some(Value::Object(serde_json::Map::new())),
        Some(Value::String(text)) if text.trim().is_empty() => Some(Value::Object(serde_json::Map::new())),
        Some(Value::String(text)) => serde_json::from_str(text).ok(),
        Some(given) => Some(given.clone()),
    };
    let named = if function["name"].is_null() {
        &call["name"]
    } else {
        &function["name"]
    };
    ToolCall {
        id: json::text(&call["id"], LONGEST_ID).unwrap_or_default(),
        name: name(named),
        arguments: arguments.filter(Value::is_object),
    }
}

/// A name on one line.
fn name(value: &Value) -> String {
    let name = json::text(value, LONGEST_NAME).unwrap_or_default();
    name.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(body: Value) -> Message {
        Message::parse(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_envelope_and_the_older_form_are_understood() {
        assert_eq!(message(json!({ "message": { "type": "hang" } })).kind(), "hang");
        assert_eq!(
            message(json!({ "type": "call-ended", "call": {} })).kind(),
            "call-ended"
        );
        let older = message(json!({ "type": "transcript", "message": { "role": "user", "content": "Oui" } }));
        assert_eq!(older.kind(), "transcript");
        let literal = message(json!({ "message": { "type": "transcript[transcriptType=\"final\"]" } }));
        assert_eq!(literal.kind(), "transcript");
        for odd in [
            json!({}),
            json!([]),
            json!({ "message": {} }),
            json!({ "type": 7 }),
            json!({ "message": "hang" }),
        ] {
            assert!(Message::parse(odd.to_string().as_bytes()).is_none(), "{odd}");
        }
    }

    #[test]
    fn arguments_are_read_in_each_of_their_shapes() {
        let arguments = json!({ "date": "2026-11-24" });
        for call in [
            json!({ "id": "c", "type": "function", "function": { "name": "book", "arguments": arguments.to_string() } }),
            json!({ "id": "c", "type": "function", "function": { "name": "book", "arguments": arguments } }),
            json!({ "id": "c", "name": "book", "arguments": arguments }),
            json!({ "id": "c", "name": "book", "parameters": arguments }),
            json!({ "id": "c", "name": "book", "parameters": arguments.to_string() }),
        ] {
            let wanted = vec![ToolCall {
                id: "c".to_owned(),
                name: "book".to_owned(),
                arguments: Some(arguments.clone()),
            }];
            let asked = message(json!({ "message": { "type": "tool-calls", "toolCallList": [call] } }));
            assert_eq!(
                asked.question(),
                Some(Question::ToolCalls(wanted.clone())),
                "{call}"
            );
            let with_tool = json!([{ "type": "function", "function": { "name": "book" }, "toolCall": call }]);
            let asked =
                message(json!({ "message": { "type": "tool-calls", "toolWithToolCallList": with_tool } }));
            assert_eq!(asked.question(), Some(Question::ToolCalls(wanted)), "{call}");
        }
    }

    #[test]
    fn arguments_that_are_not_an_object_are_told_apart_from_none() {
        let arguments = |call: Value| tool_call(&call).arguments;
        assert_eq!(arguments(json!({ "name": "book" })), Some(json!({})));
        assert_eq!(
            arguments(json!({ "name": "book", "arguments": "" })),
            Some(json!({}))
        );
        for odd in [json!("{"), json!("[1]"), json!([1]), json!(7), json!(true)] {
            assert_eq!(
                arguments(json!({ "name": "book", "arguments": odd })),
                None,
                "{odd}"
            );
        }
        assert_eq!(tool_call(&Value::Null).id, "");
        assert_eq!(tool_call(&json!({ "name": "a\nb" })).name, "a b");
    }

    #[test]
    fn half_heard_sentences_are_noise_and_whole_ones_are_not() {
        for (kind, noise) in [("partial", true), ("final", false)] {
            let heard = message(json!({ "message": { "type": "transcript", "transcriptType": kind } }));
            assert_eq!(heard.is_noise(), noise);
        }
        assert!(message(json!({ "message": { "type": "conversation-update" } })).is_noise());
        assert!(!message(json!({ "message": { "type": "hang" } })).is_noise());
    }
}
