//! A forecast, without a database.

use std::collections::HashMap;

use super::*;
use crate::assistants::Compliance;
use crate::campaigns::Advertiser;
use crate::campaigns::gate::{GateCampaign, GateContact};
use crate::campaigns::windows::CallWindows;
use crate::kernel::ids::{CampaignId, ContactId};
use crate::kernel::{Clock, Country, PhoneNumber, Timezone};
use crate::law::{LegalBasis, Sector};

/// A Tuesday at noon in Paris; three in the afternoon in Réunion.
const NOON: &str = "2026-11-24T11:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn plan(legal_basis: LegalBasis) -> Plan {
    Plan {
        gate: GateCampaign {
            legal_basis,
            advertiser: Advertiser {
                name: "Atelier Horizon".to_owned(),
                siren: None,
            },
            object: "Contrôle annuel".to_owned(),
            sector: Sector::Other,
            call_windows: CallWindows::default(),
            timezone: Timezone::paris(),
            caller_number: Some(PhoneNumber::parse("+33162000001", Country::FR).unwrap()),
            max_attempts: 3,
            budget: None,
            assistant: Compliance::checked(Timestamp::MAX),
        },
        spent: Decimal::ZERO,
        max_duration_seconds: 300,
        retry_on: Vec::new(),
        has_assistant: true,
        has_mandate: false,
        lines: 10,
        experience: Experience::default(),
    }
}

fn candidate(phone: &str, postal_code: Option<&str>) -> Candidate {
    let clock = Clock::system();
    Candidate {
        campaign: CampaignId::new(&clock),
        contact: ContactId::new(&clock),
        gate: GateContact {
            phone: PhoneNumber::parse(phone, Country::FR).unwrap(),
            is_business: false,
            do_not_call: false,
            objected_at: None,
            timezone: None,
            postal_code: postal_code.map(str::to_owned),
            consents: Vec::new(),
            contract: None,
            callback_request: None,
        },
        attempts: 0,
        tries: 0,
        number_hash: crate::db::Bytes::default(),
    }
}

fn forecast(plan: &Plan, contacts: &[Candidate], now: &str) -> Forecast {
    let mut tally = Tally::new(plan, Decimal::ONE, at(now));
    for contact in contacts {
        tally.ask(contact, Vec::new());
    }
    tally.finish("0.30".parse().unwrap(), true)
}

fn codes(forecast: &Forecast) -> Vec<(&'static str, i64)> {
    let group = |group: &RefusedGroup| (group.code.as_str(), group.count);
    forecast.refused.iter().map(group).collect()
}

#[test]
fn each_contact_counts_once_by_rule_and_by_clock() {
    let contacts = [
        candidate("06 39 98 00 01", None),
        candidate("06 39 98 00 02", Some("97400")),
        candidate("+262 692 00 00 01", None),
        Candidate {
            gate: GateContact {
                do_not_call: true,
                ..candidate("06 39 98 00 03", None).gate
            },
            ..candidate("06 39 98 00 03", None)
        },
    ];
    let found = forecast(&plan(LegalBasis::Service), &contacts, NOON);

    assert_eq!(found.callable, 3);
    assert_eq!(codes(&found), [("suppressed", 1)]);
    assert_eq!(found.first_call_at, Some(at(NOON)));
    let sum: i64 = found.zones.iter().map(|zone| zone.callable + zone.refused).sum();
    assert_eq!(sum, 4);
    let zones: Vec<_> = found
        .zones
        .iter()
        .map(|zone| (zone.zone.as_str(), zone.callable, zone.refused))
        .collect();
    // A mobile number says nothing, a postal code does.
    assert_eq!(zones, [("Europe/Paris", 1, 1), ("Indian/Reunion", 2, 0)]);
}

#[test]
fn outside_the_hours_the_next_ones_are_told() {
    // Saturday evening: Monday at eight, as the campaign wants.
    let found = forecast(
        &plan(LegalBasis::Service),
        &[candidate("06 39 98 00 01", None)],
        "2026-11-28T20:30:00Z",
    );
    assert_eq!((found.callable, found.refused.len()), (1, 0));
    assert_eq!(found.first_call_at, Some(at("2026-11-30T07:00:00Z")));
    // Nobody agreed to be canvassed: the hours do not hide that.
    let found = forecast(
        &plan(LegalBasis::Consent),
        &[candidate("06 39 98 00 01", None)],
        "2026-11-28T20:30:00Z",
    );
    assert_eq!((found.callable, codes(&found)), (0, vec![("consent_missing", 1)]));
    assert!(
        found
            .warnings
            .iter()
            .any(|warning| warning.code == "nobody_callable")
    );
}

#[test]
fn the_calls_are_laid_into_the_hours_side_by_side() {
    // 600 calls of a minute on one line: ten hours, of which eight are left today (until 20:00 in Paris).
    let contacts: Vec<_> = (0..600)
        .map(|number| candidate(&format!("06 39 98 {:02} {:02}", number / 100, number % 100), None))
        .collect();
    let mut one_line = plan(LegalBasis::Service);
    one_line.lines = 1;
    let found = forecast(&one_line, &contacts, NOON);
    assert!((found.estimated_minutes - 600.0).abs() < f64::EPSILON);
    assert_eq!(found.estimated_cost, Decimal::from(180));
    assert_eq!(found.estimated_end_at, Some(at("2026-11-25T09:00:00Z")));
    let found = forecast(&plan(LegalBasis::Service), &contacts, NOON);
    assert_eq!(
        found.estimated_end_at,
        Some(at("2026-11-24T12:00:00Z")),
        "ten lines"
    );
}

#[test]
fn the_organisations_own_calls_tell_how_long_and_how_often() {
    let mut plan = plan(LegalBasis::Service);
    plan.retry_on = vec![Outcome::NoAnswer];
    plan.gate.budget = Some(Decimal::from(1));
    plan.experience = Experience {
        calls: 100,
        seconds: 12_000,
        by_outcome: HashMap::from([("no_answer".to_owned(), 90), ("answered".to_owned(), 10)]),
        cost: Decimal::from(20),
        paid_seconds: 12_000,
    };
    let contacts: Vec<_> = (0..10)
        .map(|number| candidate(&format!("06 39 98 00 {number:02}"), None))
        .collect();
    let found = forecast(&plan, &contacts, NOON);
    // 1 + 0.9 + 0.81 attempts of two minutes, at ten cents a minute.
    assert!(
        (found.estimated_minutes - 54.2).abs() < 0.01,
        "{}",
        found.estimated_minutes
    );
    assert_eq!(found.estimated_cost, "5.42".parse().unwrap());
    let warned: Vec<_> = found.warnings.iter().map(|warning| warning.code).collect();
    for code in [
        "few_answers",
        "budget_too_small",
        "mandate_missing",
        "verified_numbers_are_filtered",
    ] {
        assert!(warned.contains(&code), "{warned:?}");
    }
}

#[test]
fn nobody_is_called_on_a_budget_that_is_used_up() {
    let mut poor = plan(LegalBasis::Service);
    poor.gate.budget = Some(Decimal::from(3));
    poor.spent = Decimal::from(3);
    let found = forecast(&poor, &[candidate("06 39 98 00 01", None)], NOON);
    assert_eq!(codes(&found), [("budget_exhausted", 1)]);
}
