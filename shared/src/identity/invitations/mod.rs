//! Inviting people into an organisation. A person belongs to one organisation: whoever has an account elsewhere is told
//! so in the mail, and nobody else is, so that inviting an address does not tell whether it has one.

mod accept;
mod invite;
mod list;
mod mail;
mod revoke;

use jiff::{SignedDuration, Timestamp};

use crate::db::DbError;
use crate::kernel::caller::{AdminOnly, PersonOnly};
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::{InvitationId, UserId};
use crate::kernel::{Email, Role};
use crate::limits::LimitError;

pub use accept::{AcceptError, Joining, accept_invitation};
pub use invite::invite;
pub use list::list_invitations;
pub use mail::{InvitationMail, InvitationNotice, compose_invitation, mark_invitation_sent};
pub use revoke::revoke_invitation;

/// How long an invitation is good for.
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many people an organisation may invite in a day: nobody writes to the world through us.
pub(super) const A_DAY: i64 = 100;

/// An invitation that is open: neither accepted nor revoked. Its time may have passed.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Whom it was sent to.
    pub email: Email,
    /// What they will be.
    pub role: Role,
    /// Who invited them; `None` where that person is gone.
    pub invited_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Where an invitation stands.
#[derive(Debug, Clone)]
pub(super) enum InvitationState {
    /// It can be accepted.
    Open {
        /// Whom it was sent to.
        email: Email,
        /// What they will be.
        role: Role,
        /// Who invited them.
        invited_by: Option<UserId>,
        /// Whether its mail has left.
        mailed: bool,
    },
    /// It was accepted.
    Used,
    /// It was withdrawn.
    Revoked,
    /// Its time has passed.
    Expired,
}

/// Nobody was invited, or no invitation withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    /// It is absent, another organisation's, or not open any more.
    #[error("no such invitation")]
    NotFound,
    /// The address is a member's.
    #[error("the address is a member's")]
    AlreadyMember,
    /// Enough for a day.
    #[error("too many invitations in a day")]
    TooMany,
    /// The caller is an administrator no more; their access token lives out its minutes.
    #[error(transparent)]
    AdminOnly(#[from] AdminOnly),
    /// A program does not do this.
    #[error(transparent)]
    PersonOnly(#[from] PersonOnly),
    /// Enough mails to this address for an hour.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for InvitationError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => Failure::new(
                Class::NotFound,
                "invitation_not_found",
                "Cette invitation n'existe pas ou n'est plus ouverte.",
                "There is no such open invitation.",
            ),
            Self::AlreadyMember => Failure::new(
                Class::Conflict,
                "already_member",
                "Cette personne est déjà membre de votre organisation.",
                "This person is already a member of your organisation.",
            ),
            Self::TooMany => Failure::new(
                Class::TooMany(3600),
                "too_many_invitations",
                "Votre organisation a déjà envoyé 100 invitations en 24 heures.",
                "Your organisation has already sent 100 invitations within 24 hours.",
            ),
            Self::AdminOnly(error) => error.failure(),
            Self::PersonOnly(error) => error.failure(),
            Self::Limit(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}
