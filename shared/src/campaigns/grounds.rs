//! What proves the ground on which somebody is called, and how long: a consent, a contract in progress, their own
//! request. Rules 5 to 9 of [`crate::law::RULES`].

use jiff::Timestamp;
use jiff::civil::Date;

use super::gate::{GateCampaign, GateContact, Refusal, RefusalCode};
use crate::consents::{self, Purpose, SpecialSlot, Standing, Wanted};
use crate::kernel::{Timezone, Zones};
use crate::law::holidays::is_public_holiday;
use crate::law::hours::{local_date, midnight};
use crate::law::terms::terms_at;
use crate::law::{AUTOMATED_VOICE, CALLBACK, CONSENT, CONTRACT, Law, LegalBasis, Rule, WITHDRAWAL};

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

/// The ground on which this campaign may call this person now, by the rules that are in force.
pub(super) fn prove(
    contact: &GateContact,
    campaign: &GateCampaign,
    zones: &Zones,
    now: Timestamp,
) -> Result<Ground, Refusal> {
    let law = Law::at(now, campaign.legal_basis);
    let proved = match campaign.legal_basis {
        LegalBasis::Service => Ok(Ground::default()),
        LegalBasis::Business => business(contact),
        LegalBasis::Consent => consent(contact, campaign, now),
        LegalBasis::Contract => contract(contact, now),
        LegalBasis::CallbackRequest => callback(contact, campaign, zones, now),
    };
    let ground = match proved {
        Ok(ground) => ground,
        Err(unmet) if law.asks(unmet.rule) => return Err(unmet.refusal()),
        // Taken back, where the law asks for no more than that there was one: it is none.
        Err(unmet) if unmet.rule == &WITHDRAWAL && law.asks(&CONSENT) => {
            return Err(Unmet::of(RefusalCode::ConsentMissing, &CONSENT).refusal());
        }
        Err(_) => Ground::default(),
    };
    match refused(contact, campaign.legal_basis, now) {
        Err(unmet) if law.asks(unmet.rule) => Err(unmet.refusal()),
        _ => Ok(ground),
    }
}

/// What is not met, and the rule that asks for it.
struct Unmet {
    code: RefusalCode,
    rule: &'static Rule,
    retry_at: Option<Timestamp>,
}

impl Unmet {
    const fn of(code: RefusalCode, rule: &'static Rule) -> Self {
        Self {
            code,
            rule,
            retry_at: None,
        }
    }

    fn refusal(self) -> Refusal {
        Refusal {
            code: self.code,
            rule: self.rule.article,
            retry_at: self.retry_at,
        }
    }
}

fn business(contact: &GateContact) -> Result<Ground, Unmet> {
    if contact.is_business {
        return Ok(Ground::default());
    }
    Err(Unmet::of(RefusalCode::NotABusiness, &AUTOMATED_VOICE))
}

fn consent(contact: &GateContact, campaign: &GateCampaign, now: Timestamp) -> Result<Ground, Unmet> {
    let wanted = Wanted {
        advertiser_name: &campaign.advertiser.name,
        advertiser_siren: campaign.advertiser.siren.as_deref(),
        object: &campaign.object,
        purposes: PURPOSES,
    };
    let lacks = |code| Err(Unmet::of(code, &CONSENT));
    match consents::standing::standing(&contact.consents, &wanted, now) {
        Ok(proof) => Ok(Ground {
            until: Some(proof.valid_until),
            special_slot: proof.special_slot,
        }),
        Err(Standing::Missing) => lacks(RefusalCode::ConsentMissing),
        Err(Standing::Mismatch) => lacks(RefusalCode::ConsentMismatch),
        Err(Standing::Unproven) => lacks(RefusalCode::NoLegalBasis),
        Err(Standing::Expired) => lacks(RefusalCode::ConsentExpired),
        Err(Standing::Withdrawn { retry_at }) => Err(Unmet {
            retry_at,
            ..Unmet::of(RefusalCode::ConsentWithdrawn, &WITHDRAWAL)
        }),
    }
}

fn contract(contact: &GateContact, now: Timestamp) -> Result<Ground, Unmet> {
    let Some(contract) = &contact.contract else {
        return Err(Unmet::of(RefusalCode::NoLegalBasis, &CONTRACT));
    };
    if contract.ends_at <= now {
        return Err(Unmet::of(RefusalCode::ContractEnded, &CONTRACT));
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
) -> Result<Ground, Unmet> {
    let unproven = Err(Unmet::of(RefusalCode::NoLegalBasis, &CALLBACK));
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
        return Err(Unmet::of(RefusalCode::CallbackLate, &CALLBACK));
    }
    Ok(Ground {
        until,
        special_slot: None,
    })
}

/// Nobody who refused is called on another ground either, unless they asked for it afterwards, or agreed to something since and
/// the silence that they are owed is over.
fn refused(contact: &GateContact, basis: LegalBasis, now: Timestamp) -> Result<(), Unmet> {
    let Some(refused) = consents::standing::last_refusal(&contact.consents, now) else {
        return Ok(());
    };
    let request = contact
        .callback_request
        .as_ref()
        .filter(|_| basis == LegalBasis::CallbackRequest);
    let has_asked = request.is_some_and(|request| request.requested_at > refused.at);
    let has_agreed = consents::standing::has_agreed_since(&contact.consents, refused.at, now);
    if has_asked || (has_agreed && refused.silent_until <= now) {
        return Ok(());
    }
    Err(Unmet {
        retry_at: has_agreed.then_some(refused.silent_until),
        ..Unmet::of(RefusalCode::ConsentWithdrawn, &WITHDRAWAL)
    })
}

/// The midnight that ends the last working day on which a request may be answered; the day on which it was made does not
/// count.
fn end_of_callback(zone: &Timezone, requested_at: Timestamp) -> Option<Timestamp> {
    let mut day = local_date(zone, requested_at);
    let mut left = terms_at(day).callback_days;
    while left > 0 {
        day = day.tomorrow().ok()?;
        if is_working_day(day) {
            left -= 1;
        }
    }
    midnight(zone, day.tomorrow().ok()?)
}

fn is_working_day(day: Date) -> bool {
    day.weekday().to_monday_zero_offset() < 5 && !is_public_holiday(day)
}

#[cfg(test)]
#[path = "grounds_tests.rs"]
mod tests;
