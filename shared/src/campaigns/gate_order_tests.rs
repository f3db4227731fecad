//! The gate asks its rules in the order of the table, and what each of them refuses is mended by nothing but what it asks for.

use rust_decimal::Decimal;

use super::tests::{TUESDAY_NOON, campaign, consented, contact, nothing};
use super::*;
use crate::consents::Entry;

type Case = (GateContact, GateCampaign, History, Timestamp);
/// What makes one of its faults good.
type Mend = fn(&mut Case);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn code((contact, campaign, history, now): &Case) -> Option<RefusalCode> {
    match decide(contact, campaign, history, *now) {
        Decision::Allow { .. } => None,
        Decision::Refuse(refusal) => Some(refusal.code),
    }
}

/// Somebody whom no rule allows to be called: at night, after four attempts, on a line that is lost.
fn worst() -> Case {
    let night = at("2026-11-24T03:00:00Z");
    let contact = GateContact {
        phone: PhoneNumber::from_database("+33".to_owned()),
        do_not_call: true,
        consents: Vec::new(),
        ..consented()
    };
    let campaign = GateCampaign {
        caller_number: PhoneNumber::parse("+33612345678", Country::FR).ok(),
        sector: Sector::CpfTraining,
        budget: Some(Decimal::ONE),
        assistant: Compliance {
            checked_at: None,
            ..Compliance::checked(night)
        },
        ..campaign(LegalBasis::Consent)
    };
    let history = History {
        campaign_attempts: 3,
        spent: Decimal::TEN,
        solicitations: vec![at("2026-11-23T11:00:00Z"); 4],
        line: Line::HeldUntil(at("2026-11-23T11:00:00Z")),
        ..nothing()
    };
    (contact, campaign, history, night)
}

#[test]
fn the_rules_are_asked_in_their_order() {
    let mends: [(RefusalCode, Mend); 11] = [
        (RefusalCode::NumberInvalid, |case| case.0.phone = contact().phone),
        (RefusalCode::Suppressed, |case| case.0.do_not_call = false),
        (RefusalCode::CallerIdNotAllowed, |case| {
            case.1.caller_number = campaign(LegalBasis::Consent).caller_number;
        }),
        (RefusalCode::SectorBanned, |case| case.1.sector = Sector::Other),
        (RefusalCode::ConsentMissing, |case| {
            case.0.consents = consented().consents;
            case.0.consents.push(withdrawn(case.3));
        }),
        (RefusalCode::ConsentWithdrawn, |case| {
            case.0.consents.pop();
        }),
        (RefusalCode::OutsideHours, |case| case.3 = at(TUESDAY_NOON)),
        (RefusalCode::AttemptsExhausted, |case| {
            case.2.solicitations.clear()
        }),
        (RefusalCode::CampaignAttemptsExhausted, |case| {
            case.2.campaign_attempts = 0;
        }),
        (RefusalCode::BudgetExhausted, |case| case.2.spent = Decimal::ZERO),
        (RefusalCode::NoSlot, |case| case.2.line = Line::HeldUntil(case.3)),
    ];
    let mut case = worst();
    let mut places = Vec::new();
    for (expected, mend) in mends {
        assert_eq!(code(&case), Some(expected));
        places.push(place(expected));
        mend(&mut case);
    }
    assert_eq!(code(&case), Some(RefusalCode::AssistantNotCompliant));
    places.push(place(RefusalCode::AssistantNotCompliant));
    assert!(places.is_sorted() && places[0].is_some(), "{places:?}");
    case.1.assistant = Compliance::checked(case.3);
    assert_eq!(code(&case), None);
}

/// Where the table has the rule that refuses so.
fn place(code: RefusalCode) -> Option<usize> {
    law::RULES
        .iter()
        .position(|rule| rule.codes.contains(&code.as_str()))
}

fn withdrawn(recorded_at: Timestamp) -> Entry {
    Entry::Withdrawn {
        withdraws: None,
        recorded_at,
    }
}

#[test]
fn a_call_whose_line_is_lost_waits_for_another() {
    let now = at(TUESDAY_NOON);
    let asked = |line| {
        let history = History { line, ..nothing() };
        decide(&contact(), &campaign(LegalBasis::Service), &history, now)
    };
    let second = jiff::SignedDuration::from_secs(1);
    assert_eq!(
        asked(Line::HeldUntil(now - second)),
        Decision::Refuse(Refusal {
            code: RefusalCode::NoSlot,
            rule: "platform.slots",
            retry_at: Some(now),
        })
    );
    for line in [Line::HeldUntil(now), Line::ToCome, Line::OfProvider] {
        assert!(matches!(asked(line), Decision::Allow { .. }), "{line:?}");
    }
}

#[test]
fn who_told_everybody_to_leave_them_alone_is_called_by_nobody_on_any_ground() {
    for basis in LegalBasis::ALL {
        let objected = GateContact {
            objected_at: Some(at("2026-11-20T11:00:00Z")),
            is_business: true,
            ..consented()
        };
        let case = (objected, campaign(basis), nothing(), at(TUESDAY_NOON));
        assert_eq!(code(&case), Some(RefusalCode::Suppressed), "{basis}");
    }
}

#[test]
fn they_are_called_again_once_they_agreed_anew_after_their_silence_or_asked_for_it() {
    let case = |contact: GateContact| {
        (
            contact,
            campaign(LegalBasis::Consent),
            nothing(),
            at(TUESDAY_NOON),
        )
    };
    // They agreed on the first of November.
    let objected = |objected_at: &str| GateContact {
        objected_at: Some(at(objected_at)),
        ..consented()
    };
    assert_eq!(
        code(&case(objected("2026-09-03T09:00:00Z"))),
        Some(RefusalCode::Suppressed)
    );
    assert_eq!(code(&case(objected("2026-09-02T09:00:00Z"))), None);
    // Whoever asked for the call since is called, and not whoever had asked before; what they asked for is no other call.
    let asked = |objected_at: &str| GateContact {
        callback_request: Some(CallbackRequest {
            requested_at: at("2026-11-23T11:00:00Z"),
            object: "contrôle annuel".to_owned(),
            evidence: "formulaire 12".to_owned(),
        }),
        ..objected(objected_at)
    };
    for (basis, objected_at, expected) in [
        (LegalBasis::CallbackRequest, "2026-11-20T11:00:00Z", None),
        (
            LegalBasis::Consent,
            "2026-11-20T11:00:00Z",
            Some(RefusalCode::Suppressed),
        ),
        (
            LegalBasis::CallbackRequest,
            "2026-11-23T11:00:00Z",
            Some(RefusalCode::Suppressed),
        ),
    ] {
        let case = (asked(objected_at), campaign(basis), nothing(), at(TUESDAY_NOON));
        assert_eq!(code(&case), expected, "{basis} {objected_at}");
    }
}
