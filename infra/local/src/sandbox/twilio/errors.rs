//! Twilio's error shape: `{code, message, more_info, status}`.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Value, json};

/// An error of Twilio's REST API.
#[derive(Debug)]
pub(crate) struct TwilioError {
    status: StatusCode,
    code: u32,
    message: String,
}

impl TwilioError {
    /// Any error.
    pub(crate) fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// 400 with a code.
    pub(crate) fn bad_request(code: u32, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// Wrong or missing credentials.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 20003, "Authenticate")
    }

    /// No such resource, or not one of these credentials.
    pub(crate) fn not_found(path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            20404,
            format!("The requested resource {path} was not found"),
        )
    }

    /// What Twilio would say with this status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, message) = match status.as_u16() {
            400 => (20001, "Bad request"),
            401 => return Self::unauthenticated(),
            403 => (20403, "Account suspended or closed"),
            404 => (20404, "The requested resource was not found"),
            405 => (20004, "Method not allowed"),
            413 => (20413, "Request entity too large"),
            429 => (20429, "Too Many Requests"),
            503 => (20503, "Service is unavailable. Please try again."),
            _ => (20500, "Internal Server Error"),
        };
        Self::new(status, code, message)
    }
}

impl IntoResponse for TwilioError {
    fn into_response(self) -> Response {
        let body: Value = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status.as_u16(),
        });
        (self.status, Json(body)).into_response()
    }
}
