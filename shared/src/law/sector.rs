//! The sectors that the law tells apart.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::Invalid;

/// What is sold or told; some sectors may not canvass at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sector {
    /// Energy renovation of homes (L223-1 code de la consommation).
    EnergyRenovation,
    /// Renewable energy equipment.
    RenewableEnergy,
    /// Adapting homes to age or disability.
    HomeAdaptation,
    /// Training paid from the personal training account (L6323-8-1 code du travail).
    CpfTraining,
    /// Newspapers and magazines (L223-5).
    Press,
    /// Anything else.
    Other,
}

impl Sector {
    const ALL: [Self; 6] = [
        Self::EnergyRenovation,
        Self::RenewableEnergy,
        Self::HomeAdaptation,
        Self::CpfTraining,
        Self::Press,
        Self::Other,
    ];

    /// As in the database and in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EnergyRenovation => "energy_renovation",
            Self::RenewableEnergy => "renewable_energy",
            Self::HomeAdaptation => "home_adaptation",
            Self::CpfTraining => "cpf_training",
            Self::Press => "press",
            Self::Other => "other",
        }
    }

    /// Reads the name of the contract.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|sector| sector.as_str() == text)
            .ok_or(Invalid::new(
                "sector_invalid",
                "Ce secteur n'existe pas.",
                "There is no such sector.",
            ))
    }
}
