//! Organisations: the tenants that own every other row.

mod change;
mod create;
mod find;
mod mandate;
mod read;
mod store;

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::DbError;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::OrganizationId;
use crate::kernel::{CompanyRegistration, Country, Faults, Invalid, Language, Name, Timezone, VatNumber};

pub use change::{Changes, change};
pub use create::create;
pub use find::find;
pub use mandate::CallerNumberMandate;
pub use read::read;

/// Whether the organisation is a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OrganizationType {
    /// A company, known by its registration.
    B2b,
    /// A person.
    B2c,
}

impl OrganizationType {
    /// Reads `b2b` or `b2c`, in any case.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        [Self::B2b, Self::B2c]
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(typed.trim()))
            .ok_or(Invalid::new(
                "organization_type_invalid",
                "Le type d'organisation est b2b ou b2c.",
                "The type of an organisation is b2b or b2c.",
            ))
    }

    /// As in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::B2b => "b2b",
            Self::B2c => "b2c",
        }
    }
}

/// An organisation that is about to be.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: Name,
    /// Company or person.
    pub organization_type: OrganizationType,
    /// SIREN or SIRET.
    pub company_registration: Option<CompanyRegistration>,
    /// Its VAT number.
    pub vat_number: Option<VatNumber>,
    /// The language that it is spoken to in.
    pub language: Language,
}

/// An organisation.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Company or person.
    pub organization_type: OrganizationType,
    /// SIREN or SIRET, its digits.
    pub company_registration: Option<String>,
    /// Its VAT number.
    pub vat_number: Option<String>,
    /// Where national telephone numbers are read.
    pub country: Country,
    /// Its own zone.
    pub timezone: Timezone,
    /// The language that it is spoken to in.
    pub language: Language,
    /// How many of its calls may run at once.
    pub concurrent_calls_limit: i32,
    /// Whether its Twilio account is connected.
    pub twilio_configured: bool,
    /// What entitles it to the number that it presents.
    pub caller_number_mandate: Option<CallerNumberMandate>,
}

/// The organisation was not read, or not changed.
#[derive(Debug, thiserror::Error)]
pub enum OrganizationError {
    /// It is gone; the caller's access token lives out its minutes.
    #[error("the organisation is gone")]
    Gone,
    /// It would not be what an organisation must be.
    #[error(transparent)]
    Invalid(#[from] Faults),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for OrganizationError {
    fn failure(&self) -> Failure {
        match self {
            Self::Gone => Failure::new(
                Class::Unauthenticated,
                "unauthenticated",
                "Ce compte n'existe plus.",
                "This account does not exist any more.",
            ),
            Self::Invalid(faults) => faults.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_in_any_case() {
        assert_eq!(OrganizationType::parse(" B2B"), Ok(OrganizationType::B2b));
        assert_eq!(
            OrganizationType::parse("company").unwrap_err().code,
            "organization_type_invalid"
        );
    }
}
