//! TODO provider-events
