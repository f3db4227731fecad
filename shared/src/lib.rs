//! Shared.
pub mod campaigns;
pub mod kernel;
