//! What becomes of the provider's events: once each, in any order, for whom they are and for nobody else.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod disclosures;
mod fixture;
mod large;
mod objections;
mod order;
mod parked;
mod statements;
mod tenants;
mod what_is_kept;
