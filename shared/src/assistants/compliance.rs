//! Whether an assistant says what the law requires, as far as our rows know: what Vapi was told, when its copy was last
//! seen to match, and since when it is known to differ. Whatever is missing or out of date counts against it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The version of what every assistant says and obeys, its tools included. An assistant that was told an older one is told
/// this one before it calls again.
pub const DISCLOSURES_VERSION: i32 = 2;

/// How long a look at Vapi's copy is believed before a call. Looks come more often (`ASSISTANT_CHECK_MINUTES`), so it ends
/// only where nobody could look.
const BELIEVED: SignedDuration = SignedDuration::from_mins(60);

/// What our rows know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compliance {
    /// Which version Vapi was told; none where nobody knows.
    pub version: Option<i32>,
    /// Which one is wanted.
    pub wanted: i32,
    /// When Vapi's copy was last seen to be what it was told.
    pub checked_at: Option<Timestamp>,
    /// Since when it is known to be something else.
    pub drifted_at: Option<Timestamp>,
}

/// What is lacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// Vapi's copy was changed, or is gone.
    Drifted,
    /// Nobody has looked, or too long ago.
    Unchecked,
    /// It was told an older version.
    Outdated,
}

impl Compliance {
    /// Told what is wanted and seen to match at this time: as the gate took it for granted before it asked.
    pub fn checked(at: Timestamp) -> Self {
        Self {
            version: Some(DISCLOSURES_VERSION),
            wanted: DISCLOSURES_VERSION,
            checked_at: Some(at),
            drifted_at: None,
        }
    }

    /// Whether the assistant may call now.
    pub fn holds_at(&self, now: Timestamp) -> Result<(), Lack> {
        if self.drifted_at.is_some() {
            return Err(Lack::Drifted);
        }
        match self.checked_at {
            Some(checked_at) if now.duration_since(checked_at) <= BELIEVED => {}
            _ => return Err(Lack::Unchecked),
        }
        match self.version {
            Some(version) if version >= self.wanted => Ok(()),
            _ => Err(Lack::Outdated),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_seen_lately_in_the_version_that_is_wanted_holds() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let ago = |minutes| now - SignedDuration::from_mins(minutes);
        let good = Compliance::checked(ago(60));
        assert_eq!(good.holds_at(now), Ok(()));
        let with = |change: fn(&mut Compliance)| {
            let mut compliance = good.clone();
            change(&mut compliance);
            compliance.holds_at(now)
        };
        assert_eq!(Compliance::checked(ago(61)).holds_at(now), Err(Lack::Unchecked));
        assert_eq!(with(|known| known.checked_at = None), Err(Lack::Unchecked));
        assert_eq!(with(|known| known.version = None), Err(Lack::Outdated));
        assert_eq!(with(|known| known.wanted += 1), Err(Lack::Outdated));
        assert_eq!(
            with(|known| known.drifted_at = known.checked_at),
            Err(Lack::Drifted)
        );
    }
}
