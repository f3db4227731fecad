//! Which rules of the law bind which legal basis, and the hours that follow from them. The rules themselves, with their articles
//! and dates, are in [`super::provisions`].

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::holidays::is_public_holiday;
use super::provisions::{CANVASSING_HOURS, NO_HOLIDAYS, OWN_HOURS, TERMS, Terms, terms_at, version_at};
use super::schedule::{self, Clock, DAY, Opening, Schedule, Week};
use super::windows::CallWindows;
use crate::kernel::fault::Invalid;
use crate::kernel::timezone::Timezone;
use crate::kernel::zones::Zones;

/// No call is handed to the provider in the last minutes of an opening: it could ring after its end.
pub const GUARD_BAND: SignedDuration = SignedDuration::from_mins(2);

/// More openings than a year has: where each is too short, the campaign will never call.
const MOST_OPENINGS: usize = 1_000;

/// The day of which the law is that holds at an instant: that of Paris.
pub(super) fn day_of_the_law(now: Timestamp) -> Date {
    local_date(&Timezone::paris(), now)
}

/// The most attempts that any version of the law allows in its period: as many are looked up.
pub(super) fn most_attempts() -> usize {
    let most = TERMS.iter().map(|terms| terms.attempts).max();
    most.unwrap_or_default()
}

/// The longest of their periods, to its last day on every clock: as far back they are looked up.
pub(super) fn attempts_period() -> SignedDuration {
    let longest = TERMS.iter().map(|terms| terms.attempts_days).max();
    SignedDuration::from_hours((longest.unwrap_or_default() + 2) * 24)
}

/// The numbers that the law fixes at an instant.
pub(super) fn terms(now: Timestamp) -> &'static Terms {
    terms_at(day_of_the_law(now))
}

/// The canvassing week of each version of the law, with the day from which it holds, oldest first.
struct Calendar(Vec<(Date, Week)>);

static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| Calendar::of(&TERMS));

impl Calendar {
    fn of(terms: &[Terms]) -> Self {
        let week = |terms: &Terms| {
            let days = 0..terms.days;
            let spans = days.flat_map(|day| {
                terms
                    .hours
                    .iter()
                    .map(move |(start, end)| (day * DAY + start, day * DAY + end))
            });
            (terms.in_force_from, Week::new(spans.collect()))
        };
        Self(terms.iter().map(week).collect())
    }

    /// The week that holds on that day, and the day from which the next version does, where one is known.
    fn at(&self, day: Date) -> Option<(&Week, Option<Date>)> {
        let place = version_at(self.0.iter().map(|(start, _)| *start), day);
        let (_, week) = self.0.get(place)?;
        Some((week, self.0.get(place + 1).map(|(start, _)| *start)))
    }
}

impl Schedule for Calendar {
    fn open_at(&self, zone: &Timezone, instant: Timestamp) -> Option<Opening> {
        // No window touches midnight, so an opening never reaches into a holiday, or into another law.
        let day = local_date(zone, instant);
        let (week, _) = self.at(day)?;
        week.open_at(zone, instant).filter(|_| !is_public_holiday(day))
    }

    fn next_opening(&self, zone: &Timezone, instant: Timestamp) -> Option<Timestamp> {
        let mut from = instant;
        loop {
            let (week, change) = self.at(local_date(zone, from))?;
            let candidate = week.next_opening(zone, from)?;
            let day = local_date(zone, candidate);
            from = match change.filter(|change| *change <= day) {
                Some(change) => midnight(zone, change)?,
                None if is_public_holiday(day) => midnight(zone, day.tomorrow().ok()?)?,
                None => return Some(candidate),
            };
        }
    }
}

fn midnight(zone: &Timezone, day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(zone.rules().clone()).ok()?.timestamp())
}

/// When an attempt counts no more: when so many whole days of the calendar lie behind its own, on every one of the clocks.
pub(super) fn counts_until(zones: &Zones, attempted_at: Timestamp, days: i64) -> Timestamp {
    let until = |zone: &Timezone| {
        let last = local_date(zone, attempted_at).checked_add(Span::new().days(days + 1));
        midnight(zone, last.ok()?)
    };
    let ends = zones
        .as_slice()
        .iter()
        .map(|zone| until(zone).unwrap_or(Timestamp::MAX));
    // Where no clock is known, nobody is called anyhow.
    ends.max().unwrap_or(Timestamp::MAX)
}

/// On what ground people are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegalBasis {
    /// The person agreed beforehand (L223-1 code de la consommation).
    Consent,
    /// A contract in progress, and the call is about its object.
    Contract,
    /// The person asked to be called back (R223-4).
    CallbackRequest,
    /// A service call that sells nothing.
    Service,
    /// A call to a business.
    Business,
}

/// Which rules bind a legal basis: one row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bindings {
    /// Days, hours and holidays of canvassing.
    pub lawful_hours: bool,
    /// A date and time that the person agreed to precisely may replace them.
    pub special_slot: bool,
    /// No more than four attempts in thirty days by the same advertiser.
    pub attempts_cap: bool,
    /// Sectors in which canvassing is banned.
    pub sector_ban: bool,
    /// The contact must be a business.
    pub business_only: bool,
    /// A clock must be known: no fallback to the campaign's zone.
    pub zone_needed: bool,
}

impl LegalBasis {
    /// Every basis.
    pub const ALL: [Self; 5] = [
        Self::Consent,
        Self::Contract,
        Self::CallbackRequest,
        Self::Service,
        Self::Business,
    ];

    /// Reads the name of the contract.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|basis| basis.as_str() == typed)
            .ok_or(Invalid::new(
                "legal_basis_invalid",
                "La base légale est consent, contract, callback_request, service ou business.",
                "The legal basis is consent, contract, callback_request, service or business.",
            ))
    }

    /// The name of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Contract => "contract",
            Self::CallbackRequest => "callback_request",
            Self::Service => "service",
            Self::Business => "business",
        }
    }

    /// The row of the table.
    pub const fn bindings(self) -> Bindings {
        let free = Bindings {
            lawful_hours: false,
            special_slot: false,
            attempts_cap: false,
            sector_ban: true,
            business_only: false,
            zone_needed: false,
        };
        let canvassing = Bindings {
            lawful_hours: true,
            zone_needed: true,
            ..free
        };
        match self {
            Self::Consent => Bindings {
                special_slot: true,
                attempts_cap: true,
                ..canvassing
            },
            Self::Contract => Bindings {
                attempts_cap: true,
                sector_ban: false,
                ..canvassing
            },
            Self::CallbackRequest => Bindings {
                sector_ban: false,
                ..canvassing
            },
            Self::Service => free,
            Self::Business => Bindings {
                business_only: true,
                ..free
            },
        }
    }
}

impl fmt::Display for LegalBasis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The hours in which the law allows canvassing.
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
        zones
            .as_slice()
            .iter()
            .map(|zone| (&Self as &dyn Schedule, zone))
            .collect()
    }
}

impl Schedule for LawfulHours {
    fn open_at(&self, zone: &Timezone, instant: Timestamp) -> Option<Opening> {
        CALENDAR.open_at(zone, instant)
    }

    fn next_opening(&self, zone: &Timezone, instant: Timestamp) -> Option<Timestamp> {
        CALENDAR.next_opening(zone, instant)
    }
}

fn local_date(zone: &Timezone, instant: Timestamp) -> Date {
    zone.rules().to_datetime(instant).date()
}

/// Why no call may begin now, and when one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// `outside_hours`, `public_holiday` or `zone_unknown`.
    pub code: &'static str,
    /// The article, or the setting of the campaign.
    pub rule: &'static str,
    /// When to ask again; none when no time will do.
    pub retry_at: Option<Timestamp>,
}

/// The hours of a campaign for one contact: its own windows, narrowed by the law and never widened.
#[derive(Debug, Clone)]
pub struct CallingHours<'a> {
    windows: &'a CallWindows,
    lawful: bool,
    zones: &'a Zones,
}

impl<'a> CallingHours<'a> {
    /// The hours that bind this basis on these clocks.
    pub fn new(windows: &'a CallWindows, basis: LegalBasis, zones: &'a Zones) -> Self {
        Self {
            windows,
            lawful: basis.bindings().lawful_hours,
            zones,
        }
    }

    /// The same at a time to which the person agreed: the law's hours do not bind there (L223-1, paragraph 6).
    pub fn by_appointment(&self) -> Self {
        Self {
            lawful: false,
            ..self.clone()
        }
    }

    /// The opening that `instant` lies in.
    pub fn open_at(&self, instant: Timestamp) -> Option<Opening> {
        schedule::open_at(&self.clocks(), instant)
    }

    /// The first open instant that is not before `instant`.
    pub fn next_opening(&self, instant: Timestamp) -> Option<Timestamp> {
        schedule::next_opening(&self.clocks(), instant)
    }

    /// The opening in which a call may be handed to the provider at `now`, or why not.
    pub fn dispatch_at(&self, now: Timestamp) -> Result<Opening, Closed> {
        match self.open_at(now) {
            Some(opening) if opening.outlasts(GUARD_BAND, now) => Ok(opening),
            _ => Err(self.closed(now)),
        }
    }

    /// Why no hour will do: nobody knows what time it is there.
    pub fn without_clock(&self) -> Option<Closed> {
        self.zones.is_unknown().then_some(Closed {
            code: "zone_unknown",
            rule: CANVASSING_HOURS.article,
            retry_at: None,
        })
    }

    fn closed(&self, now: Timestamp) -> Closed {
        if let Some(closed) = self.without_clock() {
            return closed;
        }
        let holiday = |zone: &Timezone| is_public_holiday(local_date(zone, now));
        let retry_at = self.next_dispatch(now);
        if self.lawful && self.zones.as_slice().iter().any(holiday) {
            return Closed {
                code: "public_holiday",
                rule: NO_HOLIDAYS.article,
                retry_at,
            };
        }
        let unlawful = self.lawful
            && !LawfulHours
                .open_at(self.zones, now)
                .is_some_and(|opening| opening.outlasts(GUARD_BAND, now));
        let rule = if unlawful {
            CANVASSING_HOURS.article
        } else {
            OWN_HOURS.article
        };
        Closed {
            code: "outside_hours",
            rule,
            retry_at,
        }
    }

    /// The beginning of the next opening that is longer than the guard band.
    fn next_dispatch(&self, now: Timestamp) -> Option<Timestamp> {
        let mut from = now;
        for _ in 0..MOST_OPENINGS {
            let begins = self.next_opening(from)?;
            let opening = self.open_at(begins)?;
            if opening.outlasts(GUARD_BAND, begins) {
                return Some(begins);
            }
            from = opening.until?;
        }
        None
    }

    fn clocks(&self) -> Vec<Clock<'_>> {
        let mut clocks = self.windows.clocks(self.zones);
        if self.lawful {
            clocks.extend(LawfulHours::clocks(self.zones));
        }
        clocks
    }
}

#[cfg(test)]
#[path = "law_tests.rs"]
mod tests;
