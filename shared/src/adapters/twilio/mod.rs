//! Twilio: checking an account and its numbers (`providers.md` part 2). Each organisation brings its own account; its
//! token lives in Secrets Manager and in no other place.

mod credentials;

pub use credentials::{AccountSid, ApiKey, ApiKeySid, TwilioCredentials};
