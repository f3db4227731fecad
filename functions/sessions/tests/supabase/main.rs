//! Supabase: tokens of its Auth at our door, its keys, its people; and the schema on one of its projects.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod arrival;
mod keys;
mod people;
mod project;
mod project_rows;
mod tokens;
