//! What a message says, in Vapi's names of today and in those of the application before this one.

use jiff::Timestamp;
use serde_json::Value;

use super::json;
use super::message::{Message, Question};
use super::projection::{Fact, LONGEST_UTTERANCE, LONGEST_WORD, Objection, Role, Turn};
use super::report;

impl Fact {
    /// Vapi's names of today; the others come from the application before this one.
    pub(super) fn of(message: &Message, at: Timestamp) -> Self {
        let content = message.content();
        let status = |status: &str| Self::Status {
            status: status.to_owned(),
            ended_reason: None,
            destination: destination(content),
        };
        match message.kind() {
            "status-update" => match json::text(&content["status"], LONGEST_WORD) {
                Some(status) => Self::Status {
                    status,
                    ended_reason: ended_reason(content),
                    destination: destination(content),
                },
                None => Self::Other,
            },
            "call-started" | "call.started" => status("in-progress"),
            "transfer" | "call-forwarding-started" => status("forwarding"),
            "end-of-call-report" | "call-ended" | "call.ended" => {
                Self::Report(Box::new(report::of(content, at)))
            }
            "transcript" => said(content, at).map_or(Self::Other, Self::Said),
            "transfer-update" => Self::Transfer {
                destination: destination(content),
            },
            "tool-calls" => match message.question() {
                Some(Question::ToolCalls(calls)) => Self::ToolCalls {
                    objection: calls.iter().find_map(Objection::of),
                    ids: calls.iter().map(|call| call.id.clone()).collect(),
                    names: calls.into_iter().map(|call| call.name).collect(),
                },
                _ => Self::Other,
            },
            "function-call" => match message.question() {
                Some(Question::FunctionCall(call)) if Objection::of(&call).is_some() => Self::ToolCalls {
                    objection: Objection::of(&call),
                    ids: Vec::new(),
                    names: vec![call.name],
                },
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

pub(super) fn ended_reason(content: &Value) -> Option<String> {
    [&content["endedReason"], &content["call"]["endedReason"]]
        .into_iter()
        .find_map(|reason| json::text(reason, LONGEST_WORD))
}

/// A number or an address to which a person is put through; another assistant is none.
pub(super) fn destination(content: &Value) -> Option<String> {
    [&content["destination"], &content["call"]["destination"]]
        .into_iter()
        .find_map(address)
}

pub(super) fn address(destination: &Value) -> Option<String> {
    if destination["type"] == "assistant" {
        return None;
    }
    [&destination["number"], &destination["sipUri"], destination]
        .into_iter()
        .find_map(|address| json::text(address, LONGEST_WORD))
}

/// An utterance: at the top, or, in the older form, within `message`.
fn said(content: &Value, at: Timestamp) -> Option<Turn> {
    let older = &content["message"];
    let texts = [
        &content["transcript"],
        &older["transcript"],
        &older["content"],
        &older["text"],
        older,
        &content["call"]["transcript"],
    ];
    Some(Turn {
        role: Role::read(&content["role"])
            .or_else(|| Role::read(&older["role"]))
            .unwrap_or(Role::User),
        text: texts
            .into_iter()
            .find_map(|text| json::text(text, LONGEST_UTTERANCE))?,
        at,
    })
}
