//! An event of Vapi as we see it: by what it is known, whose it may be, and what the product calls it.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::adapters::vapi::webhook::{Fact, Projection};
use crate::db::edge::EventKeys;

/// What the timeline calls the end of all calls to somebody who objected in this one.
pub(super) const OBJECTION: &str = "consent-withdrawn";
/// How far from its coming an event's own time is believed: Vapi tries again for minutes.
const BELIEVED: SignedDuration = SignedDuration::from_hours(24 * 28);

pub(super) fn keys(event: &Projection) -> EventKeys {
    EventKeys {
        attempt: event.keys.attempt,
        vapi_call_id: event.keys.call.clone(),
        vapi_assistant_id: event.keys.assistant.clone(),
        vapi_phone_number_id: event.keys.phone_number.clone(),
    }
}

pub(super) fn is_about_a_call(event: &Projection) -> bool {
    event.keys.call.is_some() || event.keys.attempt.is_some()
}

/// When a call was created that we have no attempt of. A time that cannot be right would ask for a partition of its own.
pub(super) fn created_at(event: &Projection) -> Timestamp {
    let told = event.call_created_at.unwrap_or(event.at());
    if told.duration_since(event.received_at).abs() > BELIEVED {
        return event.received_at;
    }
    told
}

/// What the product calls it.
pub(super) fn name(event: &Projection) -> Option<&'static str> {
    match &event.fact {
        Fact::Status { status, .. } if status == "in-progress" => Some("call-started"),
        Fact::Status { status, .. } if status == "forwarding" => Some("transfer"),
        Fact::Transfer { destination: Some(_) } => Some("transfer"),
        Fact::Report(_) => Some("call-ended"),
        Fact::Said(_) => Some("transcript"),
        Fact::Other if event.kind == "appointment-booked" => Some("appointment-booked"),
        _ => None,
    }
}

/// The same for every delivery of one event, and for no other: Vapi gives none an id, and two
/// deliveries of one report differ byte for byte.
pub(super) fn dedupe_key(event: &Projection) -> String {
    let attempt = event.keys.attempt.map(|attempt| attempt.0.to_string());
    let subject = event.keys.call.as_deref().or(attempt.as_deref()).unwrap_or("-");
    let at = event
        .occurred_at
        .map(Timestamp::as_millisecond)
        .unwrap_or_default();
    match &event.fact {
        Fact::Report(_) => format!("report:{subject}"),
        Fact::Status { status, .. } => format!("status:{subject}:{status}"),
        Fact::Said(turn) => format!(
            "said:{subject}:{}:{at}:{}",
            turn.role.as_str(),
            digest(&turn.text)
        ),
        Fact::Transfer { destination } => {
            format!(
                "transfer:{subject}:{}:{at}",
                destination.as_deref().unwrap_or("-")
            )
        }
        Fact::ToolCalls { ids, .. } if !ids.is_empty() => {
            format!("tools:{subject}:{}", digest(&ids.join("\n")))
        }
        Fact::ToolCalls { .. } | Fact::Other => format!("{}:{subject}:{at}", event.kind),
    }
}

/// 128 bits of SHA-256.
fn digest(text: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(text)[..16]);
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(members: Value) -> Projection {
        let mut event = json!({
            "v": 1, "kind": "hang", "occurred_at": "2026-11-24T10:00:00Z", "received_at": "2026-11-24T10:00:01Z",
            "keys": { "call": "c" }, "fact": "other",
        });
        for (name, value) in members.as_object().unwrap() {
            event[name] = value.clone();
        }
        serde_json::from_value(event).unwrap()
    }

    fn said(text: &str) -> Value {
        json!({ "said": { "role": "user", "text": text, "at": "2026-11-24T10:00:00Z" } })
    }

    #[test]
    fn an_event_is_known_by_its_meaning() {
        let key = |members: Value| dedupe_key(&event(members));
        let later = "2026-11-24T10:00:05Z";
        let status = json!({ "status": { "status": "ringing" } });
        let report = json!({ "report": { "summary": "a" } });
        // The time does not tell two deliveries of these apart.
        for fact in [&status, &report] {
            assert_eq!(
                key(json!({ "fact": fact })),
                key(json!({ "fact": fact, "occurred_at": later }))
            );
        }
        assert_eq!(
            key(json!({ "fact": report })),
            key(json!({ "fact": { "report": { "summary": "b" } } }))
        );
        // It tells two utterances apart, and so does what is said.
        assert_eq!(
            key(json!({ "fact": said("Oui.") })),
            key(json!({ "fact": said("Oui.") }))
        );
        assert_ne!(
            key(json!({ "fact": said("Oui.") })),
            key(json!({ "fact": said("Non.") }))
        );
        assert_ne!(
            key(json!({ "fact": said("Oui.") })),
            key(json!({ "fact": said("Oui."), "occurred_at": later }))
        );
        assert_ne!(key(json!({})), key(json!({ "kind": "teleportation" })));
        assert_ne!(
            key(json!({ "fact": status })),
            key(json!({ "fact": status, "keys": { "call": "d" } }))
        );
        let tools = |id: &str| json!({ "fact": { "tool_calls": { "ids": [id], "names": ["book"] } } });
        assert_eq!(key(tools("1")), key(tools("1")));
        assert_ne!(key(tools("1")), key(tools("2")));
    }

    #[test]
    fn an_unlikely_time_of_creation_is_not_believed() {
        let created = |at: &str| created_at(&event(json!({ "call_created_at": at }))).to_string();
        assert_eq!(created("2026-11-24T09:00:00Z"), "2026-11-24T09:00:00Z");
        assert_eq!(created("2020-01-01T00:00:00Z"), "2026-11-24T10:00:01Z");
        assert_eq!(created("2030-01-01T00:00:00Z"), "2026-11-24T10:00:01Z");
    }

    #[test]
    fn the_product_knows_five_events() {
        let named = |members: Value| name(&event(members));
        let status = |status: &str| json!({ "fact": { "status": { "status": status } } });
        assert_eq!(named(status("in-progress")), Some("call-started"));
        assert_eq!(named(status("forwarding")), Some("transfer"));
        assert_eq!(
            named(json!({ "fact": { "transfer": { "destination": "+33199000000" } } })),
            Some("transfer")
        );
        assert_eq!(named(json!({ "fact": { "report": {} } })), Some("call-ended"));
        assert_eq!(named(json!({ "fact": said("Oui.") })), Some("transcript"));
        assert_eq!(
            named(json!({ "kind": "appointment-booked" })),
            Some("appointment-booked")
        );
        for unnamed in [
            status("ringing"),
            status("ended"),
            json!({}),
            json!({ "fact": { "transfer": {} } }),
        ] {
            assert_eq!(named(unnamed.clone()), None, "{unnamed}");
        }
    }
}
