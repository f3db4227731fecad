//! TODO contacts
