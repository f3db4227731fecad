//! `/assistant`.

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
    shapes::assistant::ASSISTANT,
};
use crate::sandbox::{
    chance::{iso, new_id, now},
    state::Stand,
    validate::{faults, faults_of_change},
};

/// `POST /assistant`.
pub(crate) async fn create(
    State(stand): State<Arc<Stand>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), VapiError> {
    let mut members = object(&headers, &body)?;
    let mut found = faults(&ASSISTANT, &members);
    found.extend(credential_fault(&stand, &members));
    accept(found)?;
    let id = new_id().to_string();
    let created = iso(now());
    let organisation = stand.data().kept.organisation.clone();
    members.insert("id".to_owned(), json!(id));
    members.insert("orgId".to_owned(), json!(organisation));
    members.insert("createdAt".to_owned(), json!(created));
    members.insert("updatedAt".to_owned(), json!(created));
    let assistant = Value::Object(members);
    stand.data().kept.assistants.insert(id, assistant.clone());
    stand.save();
    Ok((StatusCode::CREATED, Json(assistant)))
}

/// `GET /assistant`.
pub(crate) async fn list(
    State(stand): State<Arc<Stand>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, VapiError> {
    let listing = Listing::read(query.as_deref(), &[])?;
    let data = stand.data();
    let assistants = newest_first(data.kept.assistants.values());
    Ok(Json(listing.choose(assistants.into_iter())))
}

/// `GET /assistant/{id}`.
pub(crate) async fn read(
    State(stand): State<Arc<Stand>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, VapiError> {
    checked_id(&id)?;
    let data = stand.data();
    let assistant = data.kept.assistants.get(&id);
    assistant
        .map(|assistant| Json(assistant.clone()))
        .ok_or_else(|| VapiError::not_found("assistant", &id))
}

/// `PATCH /assistant/{id}`.
pub(crate) async fn change(
    State(stand): State<Arc<Stand>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, VapiError> {
    checked_id(&id)?;
    let members = object(&headers, &body)?;
    let mut found = faults_of_change(&ASSISTANT, &members);
    found.extend(credential_fault(&stand, &members));
    accept(found)?;
    let changed = {
        let mut data = stand.data();
        let assistant = data
            .kept
            .assistants
            .get_mut(&id)
            .ok_or_else(|| VapiError::not_found("assistant", &id))?;
        apply(assistant, members);
        assistant.clone()
    };
    stand.save();
    Ok(Json(changed))
}

/// `DELETE /assistant/{id}`. Calls that run keep what they began with.
pub(crate) async fn delete(
    State(stand): State<Arc<Stand>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, VapiError> {
    checked_id(&id)?;
    let removed = stand.data().kept.assistants.remove(&id);
    let assistant = removed.ok_or_else(|| VapiError::not_found("assistant", &id))?;
    stand.save();
    Ok(Json(assistant))
}

/// A server may only name the credential that exists.
fn credential_fault(stand: &Stand, members: &Map<String, Value>) -> Option<String> {
    let named = members.get("server")?["credentialId"].as_str()?;
    let known = stand.settings.vapi_credential_id.as_deref();
    (known != Some(named)).then(|| format!("server.credentialId: couldn't find credential for id: {named}"))
}
