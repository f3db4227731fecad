//! The SQL of identity.

mod links;
mod logins;
mod people;

pub(super) use links::*;
pub(super) use logins::*;
pub(super) use people::*;
