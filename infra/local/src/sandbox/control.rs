//! `/_control`: what tests, the demo and outsiders see and set.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    behaviour::{Behaviour, Provider},
    state::Stand,
    twilio::{self, AccountRequest, Written},
    vapi::predial,
};

/// The routes under `/_control`.
pub(crate) fn routes() -> Router<Arc<Stand>> {
    Router::new()
        .route("/health", get(health))
        .route("/requests", get(requests))
        .route("/calls", get(calls))
        .route("/webhooks", get(webhooks))
        .route("/tool-calls", get(tool_calls))
        .route("/behaviour", put(set_behaviour).get(behaviour))
        .route("/vapi/assistants/{id}/predial", post(predial::ask))
        .route("/twilio/accounts/{sid}", put(set_account))
        .route("/twilio/inbound", post(write))
        .route("/reset", post(reset))
}

/// A sentence about what is wrong with a request.
struct Refused(String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({ "error": self.0 }))).into_response()
    }
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfProvider {
    provider: Option<Provider>,
}

async fn requests(
    State(stand): State<Arc<Stand>>,
    query: Result<Query<OfProvider>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Refused> {
    let Query(query) = query.map_err(|error| Refused(error.body_text()))?;
    let records: Vec<_> = stand
        .data()
        .requests
        .iter()
        .filter(|record| query.provider.is_none_or(|only| record.provider == only))
        .cloned()
        .collect();
    Ok(Json(records).into_response())
}

async fn calls(State(stand): State<Arc<Stand>>) -> Json<Value> {
    let data = stand.data();
    let calls = data.calls.iter().filter(|call| !call.refused).map(|call| {
        let status = &call.value["status"];
        // How a call ends is known from the beginning, but shown when it has.
        let outcome = (status == "ended").then_some(call.outcome);
        json!({
            "id": call.value["id"],
            "external_id": call.value["customer"]["externalId"],
            "number": call.value["customer"]["number"],
            "status": status,
            "outcome": outcome,
        })
    });
    Json(calls.collect())
}

async fn webhooks(State(stand): State<Arc<Stand>>) -> Response {
    let records: Vec<_> = stand.data().deliveries.iter().cloned().collect();
    Json(records).into_response()
}

async fn tool_calls(State(stand): State<Arc<Stand>>) -> Response {
    Json(stand.data().tool_calls.clone()).into_response()
}

async fn behaviour(State(stand): State<Arc<Stand>>) -> Json<Behaviour> {
    Json(stand.behaviour())
}

async fn set_behaviour(State(stand): State<Arc<Stand>>, body: Bytes) -> Result<Json<Behaviour>, Refused> {
    let behaviour = Behaviour::read(&body).map_err(Refused)?;
    stand.data().behave(behaviour.clone());
    Ok(Json(behaviour))
}

async fn set_account(
    State(stand): State<Arc<Stand>>,
    Path(sid): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let request = AccountRequest::read(&body).map_err(Refused)?;
    let answer = twilio::put_account(&mut stand.data().kept, &sid, request).map_err(Refused)?;
    stand.save();
    Ok(Json(answer))
}

/// An addition: somebody writes to a number of one of Twilio's accounts.
async fn write(State(stand): State<Arc<Stand>>, body: Bytes) -> Result<Json<Value>, Refused> {
    let written = Written::read(&body).map_err(Refused)?;
    written.receive(&stand).await.map(Json).map_err(Refused)
}

async fn reset(State(stand): State<Arc<Stand>>) -> Json<Value> {
    stand.data().reset();
    health().await
}
