//! `/call`.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::{
    accept, apply, checked_id,
    errors::VapiError,
    listing::Listing,
    object, placing,
    shapes::call::{CALL_CHANGE, CALL_ERASURE, NEW_CALL},
};
use crate::sandbox::{chance::new_id, state::Stand, validate::faults};

/// `POST /call`: one customer, or several at once.
pub(crate) async fn create(
    State(stand): State<Arc<Stand>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), VapiError> {
    let members = object(&headers, &body)?;
    accept(faults(&NEW_CALL, &members))?;
    let order = placing::Order::read(&stand, &members)?;
    let Some(Value::Array(customers)) = members.get("customers") else {
        let customer = members.get("customer").cloned().unwrap_or_default();
        let (mut call, limits) = placing::place(&stand, &order, &customer)?;
        call["subscriptionLimits"] = limits;
        return Ok((StatusCode::CREATED, Json(call)));
    };
    let (mut results, mut errors, mut last) = (Vec::new(), Vec::new(), Value::Null);
    for customer in customers {
        match placing::place(&stand, &order, customer) {
            Ok((call, limits)) => {
                results.push(call);
                last = limits;
            }
            Err(error) => errors.push(json!({
                "customer": customer,
                "error": error.sentence(),
            })),
        }
    }
    let answer = json!({ "results": results, "errors": errors, "subscriptionLimits": last });
    Ok((StatusCode::CREATED, Json(answer)))
}

/// `GET /call`.
pub(crate) async fn list(
    State(stand): State<Arc<Stand>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, VapiError> {
    let listing = Listing::read(query.as_deref(), &["id", "assistantId", "phoneNumberId"])?;
    let data = stand.data();
    let calls = data.calls.iter().rev().filter(|call| !call.erased);
    Ok(Json(listing.choose(calls.map(|call| &call.value))))
}

/// `GET /call/{id}`.
pub(crate) async fn read(
    State(stand): State<Arc<Stand>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, VapiError> {
    checked_id(&id)?;
    let data = stand.data();
    let call = data.calls.get(&id);
    call.map(|call| Json(call.value.clone()))
        .ok_or_else(|| VapiError::not_found("call", &id))
}

/// `PATCH /call/{id}`: only its name.
pub(crate) async fn change(
    State(stand): State<Arc<Stand>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, VapiError> {
    checked_id(&id)?;
    let members = object(&headers, &body)?;
    accept(faults(&CALL_CHANGE, &members))?;
    let mut data = stand.data();
    let call = data
        .calls
        .get_mut(&id)
        .ok_or_else(|| VapiError::not_found("call", &id))?;
    apply(&mut call.value, members);
    Ok(Json(call.value.clone()))
}

/// `DELETE /call/{id}`: erases what was said; a JSON body is required, `{}` or `{"ids": […]}`.
pub(crate) async fn delete(
    State(stand): State<Arc<Stand>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, VapiError> {
    checked_id(&id)?;
    let members = object(&headers, &body)?;
    accept(faults(&CALL_ERASURE, &members))?;
    let mut data = stand.data();
    let call = data
        .calls
        .get_mut(&id)
        .ok_or_else(|| VapiError::not_found("call", &id))?;
    let value = call.value.clone();
    call.erase();
    let others = members.get("ids").and_then(Value::as_array);
    for other in others.into_iter().flatten().filter_map(Value::as_str) {
        if let Some(call) = data.calls.get_mut(other) {
            call.erase();
        }
    }
    Ok(Json(value))
}

const RECORDINGS: [&str; 4] = [
    "mono-recording",
    "stereo-recording",
    "customer-recording",
    "assistant-recording",
];

/// `GET /call/{id}/mono-recording` and the like: 302 to an address that holds for a short time.
pub(crate) async fn artifact(
    State(stand): State<Arc<Stand>>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, VapiError> {
    checked_id(&id)?;
    let data = stand.data();
    let recorded = data
        .calls
        .get(&id)
        .is_some_and(|call| call.value["artifact"]["recording"].is_object());
    if !recorded || !RECORDINGS.contains(&name.as_str()) {
        return Err(VapiError::not_found(&name, &id));
    }
    let address = format!("/_storage/{id}/{name}.wav?signature={}", new_id().simple());
    Ok((StatusCode::FOUND, [(header::LOCATION, address)]).into_response())
}
