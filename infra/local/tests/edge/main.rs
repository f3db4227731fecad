//! The doors: what every route answers to whoever knocks, whatever they bring. The routes come from the handlers' own
//! descriptions, so that a new one is held to it as well.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

#[path = "../house/api.rs"]
mod api;
mod bodies;
#[expect(dead_code, reason = "the tests of the wall use the rest")]
#[path = "../../../../shared/testkit/tests/wall/fixtures.rs"]
mod fixtures;
mod fuzz;
mod idempotency;
mod limits;
mod lists;
mod refusals;
mod rights;
mod sizes;
mod strangers;
mod visitor;
