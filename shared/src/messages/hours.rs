//! When a marketing message may be sent: in the hours in which people may be called, one rule to explain.

use jiff::Timestamp;

use crate::kernel::{PhoneNumber, Timezone, Zones, zones_of};
use crate::law::hours::LawfulHours;

/// The clocks on which the recipient's hours are read: their own, else what postal code and number tell, else the
/// organisation's.
pub(super) fn clocks(
    number: &PhoneNumber,
    own: Option<&Timezone>,
    postal_code: Option<&str>,
    home: &Timezone,
) -> Zones {
    zones_of(own, postal_code, number).or(home)
}

/// The first instant, not before `now`, at which a marketing message may be sent.
pub(super) fn next_marketing_hour(zones: &Zones, now: Timestamp) -> Timestamp {
    if LawfulHours.open_at(zones, now).is_some() {
        return now;
    }
    // Every week has lawful hours on every clock, and clocks within a country share some of them.
    LawfulHours.next_opening(zones, now).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    ///
    #[test]
    fn marketing_waits_for_its_hours() {
        let paris = Zones::one(Timezone::paris());
        let next = |now: &str| next_marketing_hour(&paris, now.parse().unwrap()).to_string();
        for (now, expected) in [
            // A Tuesday: inside, at lunch, in the evening.
            ("2026-11-24T09:30:00Z", "2026-11-24T09:30:00Z"),
            ("2026-11-24T12:30:00Z", "2026-11-24T13:00:00Z"),
            ("2026-11-24T19:00:00Z", "2026-11-25T09:00:00Z"),
            // A Saturday, and Armistice Day.
            ("2026-11-28T10:00:00Z", "2026-11-30T09:00:00Z"),
            ("2026-11-11T10:00:00Z", "2026-11-12T09:00:00Z"),
        ] {
            assert_eq!(next(now), expected, "{now}");
        }
    }
}
