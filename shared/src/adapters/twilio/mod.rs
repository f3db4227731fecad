//! Twilio: checking an account and its numbers.
