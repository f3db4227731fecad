//! Contacts: the people and businesses whom an organisation calls, one for each number.

pub mod change;
pub mod create;
pub mod delete;
pub mod import;
pub mod list;
mod members;
pub mod read;
mod store;
mod values;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::class::{Class, Failure};
use crate::kernel::ids::ContactId;
use crate::kernel::{Caller, Country, Faults, Invalid, Language, PhoneNumber};
use crate::oppositions::OPPOSED;

use crate::kernel::shown::shows;
pub use change::{ChangeError, change};
pub use create::{CreateError, create};
pub use delete::{DeleteError, delete};
pub use import::{Encoding, File, ImportError, Imported, Rejection, import};
pub use list::{Filter, list};
pub use members::{Members, NewContact};
pub use read::{ReadError, read};
pub use store::{Batch, Written};

/// As whom somebody is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A private person; the law's hours and consent rules protect them.
    #[default]
    Consumer,
    /// A business, at its own number.
    Business,
}

impl Kind {
    /// Reads the word of the contract.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        match typed.trim() {
            word if word.eq_ignore_ascii_case("consumer") => Ok(Self::Consumer),
            word if word.eq_ignore_ascii_case("business") => Ok(Self::Business),
            _ => Err(Invalid::new(
                "kind_invalid",
                "Le type de contact est consumer ou business.",
                "The kind of a contact is consumer or business.",
            )),
        }
    }

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Business => "business",
        }
    }
}

/// The contract in progress that a call may be about (code de la consommation, L223-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contract {
    /// Its number.
    #[schema(max_length = 200)]
    pub reference: String,
    /// What it is about.
    #[schema(max_length = 500)]
    pub object: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub ends_at: Timestamp,
}

/// A person's own request to be called (code de la consommation, R223-4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallbackRequest {
    /// When they asked.
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
    /// About what.
    #[schema(max_length = 500)]
    pub object: String,
    /// What proves it: a form's id, a recording, a letter.
    #[schema(max_length = 2000)]
    pub evidence: String,
}

/// Somebody whom an organisation calls.
#[derive(Clone, Serialize, ToSchema)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// In E.164; no two contacts of an organisation share one.
    #[schema(value_type = String)]
    pub phone: PhoneNumber,
    /// As whom they are called.
    pub kind: Kind,
    /// First name.
    #[schema(required)]
    pub first_name: Option<String>,
    /// Last name.
    #[schema(required)]
    pub last_name: Option<String>,
    /// E-mail address.
    #[schema(required)]
    pub email: Option<String>,
    /// Company.
    #[schema(required)]
    pub company: Option<String>,
    /// Postal code.
    #[schema(required)]
    pub postal_code: Option<String>,
    /// The IANA zone whose hours count for them.
    #[schema(required)]
    pub timezone: Option<String>,
    /// The language in which they are spoken to.
    #[schema(required, value_type = Option<String>)]
    pub language: Option<Language>,
    /// Labels, by which a campaign takes contacts.
    pub tags: Vec<String>,
    /// What an assistant may say about them.
    #[schema(value_type = Object)]
    pub variables: serde_json::Value,
    /// Their contract in progress.
    #[schema(required)]
    pub contract: Option<Contract>,
    /// Their request to be called.
    #[schema(required)]
    pub callback_request: Option<CallbackRequest>,
    /// Never to be called.
    pub do_not_call: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

shows!(Contact, id, phone, kind);

/// The country in which the organisation's national numbers are read.
pub async fn home_country(app: &App, caller: &Caller) -> Result<Country, DbError> {
    app.db
        .read("contacts.home_country", &Claims::from(caller), async |tx| {
            store::home_country(tx).await
        })
        .await
}

fn not_found() -> Failure {
    Failure::new(
        Class::NotFound,
        "contact_not_found",
        "Ce contact n'existe pas.",
        "There is no such contact.",
    )
}

/// The person with this number was forgotten, and may not be taken in again.
fn opposed() -> Failure {
    let mut faults = Faults::default();
    faults.add("phone", OPPOSED);
    Failure::invalid(faults)
}

fn number_taken() -> Failure {
    Failure::new(
        Class::Conflict,
        "contact_exists",
        "Un contact a déjà ce numéro.",
        "A contact has this number already.",
    )
}
