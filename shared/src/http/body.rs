//! Bodies: JSON objects, read whole within a limit, with a precise refusal for each way of being unreadable.

use axum::body::Body;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::edge::API_BODY_LIMIT;
use super::problem::{Problem, too_large};
use crate::App;
use crate::kernel::class::{Class, Failure};
use crate::kernel::{Faults, Invalid};

/// A JSON body: in, a type whose members are [`super::Member`]s (or tolerate anything); out, anything.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(not_json().into());
        }
        let bytes = raw_body(request.into_body(), API_BODY_LIMIT).await?;
        let object: Map<String, Value> =
            serde_json::from_slice(&bytes).map_err(|_| Problem::from(unreadable()))?;
        let object = object
            .into_iter()
            .map(|(name, value)| (snake_case(name), value))
            .collect();
        serde_json::from_value(Value::Object(object))
            .map(Self)
            .map_err(|error| {
                let mut faults = Faults::default();
                // Its words would quote the body.
                tracing::debug!(kind = ?error.classify(), "a body does not fit its type");
                faults.add(
                    "",
                    Invalid::new(
                        "wrong_type",
                        "Le corps n'a pas la forme attendue.",
                        "The body has another shape.",
                    ),
                );
                Failure::invalid(faults).into()
            })
    }
}

/// A body that may be left out: `None` where there is none at all.
impl<T: DeserializeOwned> OptionalFromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Option<Self>, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = raw_body(body, API_BODY_LIMIT).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let request = Request::from_parts(parts, Body::from(bytes));
        <Self as FromRequest<App>>::from_request(request, app)
            .await
            .map(Some)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Reads a body whole; refuses it once it is larger than `limit` bytes.
pub async fn raw_body(body: Body, limit: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large().into()),
        Err(_) => Err(unreadable().into()),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            let media_type = value
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase();
            media_type == "application/json"
                || (media_type.starts_with("application/") && media_type.ends_with("+json"))
        })
}

/// `fullName` is read as `full_name`: existing frontends write camelCase.
fn snake_case(name: String) -> String {
    if !name.contains(|letter: char| letter.is_ascii_uppercase()) {
        return name;
    }
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn unreadable() -> Failure {
    Failure::new(
        Class::Unreadable,
        "unreadable",
        "Le corps de la requête n'est pas un objet JSON valide.",
        "The body is not a valid JSON object.",
    )
}

fn not_json() -> Failure {
    Failure::new(
        Class::MediaType,
        "media_type",
        "Le corps doit être envoyé en application/json.",
        "The body must be sent as application/json.",
    )
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn camel_case_members_are_read_as_snake_case() {
        assert_eq!(snake_case("fullName".to_owned()), "full_name");
        assert_eq!(snake_case("vat_number".to_owned()), "vat_number");
        assert_eq!(snake_case("vapiAssistantId".to_owned()), "vapi_assistant_id");
    }
}
