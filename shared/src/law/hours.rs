//! The days and hours in which the law allows canvassing, on the clocks of whoever is called.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;

use super::holidays::is_public_holiday;
use super::provisions::{CANVASSING_HOURS, NO_HOLIDAYS, Rule};
use super::schedule::{self, Clock, DAY, Opening, Schedule, WEEK, Week};
use super::terms::{TERMS, Terms, version_at};
use crate::kernel::{Timezone, Zones};

/// The canvassing week of each version of the law, with the day from which it holds, oldest first; open throughout where the
/// law says nothing.
struct Calendar(Vec<(Date, Week)>);

static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| Calendar::of(&CANVASSING_HOURS, &TERMS));

impl Calendar {
    fn of(rule: &Rule, terms: &[Terms]) -> Self {
        let free = || Week::new(vec![(0, WEEK)]);
        let is_bound = |start: Date| rule.in_force_until.is_none_or(|until| start < until);
        let mut weeks = vec![(Date::MIN, free())];
        // The oldest numbers are those of the rule's first day.
        let starts = terms.iter().skip(1).map(|terms| terms.in_force_from);
        let starts = std::iter::once(rule.in_force_from).chain(starts);
        weeks.extend(
            starts
                .zip(terms)
                .filter(|(start, _)| is_bound(*start))
                .map(|(start, terms)| (start, week_of(terms))),
        );
        weeks.extend(rule.in_force_until.map(|until| (until, free())));
        Self(weeks)
    }

    /// The week that holds on that day, and the day from which the next version does, where one is known.
    fn at(&self, day: Date) -> Option<(&Week, Option<Date>)> {
        let place = version_at(self.0.iter().map(|(start, _)| *start), day);
        let (_, week) = self.0.get(place)?;
        Some((week, self.0.get(place + 1).map(|(start, _)| *start)))
    }
}

fn week_of(terms: &Terms) -> Week {
    let midnights = (0..).map(|day| day * DAY);
    let spans = midnights.zip(terms.hours).flat_map(|(midnight, hours)| {
        hours
            .iter()
            .map(move |(start, end)| (midnight + start, midnight + end))
    });
    Week::new(spans.collect())
}

impl Schedule for Calendar {
    fn open_at(&self, zone: &Timezone, instant: Timestamp) -> Option<Opening> {
        let (week, change) = self.at(local_date(zone, instant))?;
        let opening = week.open_at(zone, instant)?;
        // No window touches midnight, so an opening never reaches into another law; a free week ends where the law begins.
        let until = opening
            .until
            .or_else(|| change.and_then(|change| midnight(zone, change)));
        Some(Opening { until })
    }

    fn next_opening(&self, zone: &Timezone, instant: Timestamp) -> Option<Timestamp> {
        let mut from = instant;
        loop {
            let (week, change) = self.at(local_date(zone, from))?;
            let is_before = |candidate: &Timestamp| {
                let day = local_date(zone, *candidate);
                change.is_none_or(|change| day < change)
            };
            match week.next_opening(zone, from).filter(is_before) {
                Some(opening) => return Some(opening),
                None => from = midnight(zone, change?)?,
            }
        }
    }
}

/// The days that are no public holidays.
struct WorkingDays;

impl Schedule for WorkingDays {
    /// Looks no further than tomorrow: what is open longer is asked again before then.
    fn open_at(&self, zone: &Timezone, instant: Timestamp) -> Option<Opening> {
        let day = local_date(zone, instant);
        let tomorrow = day.tomorrow().ok()?;
        let end = if is_forbidden_day(tomorrow) {
            tomorrow
        } else {
            tomorrow.tomorrow().ok()?
        };
        let until = midnight(zone, end)?;
        (!is_forbidden_day(day)).then_some(Opening { until: Some(until) })
    }

    fn next_opening(&self, zone: &Timezone, instant: Timestamp) -> Option<Timestamp> {
        let mut from = instant;
        loop {
            let day = local_date(zone, from);
            if !is_forbidden_day(day) {
                return Some(from);
            }
            from = midnight(zone, day.tomorrow().ok()?)?;
        }
    }
}

/// Whether nobody may be canvassed on that day, because it is a public holiday.
pub(crate) fn is_forbidden_day(day: Date) -> bool {
    NO_HOLIDAYS.is_in_force(day) && is_public_holiday(day)
}

pub(crate) fn local_date(zone: &Timezone, instant: Timestamp) -> Date {
    zone.rules().to_datetime(instant).date()
}

pub(crate) fn midnight(zone: &Timezone, day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(zone.rules().clone()).ok()?.timestamp())
}

/// The hours of canvassing on each of the clocks.
pub(crate) fn hours(zones: &Zones) -> impl Iterator<Item = Clock<'_>> {
    on_each(&*CALENDAR, zones)
}

/// The days of canvassing on each of the clocks.
pub(crate) fn working_days(zones: &Zones) -> impl Iterator<Item = Clock<'_>> {
    on_each(&WorkingDays, zones)
}

fn on_each<'a>(schedule: &'a dyn Schedule, zones: &'a Zones) -> impl Iterator<Item = Clock<'a>> {
    zones.as_slice().iter().map(move |zone| (schedule, zone))
}

/// The days and hours in which the law allows canvassing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LawfulHours;

impl LawfulHours {
    /// The lawful opening that `instant` lies in on every one of the clocks.
    pub fn open_at(self, zones: &Zones, instant: Timestamp) -> Option<Opening> {
        schedule::open_at(&Self::clocks(zones), instant)
    }

    /// The first lawful instant, not before `instant`, on every one of the clocks.
    pub fn next_opening(self, zones: &Zones, instant: Timestamp) -> Option<Timestamp> {
        schedule::next_opening(&Self::clocks(zones), instant)
    }

    fn clocks(zones: &Zones) -> Vec<Clock<'_>> {
        hours(zones).chain(working_days(zones)).collect()
    }
}

#[cfg(test)]
#[path = "hours_tests.rs"]
mod tests;
