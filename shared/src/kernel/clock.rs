//! Where time and randomness come from, so that a test can hold both.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// The source of the current time and of random bytes. Cheap to clone; clones share a held time.
#[derive(Debug, Clone, Default)]
pub struct Clock(Source);

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    System,
    Held(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    pub fn held_at(now: Timestamp) -> Self {
        Self(Source::Held(Arc::new(Mutex::new(now))))
    }

    /// The current time, to the microsecond, as PostgreSQL keeps it.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    pub fn now(&self) -> Timestamp {
        let now = match &self.0 {
            Source::System => Timestamp::now(),
            Source::Held(held) => *held.lock().unwrap_or_else(PoisonError::into_inner),
        };
        super::instant::whole_microseconds(now)
    }

    /// Moves a held clock forward; the machine's clock moves by itself.
    pub fn advance(&self, by: SignedDuration) {
        if let Source::Held(held) = &self.0 {
            let mut now = held.lock().unwrap_or_else(PoisonError::into_inner);
            *now = now.saturating_add(by).unwrap_or(*now);
        }
    }

    /// Random bytes fit for secrets.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        // The operating system's source only fails where nothing else would work either.
        getrandom::fill(&mut bytes).unwrap_or_else(|error| panic!("no source of randomness: {error}"));
        bytes
    }

    /// A new UUID v7 (RFC 9562): sorts by the time of its making.
    pub fn uuid(&self) -> Uuid {
        let milliseconds = u64::try_from(self.now().as_millisecond()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &self.random_bytes()).into_uuid()
    }
}
