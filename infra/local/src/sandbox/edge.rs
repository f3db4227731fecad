//! The door of both APIs: writes down each request and makes it fail as the behaviour says.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde_json::{Map, Value};

use super::{
    behaviour::Provider,
    chance::{iso, now},
    state::{Fault, RequestRecord, Stand},
    twilio::errors::TwilioError,
    vapi::errors::VapiError,
};

/// Above this, a request is refused.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// What the door knows.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) stand: Arc<Stand>,
    pub(crate) provider: Provider,
}

/// Middleware of one provider's routes; it sees paths as the provider has them.
pub(crate) async fn enter(State(door): State<Door>, request: Request, next: Next) -> Response {
    // A task of its own: a client that gives up waiting does not stop what it asked for, just as with a real provider.
    match tokio::spawn(carry_out(door, request, next)).await {
        Ok(response) => response,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn carry_out(door: Door, request: Request, next: Next) -> Response {
    let at = iso(now());
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    let query = request.uri().query().map(str::to_owned);
    let fault = door.stand.data().take_fault(door.provider, &method, &path);
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, BODY_LIMIT).await else {
        return door.error(413);
    };
    let body = readable(&bytes, parts.headers.get(header::CONTENT_TYPE));
    let request = Request::from_parts(parts, Body::from(bytes));
    let response = match fault {
        None => next.run(request).await,
        Some(fault) => door.fail(fault, request, next).await,
    };
    let status = match response.extensions().get::<Cut>() {
        Some(Cut) => 0,
        None => response.status().as_u16(),
    };
    door.stand.data().record(RequestRecord {
        provider: door.provider,
        method,
        path,
        query,
        body,
        status,
        at,
    });
    response
}

impl Door {
    async fn fail(&self, fault: Fault, request: Request, next: Next) -> Response {
        if fault.after_accepting {
            let _ = next.run(request).await;
            tokio::time::sleep(fault.latency).await;
            return match fault.status {
                Some(status) => self.error(status),
                None => cut(),
            };
        }
        tokio::time::sleep(fault.latency).await;
        match fault.status {
            Some(status) => self.error(status),
            None => next.run(request).await,
        }
    }

    fn error(&self, status: u16) -> Response {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match self.provider {
            Provider::Vapi => VapiError::of_status(status).into_response(),
            Provider::Twilio => TwilioError::of_status(status).into_response(),
        }
    }
}

/// Marks an answer that closes the connection instead of arriving.
#[derive(Clone)]
struct Cut;

/// An answer whose body breaks at once: the server closes the connection before the first byte leaves.
fn cut() -> Response {
    let broken =
        futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("closed on purpose")) });
    let mut response = Response::new(Body::from_stream(broken));
    response.extensions_mut().insert(Cut);
    response
}

/// The body as JSON: a form becomes an object, whose repeated names become lists; nothing becomes null.
fn readable(bytes: &Bytes, kind: Option<&http::HeaderValue>) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    let form = kind
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if form {
        let mut members = Map::new();
        for (name, value) in super::twilio::form::pairs(bytes) {
            match members.get_mut(&name) {
                None => {
                    members.insert(name, value.into());
                }
                Some(Value::Array(values)) => values.push(value.into()),
                Some(first) => *first = Value::Array(vec![first.take(), value.into()]),
            }
        }
        return members.into();
    }
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}
