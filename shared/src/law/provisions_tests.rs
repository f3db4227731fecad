//! The table of rules: as the README shows it, as the gate asks, and as the law dates it.

use std::collections::BTreeSet;

use super::*;
use crate::law::table::table;
use crate::law::terms::{TERMS, terms_at, version_at};

const README: &str = include_str!("../../../README.md");

#[test]
fn the_readme_shows_every_rule_as_it_is() {
    let table = table();
    let (_, rest) = README.split_once("<!-- rules -->\n").unwrap();
    let (shown, _) = rest.split_once("<!-- /rules -->").unwrap();
    assert_eq!(
        shown, table,
        "\nput this between the marks of the README:\n{table}"
    );
}

#[test]
fn the_table_of_bases_is_that_of_the_rules() {
    // One row a basis: hours, holidays, four in thirty days, withdrawals, sectors, businesses only.
    for (name, row) in [
        ("consent", [true, true, true, true, true, false]),
        ("contract", [true, true, true, true, false, false]),
        ("callback_request", [true, true, false, true, false, false]),
        ("service", [false, false, false, false, true, false]),
        ("business", [false, false, false, false, true, true]),
    ] {
        let basis = LegalBasis::parse(name).unwrap();
        let binding = [
            CANVASSING_HOURS,
            NO_HOLIDAYS,
            ATTEMPTS_CAP,
            WITHDRAWAL,
            SECTOR_BAN,
            AUTOMATED_VOICE,
        ];
        assert_eq!(binding.map(|rule| rule.binds(basis)), row, "{name}");
        assert_eq!(serde_json::to_value(basis).unwrap(), name);
    }
    assert_eq!(LegalBasis::parse("whim").unwrap_err().code, "legal_basis_invalid");
}

#[test]
fn every_code_of_a_refusal_has_its_rule() {
    let codes: Vec<_> = RULES.iter().flat_map(|rule| rule.codes).copied().collect();
    for code in "number_invalid country_not_allowed suppressed caller_id_not_allowed sector_banned no_legal_basis \
                 consent_missing consent_expired consent_mismatch consent_withdrawn contract_ended callback_late \
                 not_a_business zone_unknown outside_hours public_holiday attempts_exhausted \
                 campaign_attempts_exhausted budget_exhausted no_slot assistant_not_compliant"
        .split_whitespace()
    {
        assert!(codes.contains(&code), "{code}");
    }
}

#[test]
fn every_provision_is_dated_and_has_a_source() {
    for rule in RULES {
        // None is kept that was never in force, and one that begins on a day to come has its day.
        assert!(rule.in_force_until.is_none_or(|until| rule.in_force_from < until));
        let is_law = rule.article.contains(' ');
        assert_eq!(!rule.is_in_force(date(2004, 1, 1)), is_law, "{}", rule.article);
        assert_eq!(is_law, rule.source.is_some(), "{}", rule.article);
        assert!(
            !rule.demands.is_empty() && !rule.codes.is_empty(),
            "{}",
            rule.article
        );
    }
    let repealed = Rule {
        in_force_until: Some(date(2027, 1, 1)),
        ..CANVASSING_HOURS
    };
    assert!(repealed.is_in_force(date(2026, 12, 31)) && !repealed.is_in_force(date(2027, 1, 1)));
}

#[test]
fn numbers_hold_from_their_day_on() {
    assert!(TERMS.is_sorted_by_key(|terms| terms.in_force_from));
    let starts = || [date(2026, 8, 11), date(2027, 3, 1), date(2028, 1, 1)].into_iter();
    for (day, place) in [
        (date(2020, 1, 1), 0),
        (date(2026, 8, 11), 0),
        (date(2027, 2, 28), 0),
        (date(2027, 3, 1), 1),
        (date(2027, 12, 31), 1),
        (date(2030, 1, 1), 2),
    ] {
        assert_eq!(version_at(starts(), day), place, "{day}");
    }
    assert_eq!(terms_at(date(2026, 11, 23)).attempts, 4);
}

#[test]
fn what_the_rules_demand_tells_the_numbers_of_the_law() {
    let terms = terms_at(date(2026, 11, 23));
    let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    let [monday, week @ .., saturday, sunday] = terms.hours;
    assert!(week.iter().all(|day| *day == monday) && saturday.is_empty() && sunday.is_empty());
    assert!(CANVASSING_HOURS.demands.starts_with("Monday to Friday, "));
    for (start, end) in monday {
        let hours = format!("{} to {}", clock(*start), clock(*end));
        assert!(CANVASSING_HOURS.demands.contains(&hours), "{hours}");
    }
    for (rule, number) in [
        (ATTEMPTS_CAP, format!("fewer than {} ", terms.attempts)),
        (ATTEMPTS_CAP, format!("the {} days before", terms.attempts_days)),
        (CALLBACK, format!("within {} working days", terms.callback_days)),
        (CONSENT, format!("of {} days at most", terms.consent_days)),
        (WITHDRAWAL, format!("{} days of silence", terms.silence_days)),
        (OBJECTION, format!("more than {} days later", terms.silence_days)),
    ] {
        assert!(rule.demands.contains(&number), "{number}: {}", rule.demands);
    }
    let ranges = terms.caller_ids.iter().copied().flatten();
    let allowed: BTreeSet<u32> = ranges.map(|range| range.prefix().parse().unwrap()).collect();
    assert_eq!(numbers_of(CALLER_ID.demands), allowed);
    assert_eq!(terms.holidays.len(), 11);
    assert!(NO_HOLIDAYS.demands.contains("eleven holidays"));
}

/// The numbers that a text lists, with all of those from one "to" another.
fn numbers_of(text: &str) -> BTreeSet<u32> {
    let mut numbers = BTreeSet::new();
    let (mut last, mut goes_on) = (0, false);
    for word in text.split(|sign: char| !sign.is_alphanumeric()) {
        match word.parse::<u32>() {
            Ok(number) => {
                numbers.extend(if goes_on { last..=number } else { number..=number });
                last = number;
                goes_on = false;
            }
            Err(_) if !word.is_empty() => goes_on = word == "to",
            Err(_) => {}
        }
    }
    numbers
}

#[test]
fn every_version_of_the_law_allows_an_attempt() {
    assert!(TERMS.iter().all(|terms| terms.attempts > 0));
}
