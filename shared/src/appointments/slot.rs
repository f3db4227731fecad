//! The time that an appointment takes, in whole steps of five minutes, so that a unique key in the database decides who
//! gets them.

use jiff::{SignedDuration, Timestamp};

/// Appointments begin and end on a multiple of this.
pub(super) const STEP: SignedDuration = SignedDuration::from_mins(5);
/// The longest appointment.
const LONGEST: SignedDuration = SignedDuration::from_hours(8);
/// How far ahead one may be made.
const FURTHEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// A time that an appointment can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
}

/// Why a time is none that an appointment can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoSlot {
    /// It has begun already.
    Past,
    /// More than a year ahead.
    TooFar,
    /// It begins or ends between two steps.
    OffGrid,
    /// It ends before it begins, at once, or after more than eight hours.
    Length,
}

impl Slot {
    /// A time from now on.
    pub(super) fn new(starts_at: Timestamp, ends_at: Timestamp, now: Timestamp) -> Result<Self, NoSlot> {
        let length = ends_at.duration_since(starts_at);
        if starts_at <= now {
            return Err(NoSlot::Past);
        }
        if starts_at.duration_since(now) > FURTHEST {
            return Err(NoSlot::TooFar);
        }
        if length < STEP || length > LONGEST {
            return Err(NoSlot::Length);
        }
        let on_grid = |at: Timestamp| at.subsec_nanosecond() == 0 && at.as_second() % STEP.as_secs() == 0;
        if !on_grid(starts_at) || !on_grid(ends_at) {
            return Err(NoSlot::OffGrid);
        }
        Ok(Self { starts_at, ends_at })
    }

    /// The steps that it takes, in order: two slots overlap where they share one.
    pub(super) fn steps(self) -> Vec<Timestamp> {
        let mut steps = Vec::new();
        let mut at = self.starts_at;
        while at < self.ends_at {
            steps.push(at);
            at = at.saturating_add(STEP).unwrap_or(self.ends_at);
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_795_000_000;

    fn slot(start: i64, minutes: i64) -> Result<Slot, NoSlot> {
        let now = Timestamp::from_second(NOW).unwrap();
        let starts_at = Timestamp::from_second(start).unwrap();
        let ends_at = starts_at + SignedDuration::from_mins(minutes);
        Slot::new(starts_at, ends_at, now)
    }

    #[test]
    fn a_slot_lies_ahead_within_a_year_on_the_grid() {
        let next = NOW - NOW % 300 + 300;
        assert!(slot(next, 30).is_ok());
        assert_eq!(slot(next - 300, 30), Err(NoSlot::Past));
        assert_eq!(slot(NOW, 30), Err(NoSlot::Past));
        assert_eq!(slot(next + 367 * 86_400, 30), Err(NoSlot::TooFar));
        assert_eq!(slot(next + 60, 30), Err(NoSlot::OffGrid));
        assert_eq!(slot(next, 32), Err(NoSlot::OffGrid));
        for minutes in [-30, 0, 4, 481] {
            assert_eq!(slot(next, minutes), Err(NoSlot::Length), "{minutes}");
        }
        assert_eq!(slot(next, 480).unwrap().steps().len(), 96);
    }

    proptest! {
        #[test]
        fn two_slots_overlap_exactly_where_they_share_a_step(
            first in 1_i64..200, length in 1_i64..96, second in 1_i64..200, other in 1_i64..96,
        ) {
            let base = NOW - NOW % 300;
            let one = slot(base + first * 300, length * 5).unwrap();
            let two = slot(base + second * 300, other * 5).unwrap();
            let overlap = one.starts_at < two.ends_at && two.starts_at < one.ends_at;
            let (mine, theirs) = (one.steps(), two.steps());
            prop_assert!(mine.is_sorted());
            prop_assert_eq!(mine.iter().any(|step| theirs.contains(step)), overlap);
        }
    }
}
