//! Vapi: voice assistants, phone numbers, calls. What is asked and answered follows Vapi's published contract.
//!
//! One platform key serves every organisation. Reading, changing and deleting are tried three times, since repeating them
//! is harmless; creating and calling are tried once, since Vapi knows no idempotency key and a second try could ring a
//! person twice.

mod assistants;
mod call_report;
mod calls;
mod client;
mod error;
mod fact;
mod json;
mod listing;
mod message;
mod phone_numbers;
mod projection;
mod report;
pub mod webhook;
mod wire;

pub use call_report::AskedCall;
pub use client::Vapi;
pub use error::{PlaceCallError, Refusal, VapiError};
pub use phone_numbers::NumberAtTwilio;
pub use wire::{ListedAssistant, ListedCall, NewCall, Placed};

/// The tool with which an assistant passes on that the person objects: named here, since what they said is kept at the
/// door.
pub const OBJECTION_TOOL: &str = "withdraw_consent";

/// The longest name that Vapi takes, of anything.
pub const LONGEST_NAME: usize = 40;
