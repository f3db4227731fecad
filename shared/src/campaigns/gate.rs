//! The gate: may this person be called now? One pure function that asks the rules of [`crate::law`] in their order.
//! Asked at a forecast, at release, again just before dialling, and for campaigns of Vapi's own; what is asked before a call is
//! stored with the answer.
//!
//! It fails closed: anything missing, unreadable or unknown refuses.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::budget;
use super::caller_id::automated_call_allowed;
use super::calling_hours::{CallingHours, GUARD_BAND};
use super::grounds::{self, Ground};
pub use super::refusal::{Refusal, RefusalCode};
use super::windows::CallWindows;
use super::{Advertiser, Budget};
use crate::assistants::Compliance;
use crate::consents;
use crate::contacts::{CallbackRequest, Contract};
use crate::kernel::zones::{Zones, zones_of};
use crate::kernel::{Country, PhoneNumber, Timezone};
use crate::law::{
    self, ATTEMPTS_CAP, CALLER_ID, CANVASSING_HOURS, COMMERCIAL_NATURE, DISCLOSURE, Law, LegalBasis, NUMBER,
    OBJECTION, OWN_ATTEMPTS, OWN_BUDGET, OWN_SLOTS, SECTOR_BAN, Sector,
};
use crate::oppositions::platform;

/// Why nobody calls a number whose holder has objected.
pub(super) const SUPPRESSED_RULE: &str = OBJECTION.article;

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
    /// When they last asked it of everybody at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objected_at: Option<Timestamp>,
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
    /// Which line it would go out on.
    pub line: Line,
}

/// The line on which a call goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// One of the platform's, held for the call until then.
    HeldUntil(Timestamp),
    /// One that there will be when the call's turn comes.
    ToCome,
    /// One of the provider's own choice, for a campaign of its own.
    OfProvider,
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

/// May this person be called now?
pub fn decide(contact: &GateContact, campaign: &GateCampaign, history: &History, now: Timestamp) -> Decision {
    match first_refusal(contact, campaign, history, now) {
        Ok(until) => Decision::Allow { until },
        Err(refusal) => Decision::Refuse(refusal),
    }
}

/// Whether the number may be called at all, and its holder has not objected.
pub(super) fn reachable(contact: &GateContact, law: Law, now: Timestamp) -> Result<(), Refusal> {
    let country = contact.phone.region();
    if law.asks(&NUMBER) && country.is_none() {
        return Err(Refusal::never(RefusalCode::NumberInvalid, NUMBER.article));
    }
    if law.asks(&NUMBER) && !country.is_some_and(Country::is_french) {
        return Err(Refusal::never(
            RefusalCode::CountryNotAllowed,
            "zencall.allowed_countries",
        ));
    }
    if law.asks(&OBJECTION) && (contact.do_not_call || objects_to_everybody(contact, law, now)) {
        return Err(Refusal::never(RefusalCode::Suppressed, SUPPRESSED_RULE));
    }
    Ok(())
}

/// Whether the person told everybody to leave them alone, and has since neither asked for this call nor, once the silence that
/// they are owed was over, agreed to anything.
fn objects_to_everybody(contact: &GateContact, law: Law, now: Timestamp) -> bool {
    contact.objected_at.is_some_and(|objected_at| {
        let has_asked = law.basis() == LegalBasis::CallbackRequest
            && contact
                .callback_request
                .as_ref()
                .is_some_and(|request| objected_at < request.requested_at && request.requested_at <= now);
        !has_asked && !platform::is_lifted(objected_at, &contact.consents, now)
    })
}

fn first_refusal(
    contact: &GateContact,
    campaign: &GateCampaign,
    history: &History,
    now: Timestamp,
) -> Result<Option<Timestamp>, Refusal> {
    let never = |code, rule| Err(Refusal::never(code, rule));
    let law = Law::at(now, campaign.legal_basis);

    reachable(contact, law, now)?;
    let Some(number) = &campaign.caller_number else {
        return never(
            RefusalCode::CallerIdNotAllowed,
            "organization.twilio_phone_number",
        );
    };
    if law.asks(&CALLER_ID)
        && let Err(refusal) = automated_call_allowed(number, now)
    {
        return never(RefusalCode::CallerIdNotAllowed, refusal.rule);
    }
    if law.asks(&SECTOR_BAN) && law.terms().banned_sectors.contains(&campaign.sector) {
        return never(RefusalCode::SectorBanned, SECTOR_BAN.article);
    }
    let zones = zones(contact, campaign);
    let ground = grounds::prove(contact, campaign, &zones, now)?;
    let until = open_until(campaign, &zones, &ground, now)?;
    let oldest = history.solicitations.get(law.terms().attempts - 1);
    if let Some(oldest) = oldest.filter(|_| law.asks(&ATTEMPTS_CAP)) {
        // The oldest of those that fill the period makes room.
        let retry_at = law::counts_until(&zones, *oldest, law.terms().attempts_days);
        if retry_at > now {
            return Err(Refusal {
                retry_at: Some(retry_at),
                ..Refusal::never(RefusalCode::AttemptsExhausted, ATTEMPTS_CAP.article)
            });
        }
    }
    if law.asks(&OWN_ATTEMPTS) && history.campaign_attempts >= campaign.max_attempts {
        return never(RefusalCode::CampaignAttemptsExhausted, OWN_ATTEMPTS.article);
    }
    // What a call of the provider's own costs is never told, so nobody could say that the budget holds.
    let is_affordable =
        |budget| history.line != Line::OfProvider && budget::holds(budget, history.spent, history.next_call);
    if law.asks(&OWN_BUDGET) && !campaign.budget.is_none_or(is_affordable) {
        return never(RefusalCode::BudgetExhausted, OWN_BUDGET.article);
    }
    if let Line::HeldUntil(until) = history.line
        && law.asks(&OWN_SLOTS)
        && until < now
    {
        // It waits for another one.
        return Err(Refusal {
            retry_at: Some(now),
            ..Refusal::never(RefusalCode::NoSlot, OWN_SLOTS.article)
        });
    }
    let told_by = [DISCLOSURE, COMMERCIAL_NATURE]
        .into_iter()
        .find(|rule| law.asks(rule));
    if let Some(rule) = told_by.filter(|_| campaign.assistant.holds_at(now).is_err()) {
        return never(RefusalCode::AssistantNotCompliant, rule.article);
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
    if CANVASSING_HOURS.binds(campaign.legal_basis) {
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

#[cfg(test)]
#[path = "gate_order_tests.rs"]
mod order_tests;
