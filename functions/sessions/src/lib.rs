//! TODO sessions
