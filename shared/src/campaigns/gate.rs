//! The gate: may this person be called now? One pure function, one order of checks (`rules` are named with the article
//! that they come from). Asked at release and again just before dialling; every answer is stored with what it was asked.
//!
//! It fails closed: anything missing, unreadable or unknown refuses.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::caller_id::automated_call_allowed;
use super::law::{CallingHours, LegalBasis};
use super::windows::CallWindows;
use super::{Budget, Sector};
use crate::kernel::zones::{Zones, zones_of};
use crate::kernel::{PhoneNumber, Timezone};

/// Why nobody calls a number whose holder has objected.
pub(super) const SUPPRESSED_RULE: &str = "art. 21(2) RGPD, L223-1 code de la consommation";

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
    /// The contact is a consumer.
    NotABusiness,
    /// Nobody knows what time it is there.
    ZoneUnknown,
    /// Not at this hour.
    OutsideHours,
    /// Not on this day.
    PublicHoliday,
    /// The campaign's own attempts are used up.
    CampaignAttemptsExhausted,
    /// The campaign's budget is used up.
    BudgetExhausted,
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
            Self::NotABusiness => "not_a_business",
            Self::ZoneUnknown => "zone_unknown",
            Self::OutsideHours => "outside_hours",
            Self::PublicHoliday => "public_holiday",
            Self::CampaignAttemptsExhausted => "campaign_attempts_exhausted",
            Self::BudgetExhausted => "budget_exhausted",
        }
    }
}

/// The person, as far as the gate looks.
#[derive(Debug, Clone)]
pub struct GateContact {
    /// Whom.
    pub phone: PhoneNumber,
    /// Whether the contact is a business.
    pub is_business: bool,
    /// Whether the person asked not to be called.
    pub do_not_call: bool,
    /// The person's own clock, where it was given.
    pub timezone: Option<Timezone>,
    /// Where the person lives.
    pub postal_code: Option<String>,
}

/// The campaign, as far as the gate looks.
#[derive(Debug, Clone)]
pub struct GateCampaign {
    /// On what ground.
    pub legal_basis: LegalBasis,
    /// What is sold or told.
    pub sector: Sector,
    /// When it calls.
    pub call_windows: CallWindows,
    /// The clock of contacts whose own is not known.
    pub timezone: Timezone,
    /// The number that is presented.
    pub caller_number: Option<PhoneNumber>,
    /// How many attempts count per contact.
    pub max_attempts: i32,
    /// What its calls may cost altogether.
    pub budget: Budget,
}

/// What has happened so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// Attempts of this campaign that count.
    pub campaign_attempts: i32,
    /// What the campaign's calls have cost.
    pub spent: rust_decimal::Decimal,
}

/// The gate's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Call, before this instant where there is one.
    Allow {
        /// The end of the opening.
        until: Option<Timestamp>,
    },
    /// Do not call.
    Refuse(Refusal),
}

/// Why not, and when to ask again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: RefusalCode,
    /// The article or the setting that it comes from.
    pub rule: &'static str,
    /// When to ask again; never where there is none.
    pub retry_at: Option<Timestamp>,
}

/// May this person be called now?
pub fn decide(contact: &GateContact, campaign: &GateCampaign, history: History, now: Timestamp) -> Decision {
    match first_refusal(contact, campaign, history, now) {
        Ok(until) => Decision::Allow { until },
        Err(refusal) => Decision::Refuse(refusal),
    }
}

fn first_refusal(
    contact: &GateContact,
    campaign: &GateCampaign,
    history: History,
    now: Timestamp,
) -> Result<Option<Timestamp>, Refusal> {
    let never = |code, rule| {
        Err(Refusal {
            code,
            rule,
            retry_at: None,
        })
    };
    let bindings = campaign.legal_basis.bindings();

    match contact.phone.region() {
        None => return never(RefusalCode::NumberInvalid, "contact.phone"),
        Some(country) if !country.is_french() => {
            return never(RefusalCode::CountryNotAllowed, "zencall.allowed_countries");
        }
        Some(_) => {}
    }
    if contact.do_not_call {
        return never(RefusalCode::Suppressed, SUPPRESSED_RULE);
    }
    match &campaign.caller_number {
        None => {
            return never(
                RefusalCode::CallerIdNotAllowed,
                "organization.twilio_phone_number",
            );
        }
        Some(number) => {
            if let Err(refusal) = automated_call_allowed(number) {
                return never(RefusalCode::CallerIdNotAllowed, refusal.rule);
            }
        }
    }
    if bindings.sector_ban && campaign.sector.is_banned() {
        return never(
            RefusalCode::SectorBanned,
            "L223-1 code de la consommation, L6323-8-1 code du travail",
        );
    }
    match campaign.legal_basis {
        LegalBasis::Service => {}
        LegalBasis::Business if contact.is_business => {}
        LegalBasis::Business => return never(RefusalCode::NotABusiness, "L34-5 code des postes"),
        // Without a ledger of proofs there is no proof.
        LegalBasis::Consent | LegalBasis::Contract | LegalBasis::CallbackRequest => {
            return never(RefusalCode::NoLegalBasis, "L223-1 code de la consommation");
        }
    }
    let zones = zones(contact, campaign, bindings.zone_needed);
    let hours = CallingHours::new(&campaign.call_windows, campaign.legal_basis, &zones);
    let opening = hours.dispatch_at(now).map_err(|closed| Refusal {
        code: match closed.code {
            "zone_unknown" => RefusalCode::ZoneUnknown,
            "public_holiday" => RefusalCode::PublicHoliday,
            _ => RefusalCode::OutsideHours,
        },
        rule: closed.rule,
        retry_at: closed.retry_at,
    })?;
    if history.campaign_attempts >= campaign.max_attempts {
        return never(
            RefusalCode::CampaignAttemptsExhausted,
            "campaign.settings.max_attempts",
        );
    }
    if campaign.budget.is_some_and(|budget| history.spent >= budget) {
        return never(RefusalCode::BudgetExhausted, "campaign.settings.max_cost");
    }
    Ok(opening.until)
}

fn zones(contact: &GateContact, campaign: &GateCampaign, zone_needed: bool) -> Zones {
    let own = zones_of(
        contact.timezone.as_ref(),
        contact.postal_code.as_deref(),
        &contact.phone,
    );
    if zone_needed {
        own
    } else {
        own.or(&campaign.timezone)
    }
}

/// What the gate was asked, as it is stored beside the answer: enough to ask again and get the same one.
pub fn inputs(contact: &GateContact, campaign: &GateCampaign, history: History, now: Timestamp) -> Value {
    serde_json::json!({
        "v": 1,
        "now": now,
        "contact": {
            "phone": contact.phone,
            "is_business": contact.is_business,
            "do_not_call": contact.do_not_call,
            "timezone": contact.timezone.as_ref().map(Timezone::as_str),
            "postal_code": contact.postal_code,
        },
        "campaign": {
            "legal_basis": campaign.legal_basis,
            "sector": campaign.sector,
            "call_windows": campaign.call_windows,
            "timezone": campaign.timezone.as_str(),
            "caller_number": campaign.caller_number,
            "max_attempts": campaign.max_attempts,
            "max_cost": campaign.budget,
        },
        "history": { "campaign_attempts": history.campaign_attempts, "spent": history.spent },
    })
}

/// SHA-256 of the stored inputs, in hexadecimal.
pub fn inputs_hash(inputs: &Value) -> String {
    Sha256::digest(inputs.to_string())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
