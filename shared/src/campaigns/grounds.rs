//! What proves the ground on which somebody is called, and how long: a consent, a contract in progress, their own
//! request. Rules 5 to 9 of [`super::provisions::RULES`].

use jiff::Timestamp;
use jiff::civil::Date;

use super::gate::{GateCampaign, GateContact, Refusal, RefusalCode};
use super::holidays::is_public_holiday;
use super::law::LegalBasis;
use super::provisions::{AUTOMATED_VOICE, CALLBACK, CONSENT, CONTRACT, WITHDRAWAL, terms_at};
use crate::consents::{self, Purpose, SpecialSlot, Standing, Wanted};
use crate::kernel::{Timezone, Zones};

/// What a campaign's calls need: canvassing by telephone, by an automated voice.
const PURPOSES: &[Purpose] = &[Purpose::Phone, Purpose::AutomatedVoice];

/// A ground that is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ground {
    /// The last instant on which it is.
    pub(super) until: Option<Timestamp>,
    /// The date and time to which the person agreed, outside the lawful hours.
    pub(super) special_slot: Option<SpecialSlot>,
}

/// The ground on which this campaign may call this person now.
pub(super) fn prove(
    contact: &GateContact,
    campaign: &GateCampaign,
    zones: &Zones,
    now: Timestamp,
) -> Result<Ground, Refusal> {
    match campaign.legal_basis {
        LegalBasis::Service => Ok(Ground::default()),
        LegalBasis::Business if contact.is_business => Ok(Ground::default()),
        LegalBasis::Business => Err(Refusal::never(RefusalCode::NotABusiness, AUTOMATED_VOICE.article)),
        LegalBasis::Consent => consent(contact, campaign, now),
        LegalBasis::Contract => {
            contract(contact, now).and_then(|ground| unless_refused(contact, None, ground, now))
        }
        LegalBasis::CallbackRequest => callback(contact, campaign, zones, now),
    }
}

fn consent(contact: &GateContact, campaign: &GateCampaign, now: Timestamp) -> Result<Ground, Refusal> {
    let wanted = Wanted {
        advertiser_name: &campaign.advertiser.name,
        advertiser_siren: campaign.advertiser.siren.as_deref(),
        object: &campaign.object,
        purposes: PURPOSES,
    };
    match consents::standing::standing(&contact.consents, &wanted, now) {
        Ok(proof) => Ok(Ground {
            until: Some(proof.valid_until),
            special_slot: proof.special_slot,
        }),
        Err(standing) => Err(match standing {
            Standing::Missing => Refusal::never(RefusalCode::ConsentMissing, CONSENT.article),
            Standing::Mismatch => Refusal::never(RefusalCode::ConsentMismatch, CONSENT.article),
            Standing::Unproven => Refusal::never(RefusalCode::NoLegalBasis, CONSENT.article),
            Standing::Expired => Refusal::never(RefusalCode::ConsentExpired, CONSENT.article),
            Standing::Withdrawn { retry_at } => Refusal {
                retry_at,
                ..Refusal::never(RefusalCode::ConsentWithdrawn, WITHDRAWAL.article)
            },
        }),
    }
}

fn contract(contact: &GateContact, now: Timestamp) -> Result<Ground, Refusal> {
    let Some(contract) = &contact.contract else {
        return Err(Refusal::never(RefusalCode::NoLegalBasis, CONTRACT.article));
    };
    if contract.ends_at <= now {
        return Err(Refusal::never(RefusalCode::ContractEnded, CONTRACT.article));
    }
    Ok(Ground {
        until: Some(contract.ends_at),
        special_slot: None,
    })
}

fn callback(
    contact: &GateContact,
    campaign: &GateCampaign,
    zones: &Zones,
    now: Timestamp,
) -> Result<Ground, Refusal> {
    let unproven = Err(Refusal::never(RefusalCode::NoLegalBasis, CALLBACK.article));
    let Some(request) = &contact.callback_request else {
        return unproven;
    };
    if request.requested_at > now || !consents::standing::same_words(&request.object, &campaign.object) {
        return unproven;
    }
    // On the clock that ends first: no clock at all is refused with the hours.
    let until = zones
        .as_slice()
        .iter()
        .filter_map(|zone| end_of_callback(zone, request.requested_at))
        .min();
    if until.is_some_and(|until| until <= now) {
        return Err(Refusal::never(RefusalCode::CallbackLate, CALLBACK.article));
    }
    let ground = Ground {
        until,
        special_slot: None,
    };
    unless_refused(contact, Some(request.requested_at), ground, now)
}

/// Nobody who refused is called on another ground either, unless they asked for it afterwards, or agreed to something since and
/// the silence that they are owed is over.
fn unless_refused(
    contact: &GateContact,
    asked_at: Option<Timestamp>,
    ground: Ground,
    now: Timestamp,
) -> Result<Ground, Refusal> {
    let Some(refused) = consents::standing::last_refusal(&contact.consents) else {
        return Ok(ground);
    };
    let has_agreed = consents::standing::has_agreed_since(&contact.consents, refused.at, now);
    if asked_at.is_some_and(|asked_at| asked_at > refused.at) || (has_agreed && refused.silent_until <= now) {
        return Ok(ground);
    }
    Err(Refusal {
        retry_at: has_agreed.then_some(refused.silent_until),
        ..Refusal::never(RefusalCode::ConsentWithdrawn, WITHDRAWAL.article)
    })
}

/// The midnight that ends the last working day on which a request may be answered; the day on which it was made does not
/// count.
fn end_of_callback(zone: &Timezone, requested_at: Timestamp) -> Option<Timestamp> {
    let mut day = zone.rules().to_datetime(requested_at).date();
    let mut left = terms_at(day).callback_days;
    while left > 0 {
        day = day.tomorrow().ok()?;
        if is_working_day(day) {
            left -= 1;
        }
    }
    let midnight = day.tomorrow().ok()?.to_zoned(zone.rules().clone()).ok()?;
    Some(midnight.timestamp())
}

fn is_working_day(day: Date) -> bool {
    day.weekday().to_monday_zero_offset() < 5 && !is_public_holiday(day)
}

#[cfg(test)]
#[path = "grounds_tests.rs"]
mod tests;
