//! The gate: who is called, who is not, and why.

use rust_decimal::Decimal;

use super::*;
use crate::campaigns::evidence::{inputs, replay};
use crate::consents::{Entry, Purpose};
use crate::kernel::Country;
use crate::kernel::ids::ConsentId;

pub(in crate::campaigns) const TUESDAY_NOON: &str = "2026-11-24T11:00:00Z";

pub(in crate::campaigns) fn contact() -> GateContact {
    GateContact {
        phone: PhoneNumber::parse("06 39 98 00 01", Country::FR).unwrap(),
        is_business: false,
        do_not_call: false,
        objected_at: None,
        timezone: None,
        postal_code: None,
        consents: Vec::new(),
        contract: None,
        callback_request: None,
    }
}

pub(in crate::campaigns) fn campaign(legal_basis: LegalBasis) -> GateCampaign {
    GateCampaign {
        legal_basis,
        advertiser: Advertiser {
            name: "Atelier Horizon".to_owned(),
            siren: Some("732829320".to_owned()),
        },
        object: "Contrôle annuel".to_owned(),
        sector: Sector::Other,
        call_windows: CallWindows::default(),
        timezone: Timezone::paris(),
        caller_number: Some(PhoneNumber::parse("+33162000001", Country::FR).unwrap()),
        max_attempts: 3,
        budget: None,
        // Whenever a test asks.
        assistant: Compliance::checked("2100-01-01T00:00:00Z".parse().unwrap()),
    }
}

pub(in crate::campaigns) fn nothing() -> History {
    History {
        campaign_attempts: 0,
        spent: Decimal::ZERO,
        next_call: Decimal::ZERO,
        solicitations: Vec::new(),
        line: Line::ToCome,
    }
}

fn code(contact: &GateContact, campaign: &GateCampaign, history: History, now: &str) -> Option<RefusalCode> {
    match decide(contact, campaign, &history, now.parse().unwrap()) {
        Decision::Allow { .. } => None,
        Decision::Refuse(refusal) => Some(refusal.code),
    }
}

#[test]
fn a_service_call_at_noon_is_allowed_until_the_window_ends() {
    let decision = decide(
        &contact(),
        &campaign(LegalBasis::Service),
        &nothing(),
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
    for (basis, code) in [
        (LegalBasis::Consent, RefusalCode::ConsentMissing),
        (LegalBasis::Contract, RefusalCode::NoLegalBasis),
        (LegalBasis::CallbackRequest, RefusalCode::NoLegalBasis),
    ] {
        assert_eq!(refused(&contact(), &campaign(basis)), Some(code), "{basis:?}");
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
fn a_rule_is_asked_from_the_day_on_which_it_is_in_force() {
    let banned = GateCampaign {
        sector: Sector::RenewableEnergy,
        ..campaign(LegalBasis::Service)
    };
    let refused = |now: &str| code(&contact(), &banned, nothing(), now);
    assert_eq!(refused("2026-08-11T10:00:00Z"), Some(RefusalCode::SectorBanned));
    // The law's day begins at midnight in Paris.
    assert_eq!(refused("2026-08-10T22:00:00Z"), Some(RefusalCode::SectorBanned));
    assert_eq!(refused("2026-08-10T10:00:00Z"), None);
}

#[test]
fn a_number_that_is_none_an_unknown_clock_and_a_holiday_have_their_codes() {
    let nobody = GateContact {
        phone: PhoneNumber::from_database("+33".to_owned()),
        ..contact()
    };
    let service = campaign(LegalBasis::Service);
    assert_eq!(
        code(&nobody, &service, nothing(), TUESDAY_NOON),
        Some(RefusalCode::NumberInvalid)
    );
    let canvassing = campaign(LegalBasis::Consent);
    // Christmas is a Friday.
    let christmas = "2026-12-25T11:00:00Z";
    assert_eq!(
        code(&consented(), &canvassing, nothing(), christmas),
        Some(RefusalCode::PublicHoliday)
    );
    // A mobile number tells no clock.
    let nowhere = GateContact {
        postal_code: None,
        timezone: None,
        ..consented()
    };
    assert_eq!(
        code(&nowhere, &canvassing, nothing(), TUESDAY_NOON),
        Some(RefusalCode::ZoneUnknown)
    );
}

#[test]
fn outside_the_window_it_says_when_to_ask_again() {
    let sunday = "2026-11-22T11:00:00Z".parse().unwrap();
    let Decision::Refuse(refusal) = decide(&contact(), &campaign(LegalBasis::Service), &nothing(), sunday)
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

pub(in crate::campaigns) fn consented() -> GateContact {
    GateContact {
        consents: vec![Entry::Given {
            id: ConsentId(uuid::Uuid::from_u128(1)),
            purposes: vec![Purpose::Phone, Purpose::AutomatedVoice],
            object: "contrôle annuel".to_owned(),
            advertiser_name: "Atelier Horizon".to_owned(),
            advertiser_siren: Some("732829320".to_owned()),
            collected_at: "2026-11-01T09:00:00Z".parse().unwrap(),
            valid_until: "2027-11-01T09:00:00Z".parse().unwrap(),
            special_slot_from: Some("2026-11-28T17:00:00Z".parse().unwrap()),
            special_slot_until: Some("2026-11-28T18:00:00Z".parse().unwrap()),
            evidence: true,
        }],
        // A mobile number alone does not tell what time it is there.
        postal_code: Some("75001".to_owned()),
        ..contact()
    }
}

#[test]
fn a_consent_opens_the_law_s_hours_and_the_time_that_was_agreed_to() {
    let campaign = campaign(LegalBasis::Consent);
    let ask = |now: &str| decide(&consented(), &campaign, &nothing(), now.parse().unwrap());
    let until = |end: &str| Decision::Allow {
        until: Some(end.parse().unwrap()),
    };
    // Tuesday at noon, until 13:00 in Paris.
    assert_eq!(ask(TUESDAY_NOON), until("2026-11-24T12:00:00Z"));
    // Saturday, when nobody may be canvassed, at the time that they asked for.
    assert_eq!(ask("2026-11-28T17:00:00Z"), until("2026-11-28T18:00:00Z"));
    // Its last two minutes are as silent as those of an opening.
    let Decision::Refuse(refusal) = ask("2026-11-28T17:58:00Z") else {
        panic!("called at the very end");
    };
    assert_eq!(refusal.code, RefusalCode::OutsideHours);
    // Before it: Friday night is followed by it, not by Monday.
    let Decision::Refuse(refusal) = ask("2026-11-27T22:00:00Z") else {
        panic!("called at night");
    };
    assert_eq!(refusal.retry_at, Some("2026-11-28T17:00:00Z".parse().unwrap()));
}

#[test]
fn the_fifth_attempt_in_thirty_days_waits_for_the_first_to_be_old() {
    let at = |typed: &str| -> Timestamp { typed.parse().unwrap() };
    let four = History {
        solicitations: [
            "2026-11-23T10:00:00Z",
            "2026-11-20T10:00:00Z",
            "2026-11-10T10:00:00Z",
            "2026-10-28T10:00:00Z",
        ]
        .map(at)
        .to_vec(),
        ..nothing()
    };
    let campaign = campaign(LegalBasis::Consent);
    let Decision::Refuse(refusal) = decide(&consented(), &campaign, &four, at(TUESDAY_NOON)) else {
        panic!("called a fifth time");
    };
    assert_eq!(refusal.code, RefusalCode::AttemptsExhausted);
    // Thirty whole days after the 28th of October, by the clock of Paris, are over with the 27th of November.
    assert_eq!(refusal.retry_at, Some(at("2026-11-27T23:00:00Z")));
    let on_the_last = decide(&consented(), &campaign, &four, at("2026-11-27T14:00:00Z"));
    assert!(matches!(on_the_last, Decision::Refuse(_)), "{on_the_last:?}");
    let later = decide(&consented(), &campaign, &four, at("2026-11-30T10:00:00Z"));
    assert!(matches!(later, Decision::Allow { .. }), "{later:?}");
    // Whole days: the clock's change in between makes none of them shorter.
    let over_the_change = History {
        solicitations: vec![at("2027-03-01T10:00:00Z"); 4],
        ..nothing()
    };
    for (now, is_called) in [("2027-03-31T14:00:00Z", false), ("2027-04-01T10:00:00Z", true)] {
        let decision = decide(&consented(), &campaign, &over_the_change, at(now));
        assert_eq!(matches!(decision, Decision::Allow { .. }), is_called, "{now}");
    }
    let three = History {
        solicitations: four.solicitations[..3].to_vec(),
        ..nothing()
    };
    assert!(matches!(
        decide(&consented(), &campaign, &three, at(TUESDAY_NOON)),
        Decision::Allow { .. }
    ));
    // The law counts canvassing.
    let service = GateCampaign {
        legal_basis: LegalBasis::Service,
        ..campaign
    };
    assert!(matches!(
        decide(&contact(), &service, &four, at(TUESDAY_NOON)),
        Decision::Allow { .. }
    ));
}

#[test]
fn an_assistant_that_nobody_knows_to_be_lawful_calls_nobody_whoever_it_is() {
    let now: Timestamp = TUESDAY_NOON.parse().unwrap();
    let ago = |minutes| now - jiff::SignedDuration::from_mins(minutes);
    let checked = Compliance::checked(ago(10));
    for (assistant, is_refused) in [
        (checked.clone(), false),
        (Compliance::checked(ago(61)), true),
        (
            Compliance {
                checked_at: None,
                ..checked.clone()
            },
            true,
        ),
        (
            Compliance {
                version: None,
                ..checked.clone()
            },
            true,
        ),
        (
            Compliance {
                wanted: checked.wanted + 1,
                ..checked.clone()
            },
            true,
        ),
        (
            Compliance {
                drifted_at: Some(ago(1)),
                ..checked.clone()
            },
            true,
        ),
    ] {
        for (contact, basis) in [
            (contact(), LegalBasis::Service),
            (consented(), LegalBasis::Consent),
        ] {
            let campaign = GateCampaign {
                assistant: assistant.clone(),
                ..campaign(basis)
            };
            let decision = decide(&contact, &campaign, &nothing(), now);
            let code = match &decision {
                Decision::Allow { .. } => None,
                Decision::Refuse(refusal) => Some(refusal.code),
            };
            let wanted = is_refused.then_some(RefusalCode::AssistantNotCompliant);
            assert_eq!(code, wanted, "{assistant:?}");
            assert_eq!(
                replay(&inputs(&contact, &campaign, &nothing(), now)),
                Some(decision)
            );
        }
    }
}
