//! The AWS template, beside everything that it must agree with: the functions and what they need at their start, the
//! local router, `infra/openapi.json`, the local queues, the stages' parameters.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod functions;
mod model;
mod operation;
mod permissions;
mod routes;
