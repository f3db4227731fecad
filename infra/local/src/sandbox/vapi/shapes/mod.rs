//! What Vapi accepts, restated from its published contract.

pub(crate) mod assistant;
pub(crate) mod call;
pub(crate) mod model;
pub(crate) mod phone_number;
pub(crate) mod plans;
pub(crate) mod server;
pub(crate) mod tools;
pub(crate) mod transcriber;
pub(crate) mod voice;
