//! What Zencall's Lambda functions have in common: tenancy, calling rules, campaigns, provider clients, and the two
//! edges (HTTP and queues) that the functions are served through.

pub mod adapters;
pub mod api_keys;
pub mod app;
pub mod appointments;
pub mod assistants;
pub mod audit;
pub mod calls;
pub mod campaigns;
pub mod config;
pub mod consents;
pub mod contacts;
pub mod db;
pub mod do_not_call;
pub mod gdpr;
pub mod http;
pub mod identity;
pub mod imports;
pub mod integrations;
pub mod kernel;
pub mod law;
pub mod limits;
pub mod messages;
pub mod oppositions;
pub mod organizations;
pub mod outbox;
pub mod proof;
pub mod telemetry;
#[cfg(test)]
mod unprintable;
pub mod worker;

pub use app::App;
