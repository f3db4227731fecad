//! TODO vapi-webhook
