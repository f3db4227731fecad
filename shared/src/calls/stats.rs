//! What an organisation's calls come to, day by day.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::list::{check_range, instant, read};
use super::stats_store;
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::{Caller, Faults, Invalid};

/// How far back one looks who does not say.
const USUAL: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The most buckets of one answer.
const BUCKETS: i64 = 400;

/// Into what the time is cut, on the organisation's clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Bucket {
    /// Days.
    #[default]
    Day,
    /// Weeks, from Monday on.
    Week,
    /// Months.
    Month,
}

impl Bucket {
    /// Reads the word of the contract.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        match typed {
            "day" => Ok(Self::Day),
            "week" => Ok(Self::Week),
            "month" => Ok(Self::Month),
            _ => Err(Invalid::new(
                "bucket_invalid",
                "Le découpage est day, week ou month.",
                "The bucket is day, week or month.",
            )),
        }
    }

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    const fn longest_range(self) -> SignedDuration {
        let days = match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 28,
        };
        SignedDuration::from_hours(24 * days * BUCKETS)
    }
}

/// Which calls are counted: those that began from an instant on and before another, and into what they are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// From here on.
    pub from: Timestamp,
    /// Before this.
    pub to: Timestamp,
    /// Cut into these.
    pub bucket: Bucket,
}

impl Wanted {
    /// Reads `?from=&to=&bucket=`; the last thirty days, day by day, where nothing is said.
    pub fn parse(
        from: Option<&str>,
        to: Option<&str>,
        bucket: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let to = read(&mut faults, "to", to, instant).unwrap_or(now);
        let from = read(&mut faults, "from", from, instant);
        let from = from.unwrap_or_else(|| to.saturating_sub(USUAL).unwrap_or(to));
        let bucket = read(&mut faults, "bucket", bucket, Bucket::parse).unwrap_or_default();
        check_range(&mut faults, Some(from), Some(to));
        if to.duration_since(from) > bucket.longest_range() {
            faults.add(
                "from",
                Invalid::new(
                    "range_too_long",
                    "Cette période est trop longue : 400 jours, semaines ou mois au plus.",
                    "This range is too long: 400 days, weeks or months at most.",
                ),
            );
        }
        faults.finish(|| Some(Self { from, to, bucket }))
    }
}

/// What some calls come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measures {
    /// All of them.
    pub calls: i64,
    /// They called us.
    pub inbound: i64,
    /// We called them.
    pub outbound: i64,
    /// Calls that are over, by outcome, from here to `cancelled`: somebody answered.
    pub answered: i64,
    /// Handed over to a person.
    pub transferred: i64,
    /// Nobody picked up.
    pub no_answer: i64,
    /// Engaged.
    pub busy: i64,
    /// A machine picked up.
    pub voicemail: i64,
    /// Something broke.
    pub failed: i64,
    /// Given up.
    pub cancelled: i64,
    /// How long those took that were answered.
    pub duration_seconds: i64,
    /// What the provider bills.
    pub cost: Decimal,
    /// Moods of those that were answered: positive, neutral, negative, unknown.
    pub sentiment: [i64; 4],
}

impl Measures {
    /// Answered or transferred, of those with an outcome; none where there is none.
    pub fn answer_rate(&self) -> Option<f64> {
        let others = self.no_answer + self.busy + self.voicemail + self.failed + self.cancelled;
        ratio(self.taken(), self.taken() + others)
    }

    /// Of those that were answered.
    pub fn average_duration_seconds(&self) -> Option<f64> {
        ratio(self.duration_seconds, self.taken())
    }

    fn taken(&self) -> i64 {
        self.answered + self.transferred
    }

    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.inbound += other.inbound;
        self.outbound += other.outbound;
        self.answered += other.answered;
        self.transferred += other.transferred;
        self.no_answer += other.no_answer;
        self.busy += other.busy;
        self.voicemail += other.voicemail;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.duration_seconds += other.duration_seconds;
        self.cost += other.cost;
        for (mine, others) in self.sentiment.iter_mut().zip(other.sentiment) {
            *mine += others;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts and seconds are far below 2^52")]
fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// What an organisation's calls come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// The organisation's clock, on which days begin.
    pub timezone: String,
    /// Bucket by bucket, those without a call too: when each begins, and its calls.
    pub buckets: Vec<(Timestamp, Measures)>,
    /// All together.
    pub total: Measures,
}

/// What the organisation's calls come to, in one round trip.
pub async fn stats(app: &App, caller: &Caller, wanted: Wanted) -> Result<Stats, DbError> {
    let (timezone, buckets) = app
        .db
        .read("calls.stats", &Claims::from(caller), async |tx| {
            stats_store::measure(tx, wanted).await
        })
        .await?;
    let mut total = Measures::default();
    for (_, measures) in &buckets {
        total.add(measures);
    }
    Ok(Stats {
        timezone,
        buckets,
        total,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn thirty_days_are_meant_where_nothing_is_said() {
        let now = at("2026-11-23T10:00:00Z");
        let wanted = Wanted::parse(None, Some(""), None, now).unwrap();
        assert_eq!(
            wanted,
            Wanted {
                from: at("2026-10-24T10:00:00Z"),
                to: now,
                bucket: Bucket::Day
            }
        );
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let now = at("2026-11-23T10:00:00Z");
        let fields = |from, to, bucket| {
            let faults = Wanted::parse(Some(from), Some(to), Some(bucket), now).unwrap_err();
            faults
                .iter()
                .map(|fault| format!("{}: {}", fault.field, fault.invalid.code))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            fields("x", "2026-11-23T10:00:00Z", "hour"),
            ["from: timestamp_invalid", "bucket: bucket_invalid"]
        );
        assert_eq!(
            fields("2026-11-23T10:00:00Z", "2026-11-22T10:00:00Z", "day"),
            ["to: range_invalid"]
        );
        assert_eq!(
            fields("2024-11-23T10:00:00Z", "2026-11-22T10:00:00Z", "day"),
            ["from: range_too_long"]
        );
        let weeks = Wanted::parse(Some("2024-11-23T10:00:00Z"), None, Some("week"), now);
        assert!(weeks.is_ok());
    }

    #[test]
    fn rates_of_nothing_are_none() {
        assert_eq!(Measures::default().answer_rate(), None);
        let measures = Measures {
            answered: 2,
            transferred: 1,
            busy: 1,
            duration_seconds: 90,
            ..Measures::default()
        };
        assert_eq!(measures.answer_rate(), Some(0.75));
        assert_eq!(measures.average_duration_seconds(), Some(30.0));
    }
}
