//! The routes of `sessions`, through the real router, database and queue.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod confirm;
mod login;
mod logout;
mod me;
mod operations;
mod people;
mod refresh;
mod resend;
