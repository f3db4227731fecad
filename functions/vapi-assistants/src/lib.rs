//! Voice assistants.
