//! The law of telephone canvassing in France, as data: each rule with its article and the day it came into force,
//! which rules bind which legal basis, and the hours that follow.

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::holidays::is_public_holiday;
use super::schedule::{self, Clock, DAY, Opening, Schedule, Week};
use super::windows::CallWindows;
use crate::kernel::fault::Invalid;
use crate::kernel::timezone::Timezone;
use crate::kernel::zones::Zones;

/// No call is handed to the provider in the last minutes of an opening: it could ring after its end.
pub const GUARD_BAND: SignedDuration = SignedDuration::from_mins(2);

/// A provision of the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Where it is written, for people who ask why nobody was called.
    pub article: &'static str,
    /// The first day it applies.
    pub in_force_from: Date,
}

/// Days and hours of canvassing: Monday to Friday, 10:00–13:00 and 14:00–20:00 by the consumer's clock.
pub const CANVASSING_HOURS: Rule = Rule {
    article: "D223-9 code de la consommation (décret 2026-662)",
    in_force_from: date(2026, 8, 11),
};

/// No canvassing on public holidays.
pub const NO_HOLIDAYS: Rule = Rule {
    article: "D223-9 code de la consommation (décret 2026-662), L3133-1 code du travail",
    in_force_from: date(2026, 8, 11),
};

/// No canvassing without prior consent.
pub const CONSENT: Rule = Rule {
    article: "L223-1 et R223-1 code de la consommation, L34-5 code des postes",
    in_force_from: date(2026, 8, 11),
};

/// A consent may be withdrawn at any time, and a refusal ends it.
pub const WITHDRAWAL: Rule = Rule {
    article: "R223-3 code de la consommation, art. 7(3) RGPD",
    in_force_from: date(2026, 8, 11),
};

/// A call in performance of a contract in progress needs no consent.
pub const CONTRACT: Rule = Rule {
    article: "L223-1 code de la consommation (contrat en cours)",
    in_force_from: date(2026, 8, 11),
};

/// Answering a person's own request within five working days is no canvassing.
pub const CALLBACK: Rule = Rule {
    article: "R223-4 code de la consommation",
    in_force_from: date(2026, 8, 11),
};

/// Sectors in which canvassing is banned, with or without consent.
pub const SECTOR_BAN: Rule = Rule {
    article: "L223-1 code de la consommation, L6323-8-1 code du travail",
    in_force_from: date(2026, 8, 11),
};

/// Automated calls to natural persons need their consent; a business is called at its own number.
pub const AUTOMATED_VOICE: Rule = Rule {
    article: "L34-5 code des postes",
    in_force_from: date(2004, 6, 22),
};

/// Four solicitations or attempts in thirty days by the same professional, answered or not.
pub const ATTEMPTS_CAP: Rule = Rule {
    article: "D223-9 code de la consommation (décret 2026-662)",
    in_force_from: date(2026, 8, 11),
};

/// How many attempts the law allows in its period.
pub const MOST_ATTEMPTS: usize = 4;
/// The period: thirty days.
pub const ATTEMPTS_PERIOD: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Within how many working days a request to be called may be answered.
pub const CALLBACK_WORKING_DAYS: u32 = 5;

/// What is named where the campaign itself, not the law, keeps the telephone silent.
const OWN_WINDOWS: &str = "campaign.settings.call_windows";

const WORKING_DAYS: u32 = 5;
const CANVASSING_WINDOWS: [(u32, u32); 2] = [(10 * 60, 13 * 60), (14 * 60, 20 * 60)];

static CANVASSING_WEEK: LazyLock<Week> = LazyLock::new(|| {
    let days = 0..WORKING_DAYS;
    Week::new(
        days.flat_map(|day| CANVASSING_WINDOWS.map(|(start, end)| (day * DAY + start, day * DAY + end)))
            .collect(),
    )
});

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
        // No window touches midnight, so an opening never reaches into a holiday.
        CANVASSING_WEEK
            .open_at(zone, instant)
            .filter(|_| !is_public_holiday(local_date(zone, instant)))
    }

    fn next_opening(&self, zone: &Timezone, instant: Timestamp) -> Option<Timestamp> {
        let mut candidate = CANVASSING_WEEK.next_opening(zone, instant)?;
        loop {
            let day = local_date(zone, candidate);
            if !is_public_holiday(day) {
                return Some(candidate);
            }
            let midnight = day
                .tomorrow()
                .ok()?
                .to_zoned(zone.rules().clone())
                .ok()?
                .timestamp();
            candidate = CANVASSING_WEEK.next_opening(zone, midnight)?;
        }
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
            OWN_WINDOWS
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
        // A year of openings, each too short, is a campaign that will never call.
        for _ in 0..1000 {
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
