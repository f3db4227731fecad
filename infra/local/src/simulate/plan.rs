//! What a run is about: tenants, lines, hours, and how each call goes. All of it follows from the seed.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// Nothing is dialled in the last two minutes of a window.
const GUARD_BAND: SignedDuration = SignedDuration::from_mins(2);
/// What share of calls is answered, and of the others finds the line busy.
const ANSWERED: f64 = 0.35;
const BUSY: f64 = 0.10;

/// A tenant, whose one campaign calls everybody.
#[derive(Debug, Clone)]
pub(super) struct Tenant {
    pub(super) contacts: u32,
    /// Calls at once, of the organisation and of its campaign.
    pub(super) organization_limit: i32,
    pub(super) campaign_limit: i32,
    /// Calls that its account at Twilio places per second.
    pub(super) per_second: i32,
    /// How long after the beginning of the run its campaign is started.
    pub(super) starts_after: SignedDuration,
}

impl Tenant {
    /// How many calls it may have at once.
    pub(super) fn limit(&self) -> i32 {
        self.organization_limit.min(self.campaign_limit)
    }
}

/// Whom a campaign calls again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Unanswered,
    Busy,
}

impl Again {
    /// As a campaign keeps it.
    pub(super) fn retry_on(self) -> &'static str {
        match self {
            Self::Unanswered => "{no_answer,busy,voicemail,failed}",
            Self::Busy => "{busy}",
        }
    }
}

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Answered,
    Unanswered,
    Busy,
}

/// A run.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) slots: i32,
    pub(super) tenants: Vec<Tenant>,
    /// Minutes of the day, Monday to Friday, in Paris; none where calls may be made at any time.
    pub(super) windows: Vec<(i64, i64)>,
    pub(super) attempts: u8,
    /// Who is called again: everybody who did not answer, or only those whose line was busy.
    pub(super) again: Again,
    pub(super) retry_minutes: i64,
    pub(super) begins_at: Timestamp,
}

/// How a call goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    pub(super) lasts: SignedDuration,
    pub(super) ending: Ending,
}

impl Plan {
    /// How the `nth` call to a person goes, whenever it is made: 90 s on average with an answer, 25 s without one.
    pub(super) fn course(&self, person: u32, nth: u8) -> Course {
        let subject = u64::from(person) << 8 | u64::from(nth);
        let (luck, length) = (self.share(subject, 1), self.share(subject, 2));
        let (ending, seconds) = if luck < ANSWERED {
            (Ending::Answered, 30.0 + 120.0 * length)
        } else if luck < ANSWERED + (1.0 - ANSWERED) * BUSY {
            (Ending::Busy, 15.0 + 20.0 * length)
        } else {
            (Ending::Unanswered, 15.0 + 20.0 * length)
        };
        Course {
            lasts: SignedDuration::from_secs_f64(seconds),
            ending,
        }
    }

    /// Whether the `nth` call to a person, which ended so, is the last.
    pub(super) fn is_last(&self, nth: u8, ending: Ending) -> bool {
        nth >= self.attempts
            || match ending {
                Ending::Answered => true,
                Ending::Busy => false,
                Ending::Unanswered => self.again == Again::Busy,
            }
    }

    /// A number from 0 to 1 that only the seed, the subject and the question decide (splitmix64).
    fn share(&self, subject: u64, question: u64) -> f64 {
        let mut state =
            self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ subject.wrapping_mul(0xD134_2543_DE82_EF95);
        state = state.wrapping_add(question.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bits = u32::try_from((state ^ (state >> 31)) >> 32).unwrap_or_default();
        f64::from(bits) / f64::from(u32::MAX)
    }

    /// The first person of each tenant.
    pub(super) fn first_persons(&self) -> Vec<u32> {
        let mut next = 0;
        let mut firsts = Vec::new();
        for tenant in &self.tenants {
            firsts.push(next);
            next += tenant.contacts;
        }
        firsts
    }

    /// The opening that an instant lies in, or the next: from when until when calls may be dialled.
    pub(super) fn opening(&self, at: Timestamp) -> (Timestamp, Timestamp) {
        let paris = TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC);
        let mut day: Date = at.to_zoned(paris.clone()).date();
        loop {
            if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                for (start, end) in &self.windows {
                    let instant = |minutes: i64| {
                        let midnight = day.to_zoned(paris.clone()).ok()?;
                        Some(midnight.timestamp() + SignedDuration::from_mins(minutes))
                    };
                    if let (Some(from), Some(until)) = (instant(*start), instant(*end))
                        && until - GUARD_BAND > at
                    {
                        return (from, until - GUARD_BAND);
                    }
                }
            }
            day = day.saturating_add(1.day());
        }
    }

    /// Whether calls may be dialled.
    pub(super) fn is_open(&self, at: Timestamp) -> bool {
        self.windows.is_empty() || self.opening(at).0 <= at
    }

    /// How much of a time lies in legal minutes, less the guard band.
    pub(super) fn legal(&self, from: Timestamp, until: Timestamp) -> f64 {
        if self.windows.is_empty() {
            return until.duration_since(from).as_secs_f64();
        }
        let (mut at, mut legal) = (from, 0.0);
        while at < until {
            let (opens, closes) = self.opening(at);
            if opens >= until {
                break;
            }
            let (start, end) = (opens.max(at), closes.min(until));
            legal += end.duration_since(start).as_secs_f64();
            at = end;
        }
        legal
    }

    /// The windows as a campaign keeps them.
    pub(super) fn windows_json(&self) -> serde_json::Value {
        let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let week = ["mon", "tue", "wed", "thu", "fri"];
        let every_day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        if self.windows.is_empty() {
            return serde_json::json!([{ "days": every_day, "start": "00:00", "end": "24:00" }]);
        }
        let window = |(start, end): &(i64, i64)| serde_json::json!({ "days": week, "start": clock(*start), "end": clock(*end) });
        self.windows.iter().map(window).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            seed: 1,
            slots: 10,
            tenants: Vec::new(),
            windows: vec![(600, 780), (840, 1200)],
            attempts: 2,
            again: Again::Unanswered,
            retry_minutes: 30,
            begins_at: "2026-11-24T09:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn legal_time_is_that_of_the_windows_less_the_guard_band() {
        let plan = plan();
        let legal =
            |from: &str, until: &str| plan.legal(from.parse().unwrap(), until.parse().unwrap()) / 60.0;
        // 10:00 to 13:00 in Paris.
        assert_eq!(legal("2026-11-24T09:00:00Z", "2026-11-24T12:00:00Z"), 178.0);
        assert_eq!(legal("2026-11-24T09:30:00Z", "2026-11-24T09:31:00Z"), 1.0);
        assert_eq!(legal("2026-11-24T11:57:00Z", "2026-11-24T13:01:00Z"), 2.0);
        // From a Friday evening to a Monday morning.
        assert_eq!(legal("2026-11-27T19:00:00Z", "2026-11-30T09:01:00Z"), 1.0);
        assert!(!plan.is_open("2026-11-24T11:58:00Z".parse().unwrap()));
    }

    #[test]
    fn calls_last_as_long_as_they_say() {
        let plan = plan();
        let (mut answered, mut busy, mut seconds) = (0, 0, 0.0);
        for person in 0..10_000 {
            let course = plan.course(person, 1);
            answered += u32::from(course.ending == Ending::Answered);
            busy += u32::from(course.ending == Ending::Busy);
            seconds += course.lasts.as_secs_f64();
        }
        assert!((3_400..3_600).contains(&answered), "{answered}");
        assert!((600..700).contains(&busy), "{busy}");
        assert!((46.0..49.5).contains(&(seconds / 10_000.0)), "{seconds}");
    }
}
