//! The circuit breaker of a campaign: where half of its latest calls fail because a provider does, nobody else is called. After
//! a while one call alone is tried; if it goes through, all others follow. A person may resume at any time.

use jiff::{SignedDuration, Timestamp};

/// Why such a campaign is paused.
pub const PROVIDER_FAILURES: &str = "provider_failures";

/// How many of the latest calls are looked at.
pub(super) const SAMPLE: i64 = 20;
/// How old the end of such a call may be.
pub(super) const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// Fewer than these say nothing.
const FEWEST: i64 = 10;
/// The share of failures, in percent, from which nobody else is called.
const TOO_MANY: i64 = 50;
/// When one call is tried after the first time; twice as long after each further one, up to the longest.
const COOL_DOWN: SignedDuration = SignedDuration::from_mins(5);
const LONGEST_COOL_DOWN: SignedDuration = SignedDuration::from_hours(1);

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Calls go through.
    Closed,
    /// Nobody is called.
    Open {
        /// When one call is tried.
        probe_at: Timestamp,
    },
    /// One call alone.
    HalfOpen,
}

impl State {
    /// As in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// A breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// Where it stands.
    pub state: State,
    /// How often in a row it has opened.
    pub trips: i32,
}

impl Breaker {
    /// One through which calls go.
    pub const CLOSED: Self = Self {
        state: State::Closed,
        trips: 0,
    };

    /// The state that follows from the latest calls: of `calls` that were queued since the breaker took this state and ended
    /// within [`WINDOW`], `faults` failed at a provider. `None` where they are too few, or nothing changes.
    pub fn judge(self, calls: i64, faults: i64, now: Timestamp) -> Option<Self> {
        match self.state {
            State::Closed if calls >= FEWEST && faults * 100 >= calls * TOO_MANY => Some(self.open(now)),
            State::HalfOpen if calls > 0 && faults > 0 => Some(self.open(now)),
            State::HalfOpen if calls > 0 => Some(Self::CLOSED),
            _ => None,
        }
    }

    /// What follows from the time: one call is tried.
    pub fn cool(self, now: Timestamp) -> Option<Self> {
        match self.state {
            State::Open { probe_at } if probe_at <= now => Some(Self {
                state: State::HalfOpen,
                ..self
            }),
            _ => None,
        }
    }

    /// How many calls may be under way at once, where that is bounded.
    pub fn at_once(self) -> Option<i32> {
        match self.state {
            State::Closed => None,
            State::Open { .. } => Some(0),
            State::HalfOpen => Some(1),
        }
    }

    fn open(self, now: Timestamp) -> Self {
        // Doubled more often than this, it is longer than the longest.
        let doubled = self.trips.clamp(0, 10);
        let wait = (COOL_DOWN * (1 << doubled)).min(LONGEST_COOL_DOWN);
        Self {
            state: State::Open {
                probe_at: now.saturating_add(wait).unwrap_or(Timestamp::MAX),
            },
            trips: self.trips.saturating_add(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn noon() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn half_of_ten_calls_open_it() {
        //
        for (calls, faults, opens) in [
            (0, 0, false),
            (9, 9, false),
            (10, 4, false),
            (10, 5, true),
            (20, 9, false),
            (20, 10, true),
            (20, 20, true),
        ] {
            let next = Breaker::CLOSED.judge(calls, faults, noon());
            assert_eq!(next.is_some(), opens, "{faults} of {calls}");
        }
    }

    #[test]
    fn one_call_alone_decides_after_a_while() {
        let open = Breaker::CLOSED.judge(10, 10, noon()).unwrap();
        assert_eq!((open.at_once(), open.trips), (Some(0), 1));
        assert_eq!(
            open.judge(20, 0, noon()),
            None,
            "calls that were under way say nothing"
        );
        assert_eq!(open.cool(noon() + SignedDuration::from_secs(299)), None);
        let half = open.cool(noon() + SignedDuration::from_secs(300)).unwrap();
        assert_eq!((half.state, half.at_once()), (State::HalfOpen, Some(1)));
        assert_eq!(half.judge(0, 0, noon()), None, "its call is under way");
        assert_eq!(half.judge(1, 0, noon()), Some(Breaker::CLOSED));
        let again = half.judge(1, 1, noon()).unwrap();
        let probe_at = noon() + SignedDuration::from_mins(10);
        assert_eq!(again.state, State::Open { probe_at }, "twice as long");
    }

    #[derive(Debug, Clone)]
    enum Event {
        Calls { calls: i64, faults: i64 },
        Minutes(i64),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (0_i64..=SAMPLE)
                .prop_flat_map(|calls| (Just(calls), 0..=calls))
                .prop_map(|(calls, faults)| Event::Calls { calls, faults }),
            (0_i64..90).prop_map(Event::Minutes),
        ]
    }

    proptest! {
        /// Whatever happens: it opens on failures alone, closes on a call that went through alone, lets no more than one call
        /// through in between, and never waits longer than an hour.
        #[test]
        fn every_step_has_its_reason(events in prop::collection::vec(event(), 1..100)) {
            let (mut breaker, mut now) = (Breaker::CLOSED, noon());
            for event in events {
                let (next, seen) = match event {
                    Event::Calls { calls, faults } => (breaker.judge(calls, faults, now), Some((calls, faults))),
                    Event::Minutes(minutes) => {
                        now += SignedDuration::from_mins(minutes);
                        (breaker.cool(now), None)
                    }
                };
                let Some(next) = next else { continue };
                match (breaker.state, next.state) {
                    (State::Closed, State::Open { probe_at }) | (State::HalfOpen, State::Open { probe_at }) => {
                        let (calls, faults) = seen.unwrap();
                        prop_assert!(faults > 0 && faults * 2 >= calls || breaker.state == State::HalfOpen);
                        prop_assert!(calls >= FEWEST || breaker.state == State::HalfOpen);
                        prop_assert!(probe_at >= now + COOL_DOWN && probe_at <= now + LONGEST_COOL_DOWN);
                        prop_assert_eq!(next.trips, breaker.trips + 1);
                        prop_assert_eq!(next.at_once(), Some(0));
                    }
                    (State::Open { probe_at }, State::HalfOpen) => {
                        prop_assert!(probe_at <= now && seen.is_none());
                        prop_assert_eq!(next.at_once(), Some(1));
                    }
                    (State::HalfOpen, State::Closed) => {
                        let (calls, faults) = seen.unwrap();
                        prop_assert!(calls > 0 && faults == 0);
                        prop_assert_eq!(next, Breaker::CLOSED);
                    }
                    step => prop_assert!(false, "{step:?}"),
                }
                breaker = next;
            }
        }
    }
}
