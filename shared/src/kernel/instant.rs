//! Instants as people and programs write them.

use jiff::Timestamp;
use jiff::tz::Offset;

use super::fault::Invalid;

/// Reads an RFC 3339 date and time of the years 0 to 9999: those that the format has, where jiff and PostgreSQL each know
/// years that the other does not.
pub fn parse(typed: &str) -> Result<Timestamp, Invalid> {
    typed
        .trim()
        .parse::<Timestamp>()
        .ok()
        .filter(|instant| Offset::UTC.to_datetime(*instant).year() >= 0)
        .ok_or(Invalid::new(
            "timestamp_invalid",
            "Une date et une heure RFC 3339 sont attendues, comme 2026-11-05T08:00:00Z.",
            "Must be an RFC 3339 date and time, such as 2026-11-05T08:00:00Z.",
        ))
}

/// As precise as PostgreSQL keeps it, so that what is hashed now is what will be read again.
pub fn whole_microseconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_one_that_the_database_can_hold() {
        assert_eq!(
            parse(" 2026-11-05T09:00:00+01:00 ").unwrap().to_string(),
            "2026-11-05T08:00:00Z"
        );
        for typed in [
            "",
            "soon",
            "2026-11-05",
            "-009000-01-01T00:00:00Z",
            "2026-13-01T00:00:00Z",
        ] {
            assert_eq!(parse(typed).unwrap_err().code, "timestamp_invalid", "{typed}");
        }
    }
}
