//! Why nobody is called.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a call is refused: a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// Not a number that can be called.
    NumberInvalid,
    /// A country whose rules are not known here.
    CountryNotAllowed,
    /// On a list of people who must not be called.
    Suppressed,
    /// The number that would be presented is not lawful for automated calls.
    CallerIdNotAllowed,
    /// Canvassing is banned in this sector.
    SectorBanned,
    /// Nothing proves the ground on which the person would be called.
    NoLegalBasis,
    /// The person never agreed.
    ConsentMissing,
    /// They agreed too long ago.
    ConsentExpired,
    /// They agreed to something else, or to somebody else.
    ConsentMismatch,
    /// They took it back.
    ConsentWithdrawn,
    /// The contract is no longer in progress.
    ContractEnded,
    /// Too long after they asked to be called.
    CallbackLate,
    /// The contact is a consumer.
    NotABusiness,
    /// Nobody knows what time it is there.
    ZoneUnknown,
    /// Not at this hour.
    OutsideHours,
    /// Not on this day.
    PublicHoliday,
    /// Called as often as the law allows, by this advertiser, in the last thirty days.
    AttemptsExhausted,
    /// The campaign's own attempts are used up.
    CampaignAttemptsExhausted,
    /// The campaign's budget is used up.
    BudgetExhausted,
    /// No line is held for the call any more.
    NoSlot,
    /// Nobody knows that its assistant says what the law wants said.
    AssistantNotCompliant,
}

impl RefusalCode {
    /// As in the database and in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NumberInvalid => "number_invalid",
            Self::CountryNotAllowed => "country_not_allowed",
            Self::Suppressed => "suppressed",
            Self::CallerIdNotAllowed => "caller_id_not_allowed",
            Self::SectorBanned => "sector_banned",
            Self::NoLegalBasis => "no_legal_basis",
            Self::ConsentMissing => "consent_missing",
            Self::ConsentExpired => "consent_expired",
            Self::ConsentMismatch => "consent_mismatch",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::ContractEnded => "contract_ended",
            Self::CallbackLate => "callback_late",
            Self::NotABusiness => "not_a_business",
            Self::ZoneUnknown => "zone_unknown",
            Self::OutsideHours => "outside_hours",
            Self::PublicHoliday => "public_holiday",
            Self::AttemptsExhausted => "attempts_exhausted",
            Self::CampaignAttemptsExhausted => "campaign_attempts_exhausted",
            Self::BudgetExhausted => "budget_exhausted",
            Self::NoSlot => "no_slot",
            Self::AssistantNotCompliant => "assistant_not_compliant",
        }
    }
}

/// Why not, and when to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: RefusalCode,
    /// The article or the setting that it comes from.
    pub rule: &'static str,
    /// When to ask again; never where there is none.
    pub retry_at: Option<Timestamp>,
}

impl Refusal {
    /// For good, as things are.
    pub(super) const fn never(code: RefusalCode, rule: &'static str) -> Self {
        Self {
            code,
            rule,
            retry_at: None,
        }
    }
}
