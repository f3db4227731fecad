//! The local stack: everything that the product runs on, on one machine, without an account anywhere.
//!
//! PostgreSQL, the AWS emulator, the stand-ins of Vapi and Twilio, the bridge from queues to functions, the seeds and the demo.
//! Nothing that is deployed depends on this crate.

pub mod bench;
pub mod bridge;
pub mod canary;
mod chaos;
pub mod client;
pub mod daemon;
pub mod demo;
pub mod emulator;
pub mod env_file;
pub mod functions;
pub mod import_users;
pub mod invoke;
pub mod layout;
pub mod loopback;
pub mod postgres;
pub mod sandbox;
pub mod seed;
pub mod send;
pub mod settings;
mod simulate;
pub mod stack;
pub mod terminal;
mod test_run;
pub mod verify_consents;
pub mod verify_decisions;
