//! TODO vapi-assistants
