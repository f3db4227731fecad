//! Hours that come back every week, read on one clock or on several at once. An instant is open when the clock on
//! the wall shows an open time, so that nights of 23 and 25 hours need no case of their own.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::kernel::Timezone;

/// Minutes of a day.
pub(crate) const DAY: u32 = 24 * 60;

/// Minutes of a week.
pub(crate) const WEEK: u32 = 7 * DAY;

const WEEK_SECONDS: i64 = WEEK as i64 * 60;

/// How far ahead an opening is looked for. Two clocks may agree only in one half of the year.
const HORIZON: SignedDuration = SignedDuration::from_hours(24 * 370);

/// A time during which calls may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// The first instant that is closed again; none for hours that never close.
    pub until: Option<Timestamp>,
}

impl Opening {
    /// Whether it goes on for longer than this.
    pub(crate) fn outlasts(self, duration: SignedDuration, now: Timestamp) -> bool {
        self.until
            .is_none_or(|until| until.duration_since(now) > duration)
    }

    /// What is open in both.
    fn meet(self, other: Self) -> Self {
        let until = match (self.until, other.until) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        Self { until }
    }
}

/// Hours that can be read on a clock.
pub(crate) trait Schedule {
    /// The opening that `instant` lies in, if it lies in one.
    fn open_at(&self, zone: &Timezone, instant: Timestamp) -> Option<Opening>;

    /// The first open instant that is not before `instant`.
    fn next_opening(&self, zone: &Timezone, instant: Timestamp) -> Option<Timestamp>;
}

/// A schedule, and the clock that it is read on.
pub(crate) type Clock<'a> = (&'a dyn Schedule, &'a Timezone);

/// The opening in which every clock agrees; without a clock nothing is open.
pub(crate) fn open_at(clocks: &[Clock<'_>], instant: Timestamp) -> Option<Opening> {
    let mut openings = clocks
        .iter()
        .map(|(schedule, zone)| schedule.open_at(zone, instant));
    let first = openings.next()??;
    openings.try_fold(first, |met, opening| Some(met.meet(opening?)))
}

/// The first instant, not before `instant`, at which every clock is open: each clock in turn pushes the candidate
/// to its own next opening, until none does.
pub(crate) fn next_opening(clocks: &[Clock<'_>], instant: Timestamp) -> Option<Timestamp> {
    if clocks.is_empty() {
        return None;
    }
    let last = instant.checked_add(HORIZON).ok()?;
    let mut candidate = instant;
    while candidate <= last {
        let before = candidate;
        for (schedule, zone) in clocks {
            candidate = schedule.next_opening(zone, candidate)?;
        }
        if candidate == before {
            return Some(candidate);
        }
    }
    None
}

/// Minutes of the week, Monday 00:00 first: half-open spans, sorted, apart from each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Week(Vec<(u32, u32)>);

impl Week {
    /// Joins spans that overlap or touch.
    pub(crate) fn new(mut spans: Vec<(u32, u32)>) -> Self {
        spans.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(spans.len());
        for (start, end) in spans {
            match joined.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => joined.push((start, end)),
            }
        }
        Self(joined)
    }

    /// Whether no minute is closed.
    fn is_always_open(&self) -> bool {
        self.0 == [(0, WEEK)]
    }

    /// Seconds until the clock shows a closed time, from a second of the week that is open. A span that ends with
    /// the week goes on in the one that begins it.
    fn closes_in(&self, second: i64) -> Option<i64> {
        let (_, end) = *self
            .0
            .iter()
            .find(|span| (seconds(span.0)..seconds(span.1)).contains(&second))?;
        let first = self.0.first().filter(|first| end == WEEK && first.0 == 0);
        let wrapped = first.map_or(0, |first| seconds(first.1));
        Some(seconds(end) + wrapped - second)
    }

    /// Seconds until the clock shows an open time, from a second of the week that is closed.
    fn opens_in(&self, second: i64) -> Option<i64> {
        let this_week = self
            .0
            .iter()
            .map(|span| seconds(span.0))
            .find(|start| *start > second);
        let next_week = || self.0.first().map(|span| seconds(span.0) + WEEK_SECONDS);
        Some(this_week.or_else(next_week)? - second)
    }
}

impl Schedule for Week {
    fn open_at(&self, zone: &Timezone, instant: Timestamp) -> Option<Opening> {
        if self.is_always_open() {
            return Some(Opening { until: None });
        }
        let mut reading = Reading::at(zone.rules(), instant);
        let mut closing = reading.after(self.closes_in(reading.second)?)?;
        // The clock is set forward or back before then: is it open too with the new time?
        while let Some(change) = reading.change.filter(|change| *change <= closing) {
            reading = Reading::at(zone.rules(), change);
            match self.closes_in(reading.second) {
                Some(rest) => closing = reading.after(rest)?,
                None => return Some(Opening { until: Some(change) }),
            }
        }
        Some(Opening { until: Some(closing) })
    }

    fn next_opening(&self, zone: &Timezone, instant: Timestamp) -> Option<Timestamp> {
        let mut reading = Reading::at(zone.rules(), instant);
        loop {
            if self.closes_in(reading.second).is_some() {
                return Some(reading.instant);
            }
            let opening = reading.after(self.opens_in(reading.second)?)?;
            match reading.change.filter(|change| *change <= opening) {
                Some(change) => reading = Reading::at(zone.rules(), change),
                None => return Some(opening),
            }
        }
    }
}

fn seconds(minutes: u32) -> i64 {
    i64::from(minutes) * 60
}

/// What a clock shows at an instant, and when it will next be set.
struct Reading {
    instant: Timestamp,
    /// Seconds since Monday 00:00, as the clock shows them.
    second: i64,
    change: Option<Timestamp>,
}

impl Reading {
    fn at(rules: &TimeZone, instant: Timestamp) -> Self {
        // The epoch was a Thursday.
        let since_a_monday = instant.as_second() + 3 * 24 * 3600;
        let shown = since_a_monday + i64::from(rules.to_offset(instant).seconds());
        let change = rules
            .following(instant)
            .next()
            .map(|transition| transition.timestamp());
        Self {
            instant,
            second: shown.rem_euclid(WEEK_SECONDS),
            change,
        }
    }

    /// The instant when the clock will have run that long, at the full second.
    fn after(&self, seconds: i64) -> Option<Timestamp> {
        Timestamp::from_second(self.instant.as_second().checked_add(seconds)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn daily(start: u32, end: u32) -> Week {
        Week::new((0..7).map(|day| (day * DAY + start, day * DAY + end)).collect())
    }

    #[test]
    fn spans_that_touch_are_one_even_around_the_end_of_the_week() {
        assert!(daily(0, DAY).is_always_open());
        // Sunday evening and Monday morning.
        let week = Week::new(vec![(6 * DAY + 22 * 60, WEEK), (0, 60)]);
        let paris = Timezone::paris();
        let opening = week.open_at(&paris, at("2026-11-29T22:30:00Z")).unwrap();
        assert_eq!(opening.until, Some(at("2026-11-30T00:00:00Z")));
    }

    #[test]
    fn a_span_ends_where_the_clock_jumps_over_its_end() {
        // On 29 March 2026 in Paris the clock goes from 02:00 to 03:00.
        let paris = Timezone::paris();
        let opening = daily(60, 150)
            .open_at(&paris, at("2026-03-29T00:30:00Z"))
            .unwrap();
        assert_eq!(opening.until, Some(at("2026-03-29T01:00:00Z")));
        // A span that lies in the lost hour does not happen that day.
        let lost = daily(130, 150)
            .next_opening(&paris, at("2026-03-28T12:00:00Z"))
            .unwrap();
        assert_eq!(lost, at("2026-03-30T00:10:00Z"));
        let lost = daily(120, 150)
            .next_opening(&paris, at("2026-03-29T00:30:00Z"))
            .unwrap();
        assert_eq!(lost, at("2026-03-30T00:00:00Z"));
    }

    #[test]
    fn a_span_in_the_repeated_hour_happens_twice() {
        // On 25 October 2026 in Paris the clock goes from 03:00 back to 02:00.
        let paris = Timezone::paris();
        let week = daily(130, 150);
        let first = week.next_opening(&paris, at("2026-10-24T12:00:00Z")).unwrap();
        assert_eq!(first, at("2026-10-25T00:10:00Z"));
        let end = week.open_at(&paris, first).unwrap().until.unwrap();
        assert_eq!(end, at("2026-10-25T00:30:00Z"));
        assert_eq!(
            week.next_opening(&paris, end).unwrap(),
            at("2026-10-25T01:10:00Z")
        );
        // Up to 03:00 it is one opening of two hours.
        let whole = daily(120, 180).open_at(&paris, first).unwrap();
        assert_eq!(whole.until, Some(at("2026-10-25T02:00:00Z")));
    }

    #[test]
    fn no_clock_means_closed() {
        assert_eq!(open_at(&[], at("2026-11-23T10:00:00Z")), None);
        assert_eq!(next_opening(&[], at("2026-11-23T10:00:00Z")), None);
    }

    #[test]
    fn clocks_that_never_agree_are_given_up() {
        let morning = daily(8 * 60, 9 * 60);
        let (paris, reunion) = (Timezone::paris(), Timezone::known("Indian/Reunion"));
        let clocks: [Clock<'_>; 2] = [(&morning, &paris), (&morning, &reunion)];
        assert_eq!(next_opening(&clocks, at("2026-11-23T10:00:00Z")), None);
    }
}
