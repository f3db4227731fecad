//! Tests of the lawful hours, against a calendar written a second time and on purpose without the library.

use jiff::civil::date;

use super::*;
use crate::law::terms::Hours;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn one(name: &str) -> Zones {
    Zones::one(Timezone::parse(name).unwrap())
}

/// An independent calendar: proleptic Gregorian days (Hinnant), offsets written out by hand, printed holidays.
mod independent {
    const HOLIDAYS: &str = "2026-01-01 2026-04-06 2026-05-01 2026-05-08 2026-05-14 2026-05-25 2026-07-14 2026-08-15 \
        2026-11-01 2026-11-11 2026-12-25 2027-01-01 2027-03-29 2027-05-01 2027-05-06 2027-05-08 2027-05-17 2027-07-14 \
        2027-08-15 2027-11-01 2027-11-11 2027-12-25";

    fn civil(days: i64) -> (i64, i64, i64) {
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        (year_of_era + era * 400 + i64::from(month <= 2), month, day)
    }

    /// Minutes east of UTC at a minute since the epoch. Changes of 2026 and 2027, in minutes: Paris at 01:00 UTC on
    /// the last Sundays of March and October, Miquelon at 02:00 of its own clock on the second Sunday of March and
    /// the first of November.
    fn offset(zone: &str, minute: i64) -> i64 {
        let (year, month, day) = civil(minute.div_euclid(1440));
        let stamp = ((year * 100 + month) * 100 + day) * 10_000
            + minute.rem_euclid(1440) / 60 * 100
            + minute.rem_euclid(60);
        let between = |from: i64, to: i64| (from..to).contains(&stamp);
        match zone {
            "Europe/Paris" => {
                let summer = between(202603290100, 202610250100) || between(202703280100, 202710310100);
                if summer { 120 } else { 60 }
            }
            "America/Miquelon" => {
                let summer = between(202603080500, 202611010400) || between(202703140500, 202711070400);
                if summer { -120 } else { -180 }
            }
            "America/Guadeloupe" => -240,
            "America/Cayenne" => -180,
            "Indian/Reunion" => 240,
            _ => 180,
        }
    }

    pub(super) fn is_open(zone: &str, minute: i64) -> bool {
        let local = minute + offset(zone, minute);
        let (day, time) = (local.div_euclid(1440), local.rem_euclid(1440));
        let (year, month, of_month) = civil(day);
        let weekday = (day + 3).rem_euclid(7);
        let in_hours = (600..780).contains(&time) || (840..1200).contains(&time);
        in_hours && weekday < 5 && !HOLIDAYS.contains(&format!("{year}-{month:02}-{of_month:02}"))
    }
}

#[test]
fn every_minute_of_a_year_in_six_zones() {
    // The law's openings are walked from one to the next, and every minute is held against them.
    let (first, last) = (
        at("2026-08-12T00:00:00Z").as_second() / 60,
        at("2027-08-12T00:00:00Z").as_second() / 60,
    );
    for name in [
        "Europe/Paris",
        "America/Guadeloupe",
        "America/Cayenne",
        "Indian/Reunion",
        "Indian/Mayotte",
        "America/Miquelon",
    ] {
        let zones = one(name);
        let mut open = (0, 0);
        for minute in first..last {
            if minute >= open.1 {
                let now = Timestamp::from_second(minute * 60).unwrap();
                let begins = LawfulHours.next_opening(&zones, now).unwrap();
                let until = LawfulHours.open_at(&zones, begins).unwrap().until.unwrap();
                open = (begins.as_second() / 60, until.as_second() / 60);
            }
            let lawful = (open.0..open.1).contains(&minute);
            assert_eq!(lawful, independent::is_open(name, minute), "{name} {minute}");
            // The direct question, at every edge and now and then in between.
            if minute % 97 == 0 || minute == open.0 || minute + 1 == open.1 {
                let now = Timestamp::from_second(minute * 60).unwrap();
                assert_eq!(
                    LawfulHours.open_at(&zones, now).is_some(),
                    lawful,
                    "{name} {minute}"
                );
            }
        }
    }
}

#[test]
fn the_edges_of_a_working_day() {
    // Monday 23 November 2026, winter time.
    let paris = one("Europe/Paris");
    for (local, open) in [
        ("09:59", false),
        ("10:00", true),
        ("12:59", true),
        ("13:00", false),
        ("13:59", false),
        ("14:00", true),
        ("19:59", true),
        ("20:00", false),
    ] {
        let now = at(&format!("2026-11-23T{local}:00+01:00"));
        assert_eq!(LawfulHours.open_at(&paris, now).is_some(), open, "{local}");
        // Saturday, and a public holiday: Wednesday 11 November.
        assert!(
            LawfulHours
                .open_at(&paris, at(&format!("2026-11-28T{local}:00+01:00")))
                .is_none()
        );
        assert!(
            LawfulHours
                .open_at(&paris, at(&format!("2026-11-11T{local}:00+01:00")))
                .is_none()
        );
    }
}

#[test]
fn easter_monday_after_the_night_of_23_hours() {
    // on 28 March 2027 the clock goes forward, and Monday 29 is a holiday.
    let paris = one("Europe/Paris");
    let next = LawfulHours.next_opening(&paris, at("2027-03-26T20:00:00+01:00"));
    assert_eq!(next, Some(at("2027-03-30T10:00:00+02:00")));
}

#[test]
fn the_windows_of_the_territories_in_universal_time() {
    for (zone, morning, afternoon) in [
        ("Europe/Paris", "09-12", "13-19"),
        ("America/Guadeloupe", "14-17", "18-24"),
        ("America/Martinique", "14-17", "18-24"),
        ("America/Cayenne", "13-16", "17-23"),
        ("Indian/Reunion", "06-09", "10-16"),
        ("Indian/Mayotte", "07-10", "11-17"),
    ] {
        let mut from = at("2026-11-23T00:00:00Z");
        for hours in [morning, afternoon] {
            let begins = LawfulHours.next_opening(&one(zone), from).unwrap();
            let until = LawfulHours.open_at(&one(zone), begins).unwrap().until.unwrap();
            let midnight = at("2026-11-23T00:00:00Z");
            let hour = |instant: Timestamp| (instant.as_second() - midnight.as_second()) / 3600;
            assert_eq!(format!("{:02}-{:02}", hour(begins), hour(until)), hours, "{zone}");
            from = until;
        }
    }
    let summer = LawfulHours.next_opening(&one("Europe/Paris"), at("2027-07-15T00:00:00Z"));
    assert_eq!(summer, Some(at("2027-07-15T08:00:00Z")));
}

#[test]
fn a_change_of_law_binds_from_its_day_on_and_not_before() {
    let now = TERMS[0];
    let morning: Hours = &[(11 * 60, 12 * 60)];
    let calendar = Calendar::of(
        &CANVASSING_HOURS,
        &[
            now,
            Terms {
                in_force_from: date(2027, 3, 3),
                hours: [morning, morning, morning, morning, &[], &[], &[]],
                ..now
            },
        ],
    );
    let paris = &Timezone::paris();
    let next = |from: &str| calendar.next_opening(paris, at(from)).unwrap();
    // The last evening of the old hours; the first day of the new ones, a Wednesday; no more Fridays.
    assert!(calendar.open_at(paris, at("2027-03-02T18:59:00Z")).is_some());
    assert_eq!(next("2027-03-02T19:00:00Z"), at("2027-03-03T10:00:00Z"));
    assert!(calendar.open_at(paris, at("2027-03-03T09:30:00Z")).is_none());
    assert!(calendar.open_at(paris, at("2027-03-03T10:30:00Z")).is_some());
    assert_eq!(next("2027-03-04T11:00:00Z"), at("2027-03-08T10:00:00Z"));
    // What was open under the old law is still open when it is asked again.
    assert!(calendar.open_at(paris, at("2026-11-27T17:00:00Z")).is_some());
}

#[test]
fn before_the_rule_and_after_its_repeal_every_hour_is_free() {
    let rule = Rule {
        in_force_from: date(2027, 1, 4),
        in_force_until: Some(date(2027, 5, 3)),
        ..CANVASSING_HOURS
    };
    let calendar = Calendar::of(&rule, &TERMS);
    let paris = &Timezone::paris();
    let until = |now: &str| calendar.open_at(paris, at(now)).map(|opening| opening.until);
    // The Sunday before its first Monday, at night.
    assert_eq!(
        until("2027-01-03T03:00:00Z"),
        Some(Some(at("2027-01-03T23:00:00Z")))
    );
    assert_eq!(until("2027-01-04T03:00:00Z"), None);
    assert_eq!(
        until("2027-01-04T09:00:00Z"),
        Some(Some(at("2027-01-04T12:00:00Z")))
    );
    assert_eq!(
        calendar.next_opening(paris, at("2027-01-03T23:00:00Z")),
        Some(at("2027-01-04T09:00:00Z"))
    );
    // Friday evening, and the first day after the repeal.
    assert_eq!(
        calendar.next_opening(paris, at("2027-04-30T18:00:00Z")),
        Some(at("2027-05-02T22:00:00Z"))
    );
    assert_eq!(until("2027-05-03T01:00:00Z"), Some(None));
    // Ascension Day is a holiday by another rule, from midnight to midnight.
    let days = |now: &str| WorkingDays.open_at(paris, at(now)).map(|opening| opening.until);
    assert_eq!(
        days("2027-05-04T22:30:00Z"),
        Some(Some(at("2027-05-05T22:00:00Z")))
    );
    assert_eq!(days("2027-05-05T22:00:00Z"), None);
    assert_eq!(
        WorkingDays.next_opening(paris, at("2027-05-06T10:00:00Z")),
        Some(at("2027-05-06T22:00:00Z"))
    );
}

#[test]
fn a_version_that_allows_no_hour_ends_with_the_next() {
    let closed = Terms {
        in_force_from: date(2027, 1, 4),
        hours: [&[]; 7],
        ..TERMS[0]
    };
    let again = Terms {
        in_force_from: date(2027, 2, 1),
        ..TERMS[0]
    };
    let calendar = Calendar::of(&CANVASSING_HOURS, &[TERMS[0], closed, again]);
    assert_eq!(
        calendar.next_opening(&Timezone::paris(), at("2027-01-01T20:00:00Z")),
        Some(at("2027-02-01T09:00:00Z"))
    );
}

#[test]
fn no_version_of_the_law_has_hours_that_touch_midnight() {
    // An opening would run into a holiday, or into another law.
    for terms in &TERMS {
        let mut spans = terms.hours.iter().copied().flatten();
        assert!(spans.all(|(start, end)| start < end && *end < DAY && *start > 0));
    }
}
