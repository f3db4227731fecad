//! The SQL of identity.

mod invitations;
mod links;
mod logins;
mod members;
mod people;

pub(super) use invitations::*;
pub(super) use links::*;
pub(super) use logins::*;
pub(super) use members::*;
pub(super) use people::*;
