//! Vapi's API: assistants, phone numbers, calls.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{OriginalUri, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::state::Stand;

mod assistants;
mod booking;
mod calls;
mod conversation;
pub(crate) mod errors;
mod life;
mod listing;
mod outputs;
mod phone_numbers;
mod placing;
pub(crate) mod predial;
mod report;
mod shapes;
mod storage;
mod talk;

use errors::VapiError;
use placing::overlay as apply_overrides;
pub(crate) use storage::storage_routes;

/// The routes under `/vapi`.
pub(crate) fn routes(stand: &Arc<Stand>) -> Router<Arc<Stand>> {
    Router::new()
        .route("/assistant", post(assistants::create).get(assistants::list))
        .route(
            "/assistant/{id}",
            get(assistants::read)
                .patch(assistants::change)
                .delete(assistants::delete),
        )
        .route(
            "/phone-number",
            post(phone_numbers::create).get(phone_numbers::list),
        )
        .route(
            "/phone-number/{id}",
            get(phone_numbers::read)
                .patch(phone_numbers::change)
                .delete(phone_numbers::delete),
        )
        .route("/call", post(calls::create).get(calls::list))
        .route(
            "/call/{id}",
            get(calls::read).patch(calls::change).delete(calls::delete),
        )
        .route("/call/{id}/{artifact}", get(calls::artifact))
        .method_not_allowed_fallback(not_found)
        .fallback(not_found)
        .layer(from_fn_with_state(Arc::clone(stand), with_key))
}

/// The framework behind Vapi answers 404 for a method that a path does not have.
async fn not_found(method: http::Method, OriginalUri(uri): OriginalUri) -> VapiError {
    let path = uri.path();
    let path = path.strip_prefix("/vapi").unwrap_or(path);
    VapiError::new(StatusCode::NOT_FOUND, format!("Cannot {method} {path}"))
}

async fn with_key(State(stand): State<Arc<Stand>>, request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let right =
        given.is_some_and(|key| bool::from(key.as_bytes().ct_eq(stand.settings.vapi_api_key.as_bytes())));
    if right {
        next.run(request).await
    } else {
        VapiError::unauthenticated().into_response()
    }
}

/// The body of a request: a JSON object.
fn object(headers: &HeaderMap, body: &Bytes) -> Result<Map<String, Value>, VapiError> {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/json"));
    if !is_json {
        return Err(VapiError::fault("body must be sent as application/json"));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(VapiError::fault("body must be an object")),
        Err(error) => Err(VapiError::new(
            StatusCode::BAD_REQUEST,
            format!("Unexpected token in JSON: {error}"),
        )),
    }
}

/// A path's id: everything at Vapi has a UUID.
fn checked_id(id: &str) -> Result<(), VapiError> {
    uuid::Uuid::try_parse(id)
        .map(|_| ())
        .map_err(|_| VapiError::new(StatusCode::BAD_REQUEST, "id must be a UUID"))
}

/// Refuses a request with faults.
fn accept(faults: Vec<String>) -> Result<(), VapiError> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(VapiError::faults(faults))
    }
}

/// Applies a change: each member replaces the former one, null clears it.
fn apply(resource: &mut Value, change: Map<String, Value>) {
    if let Some(members) = resource.as_object_mut() {
        for (name, value) in change {
            if value.is_null() {
                members.remove(&name);
            } else {
                members.insert(name, value);
            }
        }
        members.insert(
            "updatedAt".to_owned(),
            super::chance::iso(super::chance::now()).into(),
        );
    }
}
