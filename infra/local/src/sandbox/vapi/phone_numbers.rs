//! `/phone-number`: numbers brought from Twilio.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::{
    accept, apply, checked_id,
    errors::VapiError,
    listing::{Listing, newest_first},
    object,
    shapes::phone_number::NEW_PHONE_NUMBER,
};
use crate::sandbox::{
    chance::{iso, new_id, now},
    state::{Kept, Stand},
    twilio::{AccountStatus, verify},
    validate::{faults, faults_of_change},
};

/// Where Twilio sends the calls and messages of a number once Vapi has it.
const VOICE_WEBHOOK: &str = "https://api.vapi.ai/twilio/inbound_call";
const SMS_WEBHOOK: &str = "https://api.vapi.ai/twilio/sms";

/// `POST /phone-number`.
pub(crate) async fn create(
    State(stand): State<Arc<Stand>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), VapiError> {
    let mut members = object(&headers, &body)?;
    accept(faults(&NEW_PHONE_NUMBER, &members))?;
    let number = {
        let mut data = stand.data();
        check_ownership(&data.kept, &members, "number")?;
        check_assistant(&data.kept, &members)?;
        let id = new_id().to_string();
        let created = iso(now());
        members.entry("smsEnabled").or_insert(json!(true));
        members.insert("id".to_owned(), json!(id));
        members.insert("orgId".to_owned(), json!(data.kept.organisation));
        members.insert("createdAt".to_owned(), json!(created));
        members.insert("updatedAt".to_owned(), json!(created));
        members.insert("status".to_owned(), json!("active"));
        let number = Value::Object(members);
        take_webhooks(&mut data.kept, &number);
        data.kept.phone_numbers.insert(id, number.clone());
        number
    };
    stand.save();
    Ok((StatusCode::CREATED, Json(number)))
}

/// `GET /phone-number`.
pub(crate) async fn list(
    State(stand): State<Arc<Stand>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, VapiError> {
    let listing = Listing::read(query.as_deref(), &[])?;
    let data = stand.data();
    let numbers = newest_first(data.kept.phone_numbers.values());
    Ok(Json(listing.choose(numbers.into_iter())))
}

/// `GET /phone-number/{id}`.
pub(crate) async fn read(
    State(stand): State<Arc<Stand>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, VapiError> {
    checked_id(&id)?;
    let data = stand.data();
    let number = data.kept.phone_numbers.get(&id);
    number
        .map(|number| Json(number.clone()))
        .ok_or_else(|| VapiError::not_found("phone number", &id))
}

/// `PATCH /phone-number/{id}`.
pub(crate) async fn change(
    State(stand): State<Arc<Stand>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, VapiError> {
    checked_id(&id)?;
    let members = object(&headers, &body)?;
    accept(faults_of_change(&NEW_PHONE_NUMBER, &members))?;
    let changed = {
        let mut data = stand.data();
        let mut number = data
            .kept
            .phone_numbers
            .get(&id)
            .cloned()
            .ok_or_else(|| VapiError::not_found("phone number", &id))?;
        apply(&mut number, members);
        if let Some(members) = number.as_object() {
            check_ownership(&data.kept, members, "number")?;
            check_assistant(&data.kept, members)?;
        }
        take_webhooks(&mut data.kept, &number);
        data.kept.phone_numbers.insert(id, number.clone());
        number
    };
    stand.save();
    Ok(Json(changed))
}

/// `DELETE /phone-number/{id}`.
pub(crate) async fn delete(
    State(stand): State<Arc<Stand>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, VapiError> {
    checked_id(&id)?;
    let removed = stand.data().kept.phone_numbers.remove(&id);
    let number = removed.ok_or_else(|| VapiError::not_found("phone number", &id))?;
    stand.save();
    Ok(Json(number))
}

/// Whether Twilio accepts the credentials and the number is the account's; `member` names the number.
pub(crate) fn check_ownership(
    kept: &Kept,
    members: &Map<String, Value>,
    member: &str,
) -> Result<(), VapiError> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let sid = text("twilioAccountSid").unwrap_or_default();
    // Given both, the auth token wins over the API key.
    let (user, password) = match (
        text("twilioAuthToken"),
        text("twilioApiKey"),
        text("twilioApiSecret"),
    ) {
        (Some(token), _, _) => (sid, token),
        (None, Some(key), Some(secret)) => (key, secret),
        _ => {
            return Err(VapiError::fault(
                "twilioAuthToken, or twilioApiKey with twilioApiSecret, must be given",
            ));
        }
    };
    let account = match verify(kept, user, password) {
        Some((owner, _)) if owner == sid => kept.accounts.get(sid),
        _ => None,
    };
    let Some(account) = account.filter(|account| account.status == AccountStatus::Active) else {
        return Err(VapiError::new(
            StatusCode::BAD_REQUEST,
            "Number Validation Failed. Twilio Error: Authenticate. Hot Tip, Check That Your Twilio Account SID And Auth Token Are Correct.",
        ));
    };
    let number = text(member).unwrap_or_default();
    if account.numbers.iter().any(|held| held["phone_number"] == number) {
        return Ok(());
    }
    Err(VapiError::new(
        StatusCode::BAD_REQUEST,
        format!("Number Not Found In Twilio Account: {number}"),
    ))
}

fn check_assistant(kept: &Kept, members: &Map<String, Value>) -> Result<(), VapiError> {
    match members.get("assistantId").and_then(Value::as_str) {
        Some(id) if !kept.assistants.contains_key(id) => Err(VapiError::new(
            StatusCode::BAD_REQUEST,
            format!("Couldn't find assistant for id: {id}"),
        )),
        _ => Ok(()),
    }
}

/// Import rewrites the voice webhook at Twilio always, the messaging webhook unless `smsEnabled` is false.
fn take_webhooks(kept: &mut Kept, number: &Value) {
    let held = number["twilioAccountSid"]
        .as_str()
        .and_then(|sid| kept.accounts.get_mut(sid))
        .and_then(|account| {
            account
                .numbers
                .iter_mut()
                .find(|held| held["phone_number"] == number["number"])
        });
    if let Some(held) = held {
        held["voice_url"] = json!(VOICE_WEBHOOK);
        if number["smsEnabled"] != false {
            held["sms_url"] = json!(SMS_WEBHOOK);
        }
    }
}
