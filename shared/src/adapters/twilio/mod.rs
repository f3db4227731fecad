//! Twilio: checking an account and its numbers. Each organisation brings its own account; its
//! token lives in Secrets Manager and in no other place.

mod address;
mod cache;
pub mod callback;
mod client;
mod credentials;
mod error;
mod keyring;
mod messages;
mod notice;
mod numbers;
mod parameters;
pub mod secret;
pub mod webhook;

pub use cache::{CredentialsCache, Wanted};
pub use client::{Account, Twilio};
pub use credentials::{AccountSid, ApiKey, ApiKeySid, TwilioCredentials};
pub use error::TwilioError;
pub use keyring::{Former, Keyring, OVERLAP};
pub use messages::{Accepted, Asked, ListedMessage, NewMessage, SendError};
pub use numbers::{MessageRoute, OwnedNumber};
