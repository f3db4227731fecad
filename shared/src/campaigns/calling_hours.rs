//! The hours of a campaign for one contact: its own windows, narrowed by the law's.

use jiff::{SignedDuration, Timestamp};

use super::windows::CallWindows;
use crate::kernel::{Timezone, Zones};
use crate::law::hours::{self, is_forbidden_day, local_date};
use crate::law::schedule::{self, Clock, Opening};
use crate::law::{CANVASSING_HOURS, LegalBasis, NO_HOLIDAYS, OWN_HOURS};

/// No call is handed to the provider in the last minutes of an opening: it could ring after its end.
pub const GUARD_BAND: SignedDuration = SignedDuration::from_mins(2);

/// More openings than a year has: where each is too short, the campaign will never call.
const MOST_OPENINGS: usize = 1_000;

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
    /// Whether the law's hours bind.
    lawful_hours: bool,
    /// Whether the law's days do.
    working_days: bool,
    zones: &'a Zones,
}

impl<'a> CallingHours<'a> {
    /// The hours that bind this basis on these clocks.
    pub fn new(windows: &'a CallWindows, basis: LegalBasis, zones: &'a Zones) -> Self {
        Self {
            windows,
            lawful_hours: CANVASSING_HOURS.binds(basis),
            working_days: NO_HOLIDAYS.binds(basis),
            zones,
        }
    }

    /// The same at a time to which the person agreed: the law's hours do not bind there (L223-1, paragraph 6).
    pub fn by_appointment(&self) -> Self {
        Self {
            lawful_hours: false,
            working_days: false,
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
        let holiday = |zone: &Timezone| is_forbidden_day(local_date(zone, now));
        let retry_at = self.next_dispatch(now);
        if self.working_days && self.zones.as_slice().iter().any(holiday) {
            return Closed {
                code: "public_holiday",
                rule: NO_HOLIDAYS.article,
                retry_at,
            };
        }
        let lawful: Vec<_> = hours::hours(self.zones).collect();
        let unlawful = self.lawful_hours
            && !schedule::open_at(&lawful, now).is_some_and(|opening| opening.outlasts(GUARD_BAND, now));
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
        if self.lawful_hours {
            clocks.extend(hours::hours(self.zones));
        }
        if self.working_days {
            clocks.extend(hours::working_days(self.zones));
        }
        clocks
    }
}

#[cfg(test)]
#[path = "calling_hours_tests.rs"]
mod tests;
