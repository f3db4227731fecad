//! The HTTP edge: what every route has in common, so that a handler is permission, call, answer.

mod auth;
mod body;
mod edge;
mod idempotency;
mod language;
mod list;
mod member;
mod problem;
mod raw;
pub mod rights;

pub use body::{Json, raw_body};
pub use edge::{API_BODY_LIMIT, WEBHOOK_BODY_LIMIT, api, serve, with_edge};
pub use idempotency::{HoldsSecret, idempotency_key_parameter, takes_idempotency_key};
pub use language::Prefers;
pub use list::{ListOf, ListQuery, NoFilter};
pub use member::Member;
pub use problem::{Problem, ProblemBody, ProblemFault};
pub use raw::RawTarget;

pub use crate::kernel::{Caller, Origin};

/// Why serving ended.
pub use lambda_http::Error;

/// The answer of a route.
pub type Answer<T> = Result<T, Problem>;
