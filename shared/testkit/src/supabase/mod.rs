//! Supabase, as far as tests want it: an issuer of tokens with its keys, and a project's database.

mod issuer;
mod project;

pub use issuer::{Answer, KeyServer, Signer};
pub use project::{Api, Project};
