//! The hours that a campaign allows itself, as its settings write them.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

use crate::kernel::fault::Invalid;
use crate::kernel::timezone::Timezone;
use crate::kernel::zones::Zones;
use crate::law::schedule::{self, Clock, DAY, Opening, Schedule, Week};

/// The days of a week, in the order and spelling of the contract.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// More windows than any week needs.
const MOST_WINDOWS: usize = 50;

/// One line of `call_windows`: the same hours on several days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallWindow {
    /// `mon` … `sun`.
    pub days: Vec<String>,
    /// `HH:MM`.
    pub start: String,
    /// `HH:MM`; `24:00` ends a day.
    pub end: String,
}

/// When a campaign may call, week after week, on whichever clock hangs at the contact's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallWindows {
    given: Vec<CallWindow>,
    week: Week,
}

impl CallWindows {
    /// Reads windows; those that touch or overlap become one.
    pub fn parse(given: Vec<CallWindow>) -> Result<Self, Invalid> {
        if given.is_empty() || given.len() > MOST_WINDOWS {
            return Err(Invalid::new(
                "call_windows_count",
                "Il faut entre 1 et 50 plages d'appel.",
                "Between 1 and 50 call windows are needed.",
            ));
        }
        let mut spans = Vec::new();
        for window in &given {
            spans.extend(spans_of(window)?);
        }
        Ok(Self {
            given,
            week: Week::new(spans),
        })
    }

    /// The windows as they were given.
    pub fn as_slice(&self) -> &[CallWindow] {
        &self.given
    }

    /// The opening that `instant` lies in, where the contact lives.
    pub fn open_at(&self, zones: &Zones, instant: Timestamp) -> Option<Opening> {
        schedule::open_at(&self.clocks(zones), instant)
    }

    /// The first instant, not before `instant`, that is open where the contact lives.
    pub fn next_opening(&self, zones: &Zones, instant: Timestamp) -> Option<Timestamp> {
        schedule::next_opening(&self.clocks(zones), instant)
    }

    /// The windows are the organisation's wish: they are read where the contact most surely lives. The
    /// law's hours, which must suit every clock, are another matter.
    pub(super) fn clocks<'a>(&'a self, zones: &'a Zones) -> Vec<Clock<'a>> {
        zones
            .surest()
            .iter()
            .map(|zone: &Timezone| (&self.week as &dyn Schedule, zone))
            .collect()
    }
}

impl Default for CallWindows {
    /// Monday to Saturday, 08:00 to 20:00.
    fn default() -> Self {
        let (start, end) = (8 * 60, 20 * 60);
        let week = Week::new((0..6).map(|day| (day * DAY + start, day * DAY + end)).collect());
        let days = DAYS[..6].iter().map(ToString::to_string).collect();
        Self {
            given: vec![CallWindow {
                days,
                start: "08:00".into(),
                end: "20:00".into(),
            }],
            week,
        }
    }
}

impl Serialize for CallWindows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.given.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CallWindows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Vec::<CallWindow>::deserialize(deserializer)?;
        Self::parse(given).map_err(de::Error::custom)
    }
}

/// The minutes of the week that a window covers.
fn spans_of(window: &CallWindow) -> Result<Vec<(u32, u32)>, Invalid> {
    let (start, end) = (minute_of(&window.start)?, minute_of(&window.end)?);
    if start >= end {
        return Err(Invalid::new(
            "call_window_empty",
            "Une plage d'appel doit finir après son début, le même jour (24:00 au plus tard).",
            "A call window must end after it begins, on the same day (24:00 at the latest).",
        ));
    }
    if window.days.is_empty() || window.days.len() > DAYS.len() {
        return Err(day_invalid());
    }
    window
        .days
        .iter()
        .map(|name| {
            let day = (0..)
                .zip(DAYS)
                .find(|(_, day)| day == name)
                .map(|(index, _)| index);
            let midnight = day.ok_or_else(day_invalid)? * DAY;
            Ok((midnight + start, midnight + end))
        })
        .collect()
}

fn day_invalid() -> Invalid {
    Invalid::new(
        "call_window_day",
        "Les jours d'une plage d'appel sont mon, tue, wed, thu, fri, sat et sun.",
        "The days of a call window are mon, tue, wed, thu, fri, sat and sun.",
    )
}

/// The minute of the day that `HH:MM` names.
fn minute_of(text: &str) -> Result<u32, Invalid> {
    let wrong = || {
        Invalid::new(
            "call_window_time",
            "Une heure s'écrit HH:MM, de 00:00 à 24:00.",
            "A time is written HH:MM, from 00:00 to 24:00.",
        )
    };
    let shaped = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let (hours, minutes) = text.split_once(':').filter(|_| shaped).ok_or_else(wrong)?;
    let two_digits = |part: &str| part.parse::<u32>().ok().filter(|_| part.len() == 2);
    match (two_digits(hours), two_digits(minutes)) {
        (Some(hours @ 0..=23), Some(minutes @ 0..=59)) => Ok(hours * 60 + minutes),
        (Some(24), Some(0)) => Ok(DAY),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn windows(list: &[(&[&str], &str, &str)]) -> CallWindows {
        CallWindows::parse(
            list.iter()
                .map(|(days, start, end)| window(days, start, end))
                .collect(),
        )
        .unwrap()
    }

    fn window(days: &[&str], start: &str, end: &str) -> CallWindow {
        CallWindow {
            days: days.iter().map(ToString::to_string).collect(),
            start: start.to_owned(),
            end: end.to_owned(),
        }
    }

    fn paris() -> Zones {
        Zones::one(Timezone::paris())
    }

    /// Two clocks, as a postal code of Réunion and a number of Paris give.
    fn paris_and_reunion() -> Zones {
        let number = crate::kernel::PhoneNumber::from_database("+33199001234".to_owned());
        crate::kernel::zones_of(None, Some("97400"), &number)
    }

    #[test]
    fn a_window_opens_and_closes_by_the_clock_on_the_wall() {
        let morning = windows(&[(&["mon", "tue"], "10:00", "13:00")]);
        // Monday 23 November 2026, winter time; Monday 13 July, summer time.
        for (begins, ends) in [
            ("2026-11-23T09:00:00Z", "2026-11-23T12:00:00Z"),
            ("2026-07-13T08:00:00Z", "2026-07-13T11:00:00Z"),
        ] {
            let (begins, ends) = (at(begins), at(ends));
            let second = jiff::SignedDuration::from_secs(1);
            assert_eq!(morning.open_at(&paris(), begins - second), None);
            assert_eq!(
                morning.open_at(&paris(), begins),
                Some(Opening { until: Some(ends) })
            );
            assert!(morning.open_at(&paris(), ends - second).is_some());
            assert_eq!(morning.open_at(&paris(), ends), None);
            assert_eq!(morning.next_opening(&paris(), begins - second), Some(begins));
            assert_eq!(morning.next_opening(&paris(), begins), Some(begins));
        }
        // From Tuesday afternoon to Monday morning.
        let next = morning.next_opening(&paris(), at("2026-11-24T12:00:00Z"));
        assert_eq!(next, Some(at("2026-11-30T09:00:00Z")));
    }

    #[test]
    fn windows_that_touch_are_one() {
        let nights = windows(&[
            (&["mon"], "20:00", "24:00"),
            (&["tue"], "00:00", "06:00"),
            (&["tue"], "06:00", "07:00"),
        ]);
        let opening = nights.open_at(&paris(), at("2026-11-23T20:00:00Z"));
        assert_eq!(
            opening,
            Some(Opening {
                until: Some(at("2026-11-24T06:00:00Z"))
            })
        );
        let always = windows(&[(&DAYS, "00:00", "24:00")]);
        assert_eq!(
            always.open_at(&paris_and_reunion(), at("2026-11-23T20:00:00Z")),
            Some(Opening { until: None })
        );
    }

    #[test]
    fn a_postal_code_of_reunion_is_surer_than_a_number_of_paris() {
        // Own zone, else postal code, else number. 05–06 in Réunion is 01–02 UTC, a time when Paris sleeps.
        let hours = windows(&[(&["mon"], "05:00", "06:00")]);
        let zones = paris_and_reunion();
        assert_eq!(zones.as_slice().len(), 2);
        assert_eq!(hours.open_at(&zones, at("2026-11-23T00:59:00Z")), None);
        assert_eq!(
            hours.open_at(&zones, at("2026-11-23T01:00:00Z")),
            Some(Opening {
                until: Some(at("2026-11-23T02:00:00Z"))
            })
        );
        assert_eq!(
            hours.next_opening(&zones, at("2026-11-23T02:00:00Z")),
            Some(at("2026-11-30T01:00:00Z"))
        );
        assert_eq!(hours.open_at(&Zones::default(), at("2026-11-23T01:00:00Z")), None);
    }

    #[test]
    fn mistakes_have_distinct_codes() {
        for (given, code) in [
            (vec![], "call_windows_count"),
            (vec![window(&["mon"], "08:00", "09:00"); 51], "call_windows_count"),
            (vec![window(&[], "08:00", "09:00")], "call_window_day"),
            (vec![window(&["lundi"], "08:00", "09:00")], "call_window_day"),
            (vec![window(&["mon"; 8], "08:00", "09:00")], "call_window_day"),
            (vec![window(&["mon"], "8:00", "09:00")], "call_window_time"),
            (vec![window(&["mon"], "08:00", "24:01")], "call_window_time"),
            (vec![window(&["mon"], "08:60", "09:00")], "call_window_time"),
            (vec![window(&["mon"], "+8:00", "09:00")], "call_window_time"),
            (vec![window(&["mon"], "08:00", "25:00")], "call_window_time"),
            (vec![window(&["mon"], "09:00", "09:00")], "call_window_empty"),
            (vec![window(&["mon"], "22:00", "06:00")], "call_window_empty"),
            (vec![window(&["mon"], "24:00", "24:00")], "call_window_empty"),
        ] {
            assert_eq!(CallWindows::parse(given).unwrap_err().code, code);
        }
    }

    #[test]
    fn json_goes_out_as_it_came_in() {
        let text = json!([{ "days": ["mon", "fri"], "start": "08:30", "end": "24:00" }]);
        let parsed: CallWindows = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(serde_json::to_value(&parsed).unwrap(), text);
        assert!(serde_json::from_value::<CallWindows>(json!([])).is_err());
        let default = CallWindows::default();
        let again: CallWindows = serde_json::from_value(serde_json::to_value(&default).unwrap()).unwrap();
        assert_eq!(again, default);
    }

    proptest! {
        #[test]
        fn an_opening_ends_closed_and_the_next_one_begins_open(
            spans in prop::collection::vec((0_usize..7, 0_u32..1439, 1_u32..600), 1..6),
            // Around both changes of 2026, to the second.
            offset in 0_i64..400 * 24 * 3600,
            both in any::<bool>(),
        ) {
            let given = spans
                .into_iter()
                .map(|(day, start, length)| {
                    let end = (start + length).min(DAY);
                    let text = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
                    window(&[DAYS[day]], &text(start), &text(end))
                })
                .collect();
            let windows = CallWindows::parse(given).unwrap();
            let zones = if both { paris_and_reunion() } else { paris() };
            let instant = at("2026-01-01T00:00:00Z") + jiff::SignedDuration::from_secs(offset);
            let Some(next) = windows.next_opening(&zones, instant) else {
                prop_assert!(windows.open_at(&zones, instant).is_none());
                return Ok(());
            };
            prop_assert!(next >= instant);
            prop_assert_eq!(next == instant, windows.open_at(&zones, instant).is_some());
            let until = windows.open_at(&zones, next).unwrap().until.unwrap();
            prop_assert!(until > next);
            prop_assert!(windows.open_at(&zones, until).is_none());
        }
    }
}
