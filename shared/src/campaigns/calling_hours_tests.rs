//! The hours of a campaign as the law narrows them, and why none is open.

use super::*;
use crate::kernel::phone::PhoneNumber;
use crate::kernel::zones::zones_of;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn one(name: &str) -> Zones {
    Zones::one(Timezone::parse(name).unwrap())
}

fn every_minute() -> CallWindows {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .map(str::to_owned)
        .to_vec();
    let window = super::super::windows::CallWindow {
        days,
        start: "00:00".into(),
        end: "24:00".into(),
    };
    CallWindows::parse(vec![window]).unwrap()
}

#[test]
fn a_postal_code_of_reunion_with_a_number_of_paris_leaves_what_suits_both() {
    // 06–09 and 10–16 UTC meet 09–12 and 13–19 UTC.
    let number = PhoneNumber::from_database("+33199001234".to_owned());
    let zones = zones_of(None, Some("97400"), &number);
    let windows = every_minute();
    let hours = CallingHours::new(&windows, LegalBasis::Consent, &zones);
    let mut from = at("2026-11-23T00:00:00Z");
    for (begins, until) in [("10:00", "12:00"), ("13:00", "16:00")] {
        let begins = at(&format!("2026-11-23T{begins}:00Z"));
        let until = at(&format!("2026-11-23T{until}:00Z"));
        assert_eq!(hours.next_opening(from), Some(begins));
        assert_eq!(hours.open_at(begins), Some(Opening { until: Some(until) }));
        from = until;
    }
}

#[test]
fn the_law_narrows_the_windows_of_a_campaign_and_never_widens_them() {
    let paris = one("Europe/Paris");
    let default = CallWindows::default();
    let hours = CallingHours::new(&default, LegalBasis::Contract, &paris);
    // Inside the campaign's 08:00–20:00, outside the law's.
    let closed = hours.dispatch_at(at("2026-11-23T08:30:00+01:00")).unwrap_err();
    assert_eq!(
        (closed.code, closed.rule),
        ("outside_hours", CANVASSING_HOURS.article)
    );
    assert_eq!(closed.retry_at, Some(at("2026-11-23T10:00:00+01:00")));
    // A service call has the campaign's windows only, holidays and Saturdays included.
    let service = CallingHours::new(&default, LegalBasis::Service, &paris);
    assert!(service.dispatch_at(at("2026-11-11T08:30:00+01:00")).is_ok());
    let closed = service.dispatch_at(at("2026-11-23T21:00:00+01:00")).unwrap_err();
    assert_eq!((closed.code, closed.rule), ("outside_hours", OWN_HOURS.article));
    assert_eq!(closed.retry_at, Some(at("2026-11-24T08:00:00+01:00")));
}

#[test]
fn refusals_tell_holidays_and_unknown_zones_apart() {
    let windows = every_minute();
    let paris = one("Europe/Paris");
    let hours = CallingHours::new(&windows, LegalBasis::Consent, &paris);
    let closed = hours.dispatch_at(at("2026-12-25T11:00:00+01:00")).unwrap_err();
    assert_eq!(
        (closed.code, closed.rule),
        ("public_holiday", NO_HOLIDAYS.article)
    );
    assert_eq!(closed.retry_at, Some(at("2026-12-28T10:00:00+01:00")));
    //
    let nowhere = Zones::default();
    let closed =
        CallingHours::new(&windows, LegalBasis::Consent, &nowhere).dispatch_at(at("2026-11-23T10:00:00Z"));
    assert_eq!(
        closed,
        Err(Closed {
            code: "zone_unknown",
            rule: CANVASSING_HOURS.article,
            retry_at: None
        })
    );
}

#[test]
fn nothing_is_dispatched_in_the_last_two_minutes() {
    //
    let windows = every_minute();
    let paris = one("Europe/Paris");
    let hours = CallingHours::new(&windows, LegalBasis::Consent, &paris);
    let opening = hours.dispatch_at(at("2026-11-23T12:57:59+01:00")).unwrap();
    assert_eq!(opening.until, Some(at("2026-11-23T13:00:00+01:00")));
    for late in ["12:58:00", "12:59:59.999"] {
        let closed = hours
            .dispatch_at(at(&format!("2026-11-23T{late}+01:00")))
            .unwrap_err();
        assert_eq!(
            (closed.code, closed.rule),
            ("outside_hours", CANVASSING_HOURS.article)
        );
    }
    // Hours that never close have no last minutes.
    let service = CallingHours::new(&windows, LegalBasis::Service, &paris);
    assert_eq!(
        service.dispatch_at(at("2026-11-22T23:59:00Z")),
        Ok(Opening { until: None })
    );
}
