//! The ledger of consents: who agreed to be called, by whom, about what, and until when (L223-1, R223-1 and R223-2 code
//! de la consommation). Only ever added to; each entry is a link of its person's chain ([`chain`]). What the gate makes of
//! it is in [`standing`].

pub mod chain;
mod chain_store;
pub mod forget;
pub mod list;
mod new;
pub mod record;
pub mod standing;
mod store;
pub mod verify;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::kernel::class::{Class, Failure};
use crate::kernel::ids::{ConsentId, ContactId};
use crate::kernel::shown::shows;

pub use forget::forget_old;
pub use list::{list, of_contact};
pub use new::{NewConsent, NewWithdrawal, Purpose, SpecialSlot};
pub use record::{RecordError, record, record_in};
pub use standing::{Entry, Proof, Standing, Wanted};
pub(crate) use store::facts;
pub use store::{Withdrawn, of_number, withdraw, withdraw_all};

/// On whose behalf somebody is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Company {
    /// Its name, as it was told to the person.
    pub name: String,
    /// Its number in the register of companies.
    #[schema(required)]
    pub siren: Option<String>,
}

/// Where a consent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentStatus)]
pub enum Status {
    /// It allows what it names.
    Valid,
    /// Its time is over.
    Expired,
    /// The person took it back.
    Withdrawn,
}

/// A consent, as it is shown.
#[derive(Clone, Serialize, ToSchema)]
pub struct Consent {
    /// Its id.
    pub id: ConsentId,
    /// The contact for whom it was recorded.
    #[schema(required)]
    pub contact_id: Option<ContactId>,
    /// Where it stands now.
    pub status: Status,
    /// What for.
    pub purposes: Vec<Purpose>,
    /// About what.
    pub object: String,
    /// By whom the person may be called.
    pub advertiser: Company,
    /// Who calls in the advertiser's name.
    #[schema(required)]
    pub third_party: Option<Company>,
    /// The text that the person was shown or read.
    pub text: String,
    /// Which version of it.
    pub text_version: String,
    /// SHA-256 of the text, in hexadecimal.
    pub text_sha256: String,
    /// How it was asked: `web_form`, `paper`, `oral`, `inbound_call`, or a word of the organisation's own.
    pub channel: String,
    /// What the person clicked, signed or said.
    #[schema(required)]
    pub positive_act: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub collected_at: Timestamp,
    /// The last instant on which it counts: a year after it was given at most (R223-1).
    #[schema(value_type = String, format = DateTime)]
    pub valid_until: Timestamp,
    /// The date and time to which the person agreed, outside the lawful hours (L223-1, paragraph 6).
    #[schema(required)]
    pub special_slot: Option<SpecialSlot>,
    /// What proves it. Without any, nobody is called on its ground.
    #[schema(required, value_type = Option<Object>)]
    pub evidence: Option<serde_json::Value>,
    /// When it was taken back.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub withdrawn_at: Option<Timestamp>,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
    /// Its place in its person's chain, from 1.
    pub sequence: i32,
    /// The hash of its link, in hexadecimal: whoever has noted it can tell whether anything before was changed.
    pub hash: String,
}

shows!(Consent, id, contact_id, status);

/// There is no such consent.
pub fn not_found() -> Failure {
    Failure::new(
        Class::NotFound,
        "consent_not_found",
        "Ce consentement n'existe pas.",
        "There is no such consent.",
    )
}

fn contact_not_found() -> Failure {
    Failure::new(
        Class::NotFound,
        "contact_not_found",
        "Ce contact n'existe pas.",
        "There is no such contact.",
    )
}
