//! The gate: may this person be called now? One pure function that asks the rules of [`super::provisions`] in their order.
//! Asked at a forecast, at release, again just before dialling, and for campaigns of Vapi's own; what is asked before a call is
//! stored with the answer.
//!
//! It fails closed: anything missing, unreadable or unknown refuses.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::budget;
use super::caller_id::automated_call_allowed;
use super::grounds::{self, Ground};
use super::law::{self, CallingHours, GUARD_BAND, LegalBasis};
use super::provisions::{
    ATTEMPTS_CAP, CALLER_ID, DISCLOSURE, NUMBER, OBJECTION, OWN_ATTEMPTS, OWN_BUDGET, Rule, SECTOR_BAN,
};
use super::windows::CallWindows;
use super::{Advertiser, Budget, Sector};
use crate::assistants::Compliance;
use crate::consents;
use crate::contacts::{CallbackRequest, Contract};
use crate::kernel::zones::{Zones, zones_of};
use crate::kernel::{PhoneNumber, Timezone};

/// Why nobody calls a number whose holder has objected.
pub(super) const SUPPRESSED_RULE: &str = OBJECTION.article;

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
            Self::AssistantNotCompliant => "assistant_not_compliant",
        }
    }
}

/// The person, as far as the gate looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateContact {
    /// Whom.
    #[serde(deserialize_with = "number_from_inputs")]
    pub phone: PhoneNumber,
    /// Whether the contact is a business.
    pub is_business: bool,
    /// Whether the person asked not to be called.
    pub do_not_call: bool,
    /// The person's own clock, where it was given.
    pub timezone: Option<Timezone>,
    /// Where the person lives.
    pub postal_code: Option<String>,
    /// What they agreed to, and took back.
    pub consents: Vec<consents::Entry>,
    /// Their contract in progress.
    pub contract: Option<Contract>,
    /// Their request to be called.
    pub callback_request: Option<CallbackRequest>,
}

/// The campaign, as far as the gate looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateCampaign {
    /// On what ground.
    pub legal_basis: LegalBasis,
    /// On whose behalf.
    pub advertiser: Advertiser,
    /// About what.
    pub object: String,
    /// What is sold or told.
    pub sector: Sector,
    /// When it calls.
    pub call_windows: CallWindows,
    /// The clock of contacts whose own is not known.
    pub timezone: Timezone,
    /// The number that is presented.
    #[serde(deserialize_with = "optional_number_from_inputs")]
    pub caller_number: Option<PhoneNumber>,
    /// How many attempts count per contact.
    pub max_attempts: i32,
    /// What its calls may cost altogether.
    pub budget: Budget,
    /// Whether its assistant says what the law wants said.
    pub assistant: Compliance,
}

/// What has happened so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Attempts of this campaign that count.
    pub campaign_attempts: i32,
    /// What the campaign's calls have cost, with what is set aside for those whose cost is not known.
    pub spent: rust_decimal::Decimal,
    /// What this call may cost at most.
    #[serde(default)]
    pub next_call: rust_decimal::Decimal,
    /// When this advertiser last tried to reach the person, whichever organisation did, the latest first; as many as the
    /// law allows in its period.
    pub solicitations: Vec<Timestamp>,
}

fn number_from_inputs<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<PhoneNumber, D::Error> {
    String::deserialize(deserializer).map(PhoneNumber::from_database)
}

fn optional_number_from_inputs<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<PhoneNumber>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(PhoneNumber::from_database))
}

/// The gate's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    pub(super) const fn never(code: RefusalCode, rule: &'static str) -> Self {
        Self {
            code,
            rule,
            retry_at: None,
        }
    }
}

/// May this person be called now?
pub fn decide(contact: &GateContact, campaign: &GateCampaign, history: &History, now: Timestamp) -> Decision {
    match first_refusal(contact, campaign, history, now) {
        Ok(until) => Decision::Allow { until },
        Err(refusal) => Decision::Refuse(refusal),
    }
}

/// Whether the number may be called at all, and its holder has not objected.
pub(super) fn reachable(contact: &GateContact) -> Result<(), Refusal> {
    let never = |code, rule| Err(Refusal::never(code, rule));
    match contact.phone.region() {
        None => never(RefusalCode::NumberInvalid, NUMBER.article),
        Some(country) if !country.is_french() => {
            never(RefusalCode::CountryNotAllowed, "zencall.allowed_countries")
        }
        Some(_) if contact.do_not_call => never(RefusalCode::Suppressed, SUPPRESSED_RULE),
        Some(_) => Ok(()),
    }
}

fn first_refusal(
    contact: &GateContact,
    campaign: &GateCampaign,
    history: &History,
    now: Timestamp,
) -> Result<Option<Timestamp>, Refusal> {
    let never = |code, rule| Err(Refusal::never(code, rule));
    let today = law::day_of_the_law(now);
    let asks = |rule: &Rule| rule.is_in_force(today) && rule.binds(campaign.legal_basis);

    reachable(contact)?;
    match &campaign.caller_number {
        None => {
            return never(
                RefusalCode::CallerIdNotAllowed,
                "organization.twilio_phone_number",
            );
        }
        Some(number) => {
            if asks(&CALLER_ID)
                && let Err(refusal) = automated_call_allowed(number)
            {
                return never(RefusalCode::CallerIdNotAllowed, refusal.rule);
            }
        }
    }
    if asks(&SECTOR_BAN) && campaign.sector.is_banned() {
        return never(RefusalCode::SectorBanned, SECTOR_BAN.article);
    }
    let zones = zones(contact, campaign);
    let ground = grounds::prove(contact, campaign, &zones, now)?;
    let until = open_until(campaign, &zones, &ground, now)?;
    let terms = law::terms(now);
    let oldest = history.solicitations.get(terms.attempts.saturating_sub(1));
    if let Some(oldest) = oldest.filter(|_| asks(&ATTEMPTS_CAP)) {
        // The oldest of those that fill the period makes room.
        let retry_at = law::counts_until(&zones, *oldest, terms.attempts_days);
        if retry_at > now {
            return Err(Refusal {
                retry_at: Some(retry_at),
                ..Refusal::never(RefusalCode::AttemptsExhausted, ATTEMPTS_CAP.article)
            });
        }
    }
    if history.campaign_attempts >= campaign.max_attempts {
        return never(RefusalCode::CampaignAttemptsExhausted, OWN_ATTEMPTS.article);
    }
    let is_affordable = |budget| budget::holds(budget, history.spent, history.next_call);
    if !campaign.budget.is_none_or(is_affordable) {
        return never(RefusalCode::BudgetExhausted, OWN_BUDGET.article);
    }
    if asks(&DISCLOSURE) && campaign.assistant.holds_at(now).is_err() {
        return never(RefusalCode::AssistantNotCompliant, DISCLOSURE.article);
    }
    Ok(until)
}

/// The end of the opening that `now` lies in, on the law's clock and the campaign's, or at the time to which the person
/// agreed; no later than what proves the ground.
fn open_until(
    campaign: &GateCampaign,
    zones: &Zones,
    ground: &Ground,
    now: Timestamp,
) -> Result<Option<Timestamp>, Refusal> {
    let hours = CallingHours::new(&campaign.call_windows, campaign.legal_basis, zones);
    let agreed = ground
        .special_slot
        .filter(|slot| slot.starts_at <= now && lasts(slot.ends_at, now));
    let opening = match agreed {
        Some(slot) => hours
            .by_appointment()
            .dispatch_at(now)
            .map(|opening| earlier(opening.until, Some(slot.ends_at))),
        None => hours.dispatch_at(now).map(|opening| opening.until),
    };
    let until = opening.map_err(|closed| Refusal {
        code: match closed.code {
            "zone_unknown" => RefusalCode::ZoneUnknown,
            "public_holiday" => RefusalCode::PublicHoliday,
            _ => RefusalCode::OutsideHours,
        },
        rule: closed.rule,
        retry_at: earlier(
            closed.retry_at,
            ground
                .special_slot
                .map(|slot| slot.starts_at)
                .filter(|starts_at| *starts_at > now),
        ),
    })?;
    Ok(earlier(until, ground.until))
}

fn lasts(end: Timestamp, now: Timestamp) -> bool {
    end.duration_since(now) > GUARD_BAND
}

fn earlier(left: Option<Timestamp>, right: Option<Timestamp>) -> Option<Timestamp> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}

/// The clocks on which the contact's hours are read.
pub(super) fn zones(contact: &GateContact, campaign: &GateCampaign) -> Zones {
    let own = own_zones(contact);
    if campaign.legal_basis.bindings().zone_needed {
        own
    } else {
        own.or(&campaign.timezone)
    }
}

/// The clocks that hang at the contact's, as far as anything tells.
pub(super) fn own_zones(contact: &GateContact) -> Zones {
    zones_of(
        contact.timezone.as_ref(),
        contact.postal_code.as_deref(),
        &contact.phone,
    )
}

#[cfg(test)]
#[path = "gate_tests.rs"]
pub(super) mod tests;
