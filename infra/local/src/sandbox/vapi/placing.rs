//! Placing a call: what is asked for is looked up, a slot is taken, and the call begins to live.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    errors::VapiError,
    life::{self, Plan},
    phone_numbers::check_ownership,
};
use crate::sandbox::{
    behaviour::{ConcurrencyMode, Outcome},
    chance::{Chance, iso, new_id, new_sid, now},
    state::{CallRecord, Data, Kept, Stand},
    twilio::AccountStatus,
};

/// What a call that was refused a slot ends with, as listings show it.
const OVER_LIMIT: &str = "call.start.error-subscription-concurrency-limit-reached";
/// Recording consent is for enterprise accounts only.
const NO_CONSENT_PLAN: &str = "call.start.error-enterprise-feature-not-available-recording-consent";
const NO_CONNECTION: &str = "twilio-failed-to-connect-call";

/// A request with everything it names looked up.
pub(crate) struct Order {
    members: Map<String, Value>,
    /// The assistant as it will speak: saved or transient, with the call's overrides.
    assistant: Value,
    /// The server comes from a saved assistant.
    saved_server: bool,
    phone_number: Value,
}

impl Order {
    /// Looks up the assistant and the number; the contract leaves all members optional and enforces their combinations.
    pub(crate) fn read(stand: &Stand, members: &Map<String, Value>) -> Result<Self, VapiError> {
        let data = stand.data();
        let has = |name: &str| members.contains_key(name);
        if !has("customer") && !has("customers") {
            let sentence = if has("customerId") {
                "customerId is not supported here, customer must be given"
            } else {
                "customer or customers must be given"
            };
            return Err(VapiError::fault(sentence));
        }
        let (assistant, saved) = match text(members, "assistantId") {
            Some(id) => (data.kept.assistants.get(id).cloned(), true),
            None => (members.get("assistant").cloned(), false),
        };
        let Some(mut assistant) = assistant else {
            return Err(match text(members, "assistantId") {
                Some(id) => missing("assistant", id),
                None => VapiError::fault("assistantId or assistant must be given"),
            });
        };
        let overrides = members.get("assistantOverrides");
        overlay(&mut assistant, overrides);
        Ok(Self {
            assistant,
            saved_server: saved && overrides.is_none_or(|overrides| overrides["server"].is_null()),
            phone_number: phone_number(&data.kept, members)?,
            members: members.clone(),
        })
    }
}

fn phone_number(kept: &Kept, members: &Map<String, Value>) -> Result<Value, VapiError> {
    if let Some(id) = text(members, "phoneNumberId") {
        let known = kept.phone_numbers.get(id).cloned();
        return known.ok_or_else(|| missing("phone number", id));
    }
    match members.get("phoneNumber") {
        Some(Value::Object(transient)) => {
            check_ownership(kept, transient, "twilioPhoneNumber")?;
            let mut number = Value::Object(transient.clone());
            number["number"] = transient["twilioPhoneNumber"].clone();
            Ok(number)
        }
        _ => Err(VapiError::fault("phoneNumberId or phoneNumber must be given")),
    }
}

fn missing(kind: &str, id: &str) -> VapiError {
    VapiError::new(
        StatusCode::BAD_REQUEST,
        format!("Couldn't find {kind} for id: {id}"),
    )
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}

/// Overrides replace whole members; their variables are kept under their own name.
pub(super) fn overlay(assistant: &mut Value, overrides: Option<&Value>) {
    let Some(members) = assistant.as_object_mut() else {
        return;
    };
    for (name, value) in overrides.and_then(Value::as_object).into_iter().flatten() {
        if name != "tools:append" {
            members.insert(name.clone(), value.clone());
        }
    }
}

/// Places one call; answers the call and what is left of the limit.
pub(crate) fn place(
    stand: &Arc<Stand>,
    order: &Order,
    customer: &Value,
) -> Result<(Value, Value), VapiError> {
    if customer["number"].as_str().is_none() {
        return Err(VapiError::fault("customer.number must be given"));
    }
    let mut assistant = order.assistant.clone();
    overlay(&mut assistant, customer.get("assistantOverrides"));
    let mut data = stand.data();
    let limit = data.behaviour.concurrency_limit;
    let blocked = data.calls.live >= limit;
    if blocked && data.behaviour.concurrency_mode == ConcurrencyMode::Error400 {
        return Err(VapiError::new(
            StatusCode::BAD_REQUEST,
            format!("Over Concurrency Limit. Your limit is {limit} concurrent calls."),
        ));
    }
    let mut call = new_call(&data.kept, order, &assistant, customer);
    let id = call["id"].as_str().unwrap_or_default().to_owned();
    if blocked {
        let answer = call.clone();
        call["status"] = json!("ended");
        call["endedReason"] = json!(OVER_LIMIT);
        data.calls.add(&id, record(call, Outcome::Failed, true));
        return Ok((answer, limits(true, limit, 0)));
    }
    let mut chance = Chance::of(stand.settings.seed, data.calls.asked);
    data.calls.asked += 1;
    data.calls.live += 1;
    let left = limit.saturating_sub(data.calls.live);
    let (outcome, broken) = destiny(&data, order, &assistant, customer, &mut chance);
    data.calls.add(&id, record(call.clone(), outcome, false));
    drop(data);
    let plan = Plan {
        id,
        outcome,
        broken,
        chance,
        assistant,
        saved_server: order.saved_server,
        phone_number: order.phone_number.clone(),
        customer: customer.clone(),
        wait: wait(&call),
    };
    life::begin(stand, plan);
    Ok((call, limits(false, limit, left)))
}

fn limits(blocked: bool, limit: u32, left: u32) -> Value {
    json!({
        "concurrencyBlocked": blocked,
        "concurrencyLimit": limit,
        "remainingConcurrentCalls": left,
    })
}

fn record(value: Value, outcome: Outcome, refused: bool) -> CallRecord {
    CallRecord {
        value,
        outcome,
        refused,
        erased: false,
    }
}

/// How the call will end, and the reason if it cannot even start.
fn destiny(
    data: &Data,
    order: &Order,
    assistant: &Value,
    customer: &Value,
    chance: &mut Chance,
) -> (Outcome, Option<&'static str>) {
    let drawn = data.behaviour.outcomes.draw(chance);
    if assistant["compliancePlan"]["recordingConsentPlan"].is_object() {
        return (Outcome::Failed, Some(NO_CONSENT_PLAN));
    }
    let sid = order.phone_number["twilioAccountSid"]
        .as_str()
        .unwrap_or_default();
    let usable = data.kept.accounts.get(sid).is_some_and(|account| {
        account.status == AccountStatus::Active
            && order.phone_number["twilioAuthToken"]
                .as_str()
                .is_none_or(|token| token == account.auth_token)
    });
    if !usable {
        return (Outcome::Failed, Some(NO_CONNECTION));
    }
    let number = customer["number"].as_str().unwrap_or_default();
    let forced = data.behaviour.numbers.get(number).copied();
    (forced.unwrap_or(drawn), None)
}

fn new_call(kept: &Kept, order: &Order, assistant: &Value, customer: &Value) -> Value {
    let id = new_id().to_string();
    let created = iso(now());
    let call_sid = new_sid("CA");
    let scheduled = order.members.contains_key("schedulePlan");
    let mut call = json!({
        "id": id,
        "orgId": kept.organisation,
        "type": "outboundPhoneCall",
        "status": if scheduled { "scheduled" } else { "queued" },
        "createdAt": created,
        "updatedAt": created,
        "customer": customer,
        "phoneCallProvider": "twilio",
        "phoneCallTransport": "pstn",
        "phoneCallProviderId": call_sid,
        "transport": {
            "provider": "twilio",
            "conversationType": "voice",
            "accountSid": order.phone_number["twilioAccountSid"],
            "callSid": call_sid,
        },
        "cost": 0,
        "costs": [],
    });
    for name in [
        "assistantId",
        "assistant",
        "assistantVersion",
        "assistantOverrides",
        "phoneNumberId",
        "phoneNumber",
        "name",
        "schedulePlan",
    ] {
        if let Some(value) = order.members.get(name) {
            call[name] = value.clone();
        }
    }
    if let Some(monitor) = monitor(&id, &assistant["monitorPlan"]) {
        call["monitor"] = monitor;
    }
    call
}

/// Both addresses are open to whoever has them, unless the plan says otherwise.
fn monitor(id: &str, plan: &Value) -> Option<Value> {
    let mut monitor = Map::new();
    for (enabled, member, path) in [
        ("listenEnabled", "listenUrl", "wss://calls.sandbox.invalid"),
        ("controlEnabled", "controlUrl", "https://calls.sandbox.invalid"),
    ] {
        if plan[enabled] != false {
            let kind = if member == "listenUrl" {
                "listen"
            } else {
                "control"
            };
            monitor.insert(member.to_owned(), json!(format!("{path}/{id}/{kind}")));
        }
    }
    (!monitor.is_empty()).then(|| monitor.into())
}

/// How long until a scheduled call may begin.
fn wait(call: &Value) -> Duration {
    call["schedulePlan"]["earliestAt"]
        .as_str()
        .and_then(|at| at.parse::<jiff::Timestamp>().ok())
        .and_then(|at| Duration::try_from(at.duration_since(now())).ok())
        .unwrap_or(Duration::ZERO)
}
