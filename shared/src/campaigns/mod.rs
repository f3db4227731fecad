//! Campaigns: lists of people to call, and when and under which rule that is allowed.

pub mod caller_id;
pub mod holidays;
pub mod law;
mod schedule;
pub mod windows;

pub use schedule::Opening;
