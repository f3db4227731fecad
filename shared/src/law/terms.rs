//! What the law counts and lists, as data: each version since its day.

use jiff::SignedDuration;
use jiff::civil::{Date, date};

use super::Sector;
use super::holidays::{Holiday, L3133_1};
use crate::kernel::numbering::{self, Range};

/// Openings of a day, in minutes from midnight.
pub type Hours = &'static [(u32, u32)];

/// The numbers that the law fixes, since a day.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The first day on which they hold.
    pub in_force_from: Date,
    /// The hours of each day of the week, Monday first; none on days on which nobody is canvassed.
    pub hours: [Hours; 7],
    /// How many attempts are allowed in a period; one at least.
    pub attempts: usize,
    /// How many days the period has.
    pub attempts_days: i64,
    /// Within how many working days a request may be answered.
    pub callback_days: u32,
    /// For how many days a consent counts at most, from the instant at which it was given.
    pub consent_days: i64,
    /// For how many days whoever refused is left alone, whatever they agree to meanwhile.
    pub silence_days: i64,
    /// On which days nobody is canvassed, though they are days of the week.
    pub holidays: &'static [Holiday],
    /// Which numbers an automated system may present.
    pub caller_ids: &'static [&'static [Range]],
    /// What nobody may sell or tell by telephone, with or without consent.
    pub banned_sectors: &'static [Sector],
}

impl Terms {
    /// How long a consent counts at most.
    pub fn consent(&self) -> SignedDuration {
        days(self.consent_days)
    }

    /// How long whoever refused is left alone.
    pub fn silence(&self) -> SignedDuration {
        days(self.silence_days)
    }
}

/// What is open on Monday to Friday alone.
const fn weekdays(hours: Hours) -> [Hours; 7] {
    [hours, hours, hours, hours, hours, &[], &[]]
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(days.saturating_mul(24))
}

/// Oldest first. A change of law is one more row; before the first one its own numbers hold.
pub const TERMS: [Terms; 1] = [Terms {
    in_force_from: date(2026, 8, 11),
    hours: weekdays(&[(10 * 60, 13 * 60), (14 * 60, 20 * 60)]),
    attempts: 4,
    attempts_days: 30,
    callback_days: 5,
    // A year (R223-1 I, 3°), in the shortest reading.
    consent_days: 365,
    // D223-9 in its former wording, kept as the stricter reading.
    silence_days: 60,
    holidays: &L3133_1,
    // Verified polyvalent numbers, and those of technical platforms (decision 2018-0881, consolidated on 1 January 2026).
    caller_ids: &[&numbering::VERIFIED, &numbering::TECHNICAL],
    banned_sectors: &[
        Sector::EnergyRenovation,
        Sector::RenewableEnergy,
        Sector::HomeAdaptation,
        Sector::CpfTraining,
    ],
}];

/// Which of these versions held on that day: its place.
pub fn version_at(starts: impl Iterator<Item = Date>, day: Date) -> usize {
    starts.skip(1).take_while(|start| *start <= day).count()
}

/// The numbers that held on that day.
pub fn terms_at(day: Date) -> &'static Terms {
    const { assert!(!TERMS.is_empty() && TERMS[0].attempts > 0) };
    &TERMS[version_at(TERMS.iter().map(|terms| terms.in_force_from), day)]
}
