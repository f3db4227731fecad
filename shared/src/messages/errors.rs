//! What Twilio's error codes ask for.

use jiff::SignedDuration;

/// What follows from an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// The recipient wrote STOP to Twilio: never again.
    Suppress,
    /// The organisation's credentials or account: nothing more is sent until they are given again.
    StopSending,
    /// The number does not exist.
    NumberInvalid,
    /// The number takes no text messages.
    NotSmsCapable,
    /// The organisation's account at Twilio lacks something: a country, a sender, a registration.
    CheckAccount,
    /// Filtered or blocked: the text or the sender.
    CheckContent,
    /// Once more, later, at most so many times.
    Retry {
        /// How many repetitions.
        at_most: i32,
        /// How long after the failure.
        after: SignedDuration,
    },
    /// Nothing.
    Nothing,
}

impl Action {
    /// What an error of Twilio asks for.
    pub(super) fn of(code: u32) -> Self {
        let retry = |at_most, minutes| Self::Retry {
            at_most,
            after: SignedDuration::from_mins(minutes),
        };
        match code {
            21610 => Self::Suppress,
            20003 | 20403 | 30002 => Self::StopSending,
            21211 | 21217 | 21219 | 30005 => Self::NumberInvalid,
            21614 | 21635 | 30006 => Self::NotSmsCapable,
            21408 | 21606 | 21608 | 21612 | 30034 => Self::CheckAccount,
            30004 | 30007 => Self::CheckContent,
            30001 => retry(2, 5),
            30003 => retry(2, 30),
            30008 => retry(1, 30),
            _ => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_consequence() {
        assert_eq!(Action::of(21610), Action::Suppress);
        assert_eq!(Action::of(20003), Action::StopSending);
        assert_eq!(Action::of(21614), Action::of(21635));
        assert!(matches!(Action::of(30003), Action::Retry { at_most: 2, .. }));
        assert!(matches!(Action::of(30008), Action::Retry { at_most: 1, .. }));
        assert_eq!(Action::of(30007), Action::CheckContent);
        assert_eq!(Action::of(0), Action::Nothing);
    }
}
