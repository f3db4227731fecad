//! Vapi's error shape: `{message, error, statusCode}`.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Value, json};

/// An error of Vapi's API.
#[derive(Debug)]
pub(crate) struct VapiError {
    status: StatusCode,
    message: Value,
}

impl VapiError {
    /// One sentence.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: Value::String(message.into()),
        }
    }

    /// What is wrong with a request: a list of sentences.
    pub(crate) fn faults(faults: Vec<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: faults.into(),
        }
    }

    /// One thing that is wrong with a request.
    pub(crate) fn fault(fault: impl Into<String>) -> Self {
        Self::faults(vec![fault.into()])
    }

    /// What it says, as one text.
    pub(crate) fn sentence(&self) -> String {
        match &self.message {
            Value::Array(sentences) => sentences
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(", "),
            message => message.as_str().unwrap_or_default().to_owned(),
        }
    }

    /// A key that is missing or wrong.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Invalid Key. Hot tip, you may be using the public key instead of the private key, or vice versa.",
        )
    }

    /// Nothing has this id.
    pub(crate) fn not_found(kind: &str, id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            format!("Couldn't find {kind} for id: {id}"),
        )
    }

    /// What Vapi would say with this status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::unauthenticated(),
            StatusCode::TOO_MANY_REQUESTS => Self::new(status, "Rate limit exceeded"),
            _ => Self::new(status, status.canonical_reason().unwrap_or("Error")),
        }
    }
}

impl IntoResponse for VapiError {
    fn into_response(self) -> Response {
        let body = json!({
            "message": self.message,
            "error": self.status.canonical_reason().unwrap_or("Error"),
            "statusCode": self.status.as_u16(),
        });
        (self.status, Json(body)).into_response()
    }
}
