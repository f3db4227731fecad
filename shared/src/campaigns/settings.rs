//! When a campaign calls, how often, and how many at once.

use rust_decimal::Decimal;

use super::windows::CallWindows;
use crate::kernel::ended_reason::Outcome;
use crate::kernel::{Invalid, Timezone};

/// When a campaign calls, how often, and how many at once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The clock of contacts whose own is not known, where the legal basis permits a fallback.
    pub timezone: Timezone,
    /// When it calls, by the contact's clock.
    pub call_windows: CallWindows,
    /// How many attempts count per contact, 1 to 10.
    pub max_attempts: i32,
    /// How long to wait before the next one, 0 to 10,080 minutes.
    pub retry_delay_minutes: i32,
    /// After which outcomes there is a next one.
    pub retry_on: Vec<Outcome>,
    /// How many calls at once, 1 to 1,000; the organisation's limit bounds it.
    pub concurrent_calls: i32,
    /// What its calls may cost altogether, in US dollars.
    pub max_cost: Option<Decimal>,
}

/// Outcomes that may be tried again.
pub const RETRYABLE: [Outcome; 4] = [
    Outcome::NoAnswer,
    Outcome::Busy,
    Outcome::Voicemail,
    Outcome::Failed,
];

impl Settings {
    /// What holds where nothing is said.
    pub fn in_zone(timezone: Timezone) -> Self {
        Self {
            timezone,
            call_windows: CallWindows::default(),
            max_attempts: 3,
            retry_delay_minutes: 60,
            retry_on: RETRYABLE.to_vec(),
            concurrent_calls: 5,
            max_cost: None,
        }
    }
}

/// Reads the outcomes after which a campaign may call again.
pub fn parse_retry_on(names: &[String]) -> Result<Vec<Outcome>, Invalid> {
    let find = |name: &String| RETRYABLE.into_iter().find(|outcome| outcome.as_str() == name);
    names
        .iter()
        .map(find)
        .collect::<Option<Vec<_>>>()
        .ok_or(Invalid::new(
            "retry_on_invalid",
            "Les issues possibles sont no_answer, busy, voicemail et failed.",
            "The outcomes are no_answer, busy, voicemail and failed.",
        ))
}
