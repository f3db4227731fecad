//! Vapi: voice assistants, phone numbers, calls, and the webhooks about them.
