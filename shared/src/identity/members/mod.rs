//! Who belongs to an organisation, and as what. A person belongs to one organisation.

mod change_role;
mod list;
mod remove;

use jiff::Timestamp;

use crate::db::DbError;
use crate::kernel::caller::{AdminOnly, PersonOnly};
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::UserId;
use crate::kernel::shown::shows;
use crate::kernel::{Email, Role};

pub use change_role::change_role;
pub use list::list_members;
pub use remove::remove_member;

/// A person of an organisation, as the others see them.
#[derive(Clone)]
pub struct Member {
    /// Their id.
    pub id: UserId,
    /// Their address.
    pub email: Email,
    /// Their name.
    pub full_name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they have proved that the address is theirs.
    pub email_confirmed: bool,
    /// Since when they are there.
    pub created_at: Timestamp,
}

shows!(Member, id, role, email_confirmed);

/// What became of somebody who was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Removal {
    /// Their profile is gone; the audit log keeps their id.
    Removed,
    /// They had asked to be forgotten, and are.
    Forgotten,
}

/// A member was not changed.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// They are absent, or another organisation's.
    #[error("no such member")]
    NotFound,
    /// Nobody would be left who may do this.
    #[error("the last administrator")]
    LastAdmin,
    /// It is their own role.
    #[error("nobody changes their own role")]
    OwnRole,
    /// The caller is an administrator no more; their access token lives out its minutes.
    #[error(transparent)]
    AdminOnly(#[from] AdminOnly),
    /// A program does not do this.
    #[error(transparent)]
    PersonOnly(#[from] PersonOnly),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for MemberError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => Failure::new(
                Class::NotFound,
                "member_not_found",
                "Cette personne n'est pas membre de votre organisation.",
                "This person is not a member of your organisation.",
            ),
            Self::LastAdmin => Failure::new(
                Class::Conflict,
                "last_admin",
                "Il doit rester un administrateur : nommez-en un autre d'abord.",
                "An administrator must remain: appoint another one first.",
            ),
            Self::OwnRole => Failure::new(
                Class::Forbidden,
                "own_role",
                "Personne ne change son propre rôle : demandez à un autre administrateur.",
                "Nobody changes their own role: ask another administrator.",
            ),
            Self::AdminOnly(error) => error.failure(),
            Self::PersonOnly(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}
