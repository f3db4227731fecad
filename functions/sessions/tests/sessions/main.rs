//! The routes of `sessions`, through the real router, database and queue.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod confirm;
mod email;
mod enumeration;
mod import;
mod invitations;
mod limits;
mod login;
mod logins;
mod logout;
mod me;
mod operations;
mod password;
mod people;
mod refresh;
mod resend;
