//! TODO register
