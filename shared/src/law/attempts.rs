//! How long an attempt counts, and how many are looked up.

use jiff::{SignedDuration, Span, Timestamp};

use super::hours::{local_date, midnight};
use super::terms::TERMS;
use crate::kernel::{Timezone, Zones};

/// The most attempts that any version of the law allows in its period: as many are looked up.
pub(crate) fn most_attempts() -> usize {
    let most = TERMS.iter().map(|terms| terms.attempts).max();
    most.unwrap_or_default()
}

/// The longest of their periods, to its last day on every clock: as far back they are looked up.
pub(crate) fn attempts_period() -> SignedDuration {
    let longest = TERMS.iter().map(|terms| terms.attempts_days).max();
    SignedDuration::from_hours((longest.unwrap_or_default() + 2) * 24)
}

/// When an attempt counts no more: when so many whole days of the calendar lie behind its own, on every one of the clocks.
pub(crate) fn counts_until(zones: &Zones, attempted_at: Timestamp, days: i64) -> Timestamp {
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
