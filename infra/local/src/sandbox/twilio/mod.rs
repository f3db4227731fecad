//! Twilio's REST API: accounts, numbers, messages.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{OriginalUri, Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::state::Stand;

mod accounts;
mod carrier;
pub(crate) mod errors;
pub(crate) mod form;
mod inbound;
mod messages;
mod numbers;
mod overrides;
mod sending;
pub(crate) mod signature;
mod webhook;

pub(crate) use accounts::{Account, AccountRequest, AccountStatus, put_account, verify};
pub(crate) use inbound::Written;

use accounts::{Authority, authenticate};
use errors::TwilioError;

/// The routes under `/twilio`.
pub(crate) fn routes() -> Router<Arc<Stand>> {
    let base = "/2010-04-01/Accounts";
    Router::new()
        .route(&format!("{base}/{{file}}"), get(account))
        .route(
            &format!("{base}/{{account}}/IncomingPhoneNumbers.json"),
            get(numbers::list),
        )
        .route(
            &format!("{base}/{{account}}/IncomingPhoneNumbers/{{file}}"),
            get(numbers::read).post(numbers::update).delete(numbers::delete),
        )
        .route(
            &format!("{base}/{{account}}/Messages.json"),
            get(messages::list).post(messages::create),
        )
        .route(
            &format!("{base}/{{account}}/Messages/{{file}}"),
            get(messages::read)
                .post(messages::update)
                .delete(messages::delete),
        )
        .method_not_allowed_fallback(async || TwilioError::of_status(StatusCode::METHOD_NOT_ALLOWED))
        .fallback(not_found)
}

async fn not_found(OriginalUri(uri): OriginalUri) -> Response {
    let path = uri.path();
    TwilioError::not_found(path.strip_prefix("/twilio").unwrap_or(path)).into_response()
}

/// `GET /2010-04-01/Accounts/{Sid}.json`.
async fn account(
    State(stand): State<Arc<Stand>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, TwilioError> {
    let path = format!("/2010-04-01/Accounts/{file}");
    let sid = file
        .strip_suffix(".json")
        .ok_or_else(|| TwilioError::not_found(&path))?;
    let data = stand.data();
    // A standard API key does not reach the account itself.
    if authenticate(&data.kept, &headers, sid, &path)? == Authority::Key {
        return Err(TwilioError::new(
            StatusCode::FORBIDDEN,
            70051,
            "Authorization Error: the API key lacks the permission",
        ));
    }
    match data.kept.accounts.get(sid) {
        Some(account) => Ok(Json(accounts::resource(sid, account))),
        None => Err(TwilioError::not_found(&path)),
    }
}
