//! What the gate was asked, as it is stored beside its answer: enough to ask again and get the same one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::gate::{self, Decision, GateCampaign, GateContact, History, Line};
use crate::assistants::Compliance;
use crate::kernel::hex;

/// The version of the stored form.
const VERSION: u8 = 4;
/// The form from before the gate asked about the line.
const WITHOUT_LINE: u8 = 3;
/// The form from before the gate asked about the assistant.
const WITHOUT_ASSISTANT: u8 = 2;

#[derive(Serialize)]
struct Asked<'a> {
    v: u8,
    now: Timestamp,
    contact: &'a GateContact,
    campaign: &'a GateCampaign,
    history: &'a History,
}

#[derive(Deserialize)]
struct Stored {
    v: u8,
    now: Timestamp,
    contact: GateContact,
    campaign: GateCampaign,
    history: History,
}

/// What the gate was asked.
pub fn inputs(contact: &GateContact, campaign: &GateCampaign, history: &History, now: Timestamp) -> Value {
    // Structs of texts, numbers and instants always serialise.
    serde_json::to_value(Asked {
        v: VERSION,
        now,
        contact,
        campaign,
        history,
    })
    .unwrap_or_default()
}

/// Asks the gate again; nothing where the inputs are of an unknown version.
pub fn replay(inputs: &Value) -> Option<Decision> {
    let mut inputs = inputs.as_object()?.clone();
    if inputs.get("v")? == WITHOUT_ASSISTANT {
        // It took for granted what it asks for today.
        let now: Timestamp = serde_json::from_value(inputs.get("now")?.clone()).ok()?;
        let assistant = serde_json::to_value(Compliance::checked(now)).ok()?;
        let campaign = inputs.get_mut("campaign")?.as_object_mut()?;
        campaign.insert("assistant".to_owned(), assistant);
        inputs.insert("v".to_owned(), WITHOUT_LINE.into());
    }
    if inputs.get("v")? == WITHOUT_LINE {
        let line = serde_json::to_value(Line::ToCome).ok()?;
        let history = inputs.get_mut("history")?.as_object_mut()?;
        history.insert("line".to_owned(), line);
        inputs.insert("v".to_owned(), VERSION.into());
    }
    let stored: Stored = serde_json::from_value(Value::Object(inputs)).ok()?;
    (stored.v == VERSION)
        .then(|| gate::decide(&stored.contact, &stored.campaign, &stored.history, stored.now))
}

/// SHA-256 of the inputs as compact JSON with sorted keys, in hexadecimal: whoever checks it writes them so again.
pub fn inputs_hash(inputs: &Value) -> String {
    hex(&Sha256::digest(inputs.to_string()))
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
