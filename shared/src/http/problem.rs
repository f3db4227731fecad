//! Errors as RFC 9457 problem documents; the only place where a [`Class`] becomes a status.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::language::Prefers;
use crate::kernel::class::{Class, Classify, Failure, chain};

/// An error on its way out. The edge writes its body, in the reader's language and with the request's id.
#[derive(Debug, Clone)]
pub struct Problem(Failure);

/// A problem document.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// A page about this kind of problem.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// For a person.
    detail: String,
    /// Stable, for programs.
    code: &'static str,
    /// The id of the request, to quote to support.
    request_id: String,
    /// The same as `detail`.
    error: String,
    /// What is wrong with which member.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ProblemFault>,
}

/// What is wrong with one member of a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemFault {
    /// The member, in snake_case.
    field: String,
    /// Stable, for programs.
    code: &'static str,
    /// For a person.
    message: String,
}

impl ProblemBody {
    /// The status that is really answered, where the router chose it.
    pub(super) fn set_status(&mut self, status: StatusCode) {
        self.status = status.as_u16();
        self.title = status.canonical_reason().unwrap_or("Error");
    }
}

impl Problem {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self.0.class {
            Class::Unreadable => StatusCode::BAD_REQUEST,
            Class::Unauthenticated => StatusCode::UNAUTHORIZED,
            Class::Forbidden => StatusCode::FORBIDDEN,
            Class::NotFound => StatusCode::NOT_FOUND,
            Class::Conflict => StatusCode::CONFLICT,
            Class::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Class::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Class::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Class::Provider => StatusCode::BAD_GATEWAY,
            Class::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Class::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The document for this reader.
    pub(super) fn body(&self, prefers: Prefers, request_id: &str) -> ProblemBody {
        let status = self.status();
        let detail = prefers.choose(&self.0.text).to_owned();
        let fault = |fault: &crate::kernel::Fault| ProblemFault {
            field: fault.field.clone(),
            code: fault.invalid.code,
            message: prefers.choose(&fault.invalid.message).to_owned(),
        };
        ProblemBody {
            kind: format!("/problems/{}", self.0.code),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            error: detail.clone(),
            detail,
            code: self.0.code,
            request_id: request_id.to_owned(),
            errors: self.0.faults.iter().map(fault).collect(),
        }
    }

    /// A problem for an answer that has only a status: the router's own refusals.
    pub(super) fn of_status(status: StatusCode) -> Self {
        Self(match status {
            StatusCode::NOT_FOUND => Failure::new(
                Class::NotFound,
                "not_found",
                "Cette adresse n'existe pas.",
                "There is no such address.",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            StatusCode::METHOD_NOT_ALLOWED => Failure::new(
                Class::Unreadable,
                "method_not_allowed",
                "Cette adresse n'accepte pas cette méthode.",
                "This address does not take this method.",
            ),
            status if status.is_client_error() => Failure::new(
                Class::Unreadable,
                "unreadable",
                "La requête est illisible.",
                "The request is unreadable.",
            ),
            _ => Failure::internal(),
        })
    }
}

/// The body is larger than the route takes.
pub(super) fn too_large() -> Failure {
    Failure::new(
        Class::TooLarge,
        "too_large",
        "Le contenu envoyé est trop volumineux.",
        "The body is too large.",
    )
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

/// Every error that knows its failure becomes a problem; one that is ours, or a dependency's, is logged here, once.
impl<E: Classify + 'static> From<E> for Problem {
    fn from(error: E) -> Self {
        let failure = error.failure();
        match failure.class {
            Class::Internal => {
                tracing::error!(error = chain(&error), "the request failed")
            }
            Class::Provider | Class::Unavailable => {
                tracing::warn!(error = chain(&error), "a dependency failed");
            }
            _ => {}
        }
        Self(failure)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        match self.0.class {
            Class::TooMany(seconds) => {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Class::Unavailable => {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from(5));
            }
            Class::Unauthenticated => {
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}
