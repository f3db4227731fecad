//! The rights of the people who use the product (RGPD, chapter III): taking their data away (articles 15 and 20), and
//! leaving (article 17). One file for each use-case.

mod consents;
mod consents_store;
mod contact_store;
mod erase;
mod erase_contact;
mod erasure_store;
pub mod export;
pub mod legal;
mod mail;
mod queue;
mod read;
mod request_contact;
mod request_deletion;
mod request_export;
mod store;
mod work;

use jiff::Timestamp;

use crate::db::DbError;
use crate::identity::PasswordRefused;
use crate::kernel::Invalid;
use crate::kernel::caller::{AdminOnly, PersonOnly};
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::{ContactId, GdprRequestId, UserId};

pub use consents::{Consent, ConsentType, GivenConsent, give_consent, read_consents};
pub use mail::{GdprMail, GdprMailKind, GdprNotice, compose, mark_sent};
pub use queue::{GdprMessage, remind};
pub use read::{note_download, read_export};
pub use request_contact::request_for_contact;
pub use request_deletion::{WantedDeletion, cancel_deletion, list_requests, request_deletion};
pub use request_export::{WantedExport, request_export};
pub use work::{WorkError, Worked, work};

/// What somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestType {
    /// To know what is held about them (article 15).
    DataAccess,
    /// To take it away (article 20).
    DataExport,
    /// To be forgotten (article 17).
    DataDeletion,
}

impl RequestType {
    /// As in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DataAccess => "data_access",
            Self::DataExport => "data_export",
            Self::DataDeletion => "data_deletion",
        }
    }

    fn from_database(text: &str) -> Self {
        match text {
            "data_access" => Self::DataAccess,
            "data_deletion" => Self::DataDeletion,
            _ => Self::DataExport,
        }
    }

    /// Reads what an export may be.
    pub fn parse_export(typed: &str) -> Result<Self, Invalid> {
        match typed {
            "data_access" => Ok(Self::DataAccess),
            "data_export" => Ok(Self::DataExport),
            _ => Err(Invalid::new(
                "request_type_invalid",
                "Le type de demande est data_export ou data_access.",
                "The type of the request is data_export or data_access.",
            )),
        }
    }
}

/// Whose data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The person's own.
    Own,
    /// Everything of their organisation.
    Organization,
    /// Somebody's whom the organisation calls.
    Contact,
}

impl Scope {
    /// As in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Organization => "organization",
            Self::Contact => "contact",
        }
    }

    /// Reads what [`Scope::as_str`] wrote.
    fn from_database(text: &str) -> Self {
        match text {
            "organization" => Self::Organization,
            "contact" => Self::Contact,
            _ => Self::Own,
        }
    }

    /// Reads what somebody may ask for about themselves or their organisation.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        match typed {
            "self" => Ok(Self::Own),
            "organization" => Ok(Self::Organization),
            _ => Err(Invalid::new(
                "scope_invalid",
                "La portée est self ou organization.",
                "The scope is self or organization.",
            )),
        }
    }
}

/// Something that somebody asked for.
#[derive(Debug, Clone)]
pub struct GdprRequest {
    /// Its id.
    pub id: GdprRequestId,
    /// Who asked; nobody any more where a member who asked for somebody else is gone.
    pub user: Option<UserId>,
    /// What for.
    pub request_type: RequestType,
    /// Whose data.
    pub scope: Scope,
    /// `pending`, `processing`, `completed`, `rejected`, `failed`, `cancelled`.
    pub status: String,
    /// Why it was rejected or failed: a code.
    pub reason: Option<String>,
    /// When they asked.
    pub created_at: Timestamp,
    /// When a deletion will be carried out.
    pub scheduled_at: Option<Timestamp>,
    /// When it was done.
    pub completed_at: Option<Timestamp>,
    /// Until when the archive is kept.
    pub expires_at: Option<Timestamp>,
    /// About which contact, where it is about one.
    pub contact: Option<ContactId>,
    /// What was erased of them, and where: counts; and what is kept, until when.
    pub receipts: Option<serde_json::Value>,
    object_key: Option<String>,
}

impl GdprRequest {
    /// The archive in the bucket, while it is there.
    pub fn archive(&self, now: Timestamp) -> Option<&str> {
        let kept = self.status == "completed" && self.expires_at.is_some_and(|expiry| now < expiry);
        self.object_key.as_deref().filter(|_| kept)
    }
}

/// A request was not taken, or is not there.
#[derive(Debug, thiserror::Error)]
pub enum GdprError {
    /// The person is gone; their access token lives out its minutes.
    #[error("the person is gone")]
    Gone,
    /// There is no such contact.
    #[error("no such contact")]
    ContactNotFound,
    /// There is no such request of this person.
    #[error("no such request")]
    NotFound,
    /// Three exports a day.
    #[error("too many exports: again in {0} seconds")]
    TooManyExports(u32),
    /// Everybody asks for themselves.
    #[error("a deletion is asked for by the person themselves")]
    SomebodyElse,
    /// Another deletion, of another scope, is open.
    #[error("another deletion is open")]
    AlreadyRequested,
    /// Others would be left without an administrator.
    #[error("the last administrator of others")]
    LastAdmin,
    /// It is no deletion, or it was begun.
    #[error("the request cannot be cancelled any more")]
    NotCancellable,
    /// The password is wrong, or could not be checked.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// Only an administrator asks for the organisation's data.
    #[error(transparent)]
    AdminOnly(#[from] AdminOnly),
    /// Nobody asks for a program.
    #[error(transparent)]
    PersonOnly(#[from] PersonOnly),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for GdprError {
    fn failure(&self) -> Failure {
        match self {
            Self::Gone => Failure::new(
                Class::Unauthenticated,
                "unauthenticated",
                "Ce compte n'existe plus.",
                "This account does not exist any more.",
            ),
            Self::NotFound => Failure::new(
                Class::NotFound,
                "gdpr_request_not_found",
                "Cette demande n'existe pas.",
                "There is no such request.",
            ),
            Self::ContactNotFound => Failure::new(
                Class::NotFound,
                "contact_not_found",
                "Ce contact n'existe pas.",
                "There is no such contact.",
            ),
            Self::TooManyExports(seconds) => Failure::new(
                Class::TooMany(*seconds),
                "too_many_exports",
                "Vous avez déjà demandé trois exports en 24 heures.",
                "You have already asked for three exports within 24 hours.",
            ),
            Self::SomebodyElse => Failure::new(
                Class::Forbidden,
                "not_your_account",
                "Chacun ne peut demander que la suppression de son propre compte.",
                "Everybody can ask for the deletion of their own account only.",
            ),
            Self::AlreadyRequested => Failure::new(
                Class::Conflict,
                "deletion_already_requested",
                "Une autre demande de suppression est en cours. Annulez-la d'abord.",
                "Another deletion has been requested. Please cancel it first.",
            ),
            Self::LastAdmin => Failure::new(
                Class::Conflict,
                "last_admin",
                "Vous êtes le seul administrateur. Nommez-en un autre, ou demandez la suppression de l'organisation.",
                "You are the only administrator. Name another one, or ask for the deletion of the organisation.",
            ),
            Self::NotCancellable => Failure::new(
                Class::Conflict,
                "gdpr_request_state",
                "Cette demande ne peut plus être annulée.",
                "This request cannot be cancelled any more.",
            ),
            Self::Password(error) => error.failure(),
            Self::AdminOnly(error) => error.failure(),
            Self::PersonOnly(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}
