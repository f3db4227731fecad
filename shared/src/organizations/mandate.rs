//! The mandate by which the operator may present an organisation's number.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, tz::Offset};

use crate::kernel::{Invalid, Name};

/// A signed mandate on file: since operators authenticate the numbers that are presented, whoever calls must be entitled to
/// the number, and be able to show it (article L44 IV du code des postes et des communications électroniques).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerNumberMandate {
    /// Where the paper is kept, in the organisation's own words.
    pub reference: String,
    /// The day on which it was signed.
    pub signed_on: Date,
}

impl CallerNumberMandate {
    /// Reads a mandate: a reference of one line, 200 characters at most, and a date that has come.
    pub fn parse(reference: &str, signed_on: &str, now: Timestamp) -> Result<Self, Invalid> {
        let reference = Name::parse(reference)?.as_str().to_owned();
        // Wherever it was signed, it is today there: no clock is further ahead than fourteen hours.
        let latest = Offset::UTC
            .to_datetime(now.saturating_add(SignedDuration::from_hours(14)).unwrap_or(now))
            .date();
        let signed_on = signed_on
            .trim()
            .parse::<Date>()
            .ok()
            .filter(|date| date.year() >= 1900 && *date <= latest)
            .ok_or(Invalid::new(
                "date_invalid",
                "La date de signature est une date passée, comme 2026-11-05.",
                "The date of signature is a past date, such as 2026-11-05.",
            ))?;
        Ok(Self { reference, signed_on })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mandate_is_kept_somewhere_and_was_signed_already() {
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        let mandate = CallerNumberMandate::parse(" Classeur 3, 2026-014 ", "2026-11-05", now).unwrap();
        assert_eq!(mandate.reference, "Classeur 3, 2026-014");
        assert!(CallerNumberMandate::parse("a", "2026-11-23", now).is_ok());
        for (reference, signed_on, code) in [
            ("", "2026-11-05", "required"),
            ("two\nlines", "2026-11-05", "name_invalid"),
            ("a", "2026-11-24", "date_invalid"),
            ("a", "5 novembre", "date_invalid"),
            ("a", "0001-01-01", "date_invalid"),
        ] {
            let refused = CallerNumberMandate::parse(reference, signed_on, now).unwrap_err();
            assert_eq!(refused.code, code, "{reference} {signed_on}");
        }
    }
}
