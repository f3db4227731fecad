//! The grounds on which people are called.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::Invalid;

/// On what ground people are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegalBasis {
    /// The person agreed beforehand (L223-1 code de la consommation).
    Consent,
    /// A contract in progress, and the call is about its object.
    Contract,
    /// The person asked to be called back (R223-4).
    CallbackRequest,
    /// A service call that sells nothing.
    Service,
    /// A call to a business.
    Business,
}

impl LegalBasis {
    /// Every basis.
    pub const ALL: [Self; 5] = [
        Self::Consent,
        Self::Contract,
        Self::CallbackRequest,
        Self::Service,
        Self::Business,
    ];

    /// Reads the name of the contract.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|basis| basis.as_str() == typed)
            .ok_or(Invalid::new(
                "legal_basis_invalid",
                "La base légale est consent, contract, callback_request, service ou business.",
                "The legal basis is consent, contract, callback_request, service or business.",
            ))
    }

    /// The name of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Contract => "contract",
            Self::CallbackRequest => "callback_request",
            Self::Service => "service",
            Self::Business => "business",
        }
    }
}

impl fmt::Display for LegalBasis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
