//! The gate: who is called, who is not, and why.

use rust_decimal::Decimal;

use super::*;
use crate::kernel::Country;

const TUESDAY_NOON: &str = "2026-11-24T11:00:00Z";

fn contact() -> GateContact {
    GateContact {
        phone: PhoneNumber::parse("06 39 98 00 01", Country::FR).unwrap(),
        is_business: false,
        do_not_call: false,
        timezone: None,
        postal_code: None,
    }
}

fn campaign(legal_basis: LegalBasis) -> GateCampaign {
    GateCampaign {
        legal_basis,
        sector: Sector::Other,
        call_windows: CallWindows::default(),
        timezone: Timezone::paris(),
        caller_number: Some(PhoneNumber::parse("+33162000001", Country::FR).unwrap()),
        max_attempts: 3,
        budget: None,
    }
}

fn nothing() -> History {
    History {
        campaign_attempts: 0,
        spent: Decimal::ZERO,
    }
}

fn code(contact: &GateContact, campaign: &GateCampaign, history: History, now: &str) -> Option<RefusalCode> {
    match decide(contact, campaign, history, now.parse().unwrap()) {
        Decision::Allow { .. } => None,
        Decision::Refuse(refusal) => Some(refusal.code),
    }
}

#[test]
fn a_service_call_at_noon_is_allowed_until_the_window_ends() {
    let decision = decide(
        &contact(),
        &campaign(LegalBasis::Service),
        nothing(),
        TUESDAY_NOON.parse().unwrap(),
    );
    // 20:00 in Paris.
    assert_eq!(
        decision,
        Decision::Allow {
            until: Some("2026-11-24T19:00:00Z".parse().unwrap())
        }
    );
}

#[test]
fn each_check_refuses_with_its_code() {
    let service = campaign(LegalBasis::Service);
    let refused =
        |contact: &GateContact, campaign: &GateCampaign| code(contact, campaign, nothing(), TUESDAY_NOON);

    assert_eq!(
        refused(
            &GateContact {
                do_not_call: true,
                ..contact()
            },
            &service
        ),
        Some(RefusalCode::Suppressed)
    );
    let belgian = PhoneNumber::parse("+32 2 555 12 12", Country::FR).unwrap();
    assert_eq!(
        refused(
            &GateContact {
                phone: belgian,
                ..contact()
            },
            &service
        ),
        Some(RefusalCode::CountryNotAllowed)
    );
    for number in ["+33612345678", "+33142000000"] {
        let caller_number = PhoneNumber::parse(number, Country::FR).ok();
        let campaign = GateCampaign {
            caller_number,
            ..service.clone()
        };
        assert_eq!(
            refused(&contact(), &campaign),
            Some(RefusalCode::CallerIdNotAllowed),
            "{number}"
        );
    }
    let unset = GateCampaign {
        caller_number: None,
        ..service.clone()
    };
    assert_eq!(refused(&contact(), &unset), Some(RefusalCode::CallerIdNotAllowed));
    let banned = GateCampaign {
        sector: Sector::RenewableEnergy,
        ..service.clone()
    };
    assert_eq!(refused(&contact(), &banned), Some(RefusalCode::SectorBanned));
    assert_eq!(
        refused(&contact(), &campaign(LegalBasis::Business)),
        Some(RefusalCode::NotABusiness)
    );
    for basis in [
        LegalBasis::Consent,
        LegalBasis::Contract,
        LegalBasis::CallbackRequest,
    ] {
        assert_eq!(
            refused(&contact(), &campaign(basis)),
            Some(RefusalCode::NoLegalBasis),
            "{basis:?}"
        );
    }
    let spent = History {
        spent: Decimal::TEN,
        ..nothing()
    };
    let poor = GateCampaign {
        budget: Some(Decimal::TEN),
        ..service.clone()
    };
    assert_eq!(
        code(&contact(), &poor, spent, TUESDAY_NOON),
        Some(RefusalCode::BudgetExhausted)
    );
    let tried = History {
        campaign_attempts: 3,
        ..nothing()
    };
    assert_eq!(
        code(&contact(), &service, tried, TUESDAY_NOON),
        Some(RefusalCode::CampaignAttemptsExhausted)
    );
}

#[test]
fn outside_the_window_it_says_when_to_ask_again() {
    let sunday = "2026-11-22T11:00:00Z".parse().unwrap();
    let Decision::Refuse(refusal) = decide(&contact(), &campaign(LegalBasis::Service), nothing(), sunday)
    else {
        panic!("called on a Sunday");
    };
    assert_eq!(refusal.code, RefusalCode::OutsideHours);
    assert_eq!(refusal.retry_at, Some("2026-11-23T07:00:00Z".parse().unwrap()));
}

#[test]
fn the_contact_s_own_clock_decides() {
    // 11:00 UTC is 07:00 in Guadeloupe.
    let guadeloupe = GateContact {
        postal_code: Some("97110".to_owned()),
        ..contact()
    };
    assert_eq!(
        code(
            &guadeloupe,
            &campaign(LegalBasis::Service),
            nothing(),
            TUESDAY_NOON
        ),
        Some(RefusalCode::OutsideHours)
    );
    assert_eq!(
        code(
            &guadeloupe,
            &campaign(LegalBasis::Service),
            nothing(),
            "2026-11-24T15:00:00Z"
        ),
        None
    );
}

#[test]
fn the_stored_inputs_hash_to_the_same_each_time() {
    let asked = inputs(
        &contact(),
        &campaign(LegalBasis::Service),
        nothing(),
        TUESDAY_NOON.parse().unwrap(),
    );
    assert_eq!(inputs_hash(&asked), inputs_hash(&asked.clone()));
    assert_eq!(inputs_hash(&asked).len(), 64);
}
