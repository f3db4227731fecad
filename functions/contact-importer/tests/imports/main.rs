//! Files of contacts, from the link to the outcome of each row.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod failures;
mod interrupted;
mod outcome;
mod support;
mod upload;
