//! Reading what Vapi sends: any member may be missing, null or of another type than promised, and one odd member must
//! not cost the rest of an event.

use std::str::FromStr as _;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;

/// No call took place before.
const EARLIEST: i64 = 1_577_836_800_000;
/// 2100-01-01: beyond is a mistake, and PostgreSQL's own range is not far.
const LATEST: i64 = 4_102_444_800_000;
/// Objects and arrays within one another; Vapi sends about ten.
const DEEPEST: usize = 64;

/// Reads a body. Nothing where it is not UTF-8, not JSON, not an object, or nested deeper than any message: told in one
/// pass over the bytes, before anything is built from them.
pub(super) fn object(body: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(body).ok()?;
    if depth(body) > DEEPEST {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    value.is_object().then_some(value)
}

fn depth(body: &[u8]) -> usize {
    let (mut deepest, mut depth) = (0_usize, 0_usize);
    let (mut in_text, mut escaped) = (false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A text of at most `limit` characters; nothing where it is empty. Left out are the three characters that PostgreSQL
/// (NUL) or SQS (U+FFFE, U+FFFF) would refuse the whole event for.
pub(super) fn text(value: &Value, limit: usize) -> Option<String> {
    let text = value.as_str()?.trim();
    let kept: String = text
        .chars()
        .filter(|letter| !matches!(letter, '\0' | '\u{fffe}' | '\u{ffff}'))
        .take(limit)
        .collect();
    (!kept.is_empty()).then_some(kept)
}

/// An instant, as milliseconds since 1970 or as RFC 3339.
pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    let milliseconds = match value {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast from float saturates, and the range is checked"
        )]
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|number| number as i64))?,
        Value::String(text) => text.parse::<Timestamp>().ok()?.as_millisecond(),
        _ => return None,
    };
    if !(EARLIEST..LATEST).contains(&milliseconds) {
        return None;
    }
    Timestamp::from_millisecond(milliseconds).ok()
}

/// US dollars as they are written: through a binary fraction, 0.1 would no longer be 0.1.
pub(super) fn dollars(value: &Value) -> Option<Decimal> {
    let text = value.as_number()?.to_string();
    let amount = Decimal::from_str(&text)
        .or_else(|_| Decimal::from_scientific(&text))
        .ok()?;
    // No call costs a million; a column holds eight digits.
    (amount >= Decimal::ZERO && amount < Decimal::from(1_000_000)).then(|| amount.round_dp(4))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn depth_is_told_whatever_stands_in_texts() {
        assert_eq!(depth(br#"{"a":[{"b":"[[[{{{\"[["}]}"#), 3);
        assert_eq!(depth(b"]]]]"), 0);
        assert!(object(format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)).as_bytes()).is_none());
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(64), "]".repeat(64));
        assert!(object(deep.as_bytes()).is_none());
        let fits = format!("{{\"a\":{}1{}}}", "[".repeat(63), "]".repeat(63));
        assert!(object(fits.as_bytes()).is_some());
    }

    #[test]
    fn texts_are_cut_between_characters_and_keep_nothing_that_would_be_refused_later() {
        assert_eq!(text(&json!("ééé"), 2).as_deref(), Some("éé"));
        assert_eq!(text(&json!("a\0b\u{ffff}\u{fffe}c"), 9).as_deref(), Some("abc"));
        assert_eq!(text(&json!(" \0"), 9), None);
        assert_eq!(text(&json!(7), 9), None);
    }

    #[test]
    fn instants_are_milliseconds_or_rfc_3339_of_this_century() {
        let read = |value| instant(&value).map(|at| at.to_string());
        assert_eq!(
            read(json!(1_795_000_000_123_i64)).as_deref(),
            Some("2026-11-18T11:06:40.123Z")
        );
        assert_eq!(
            read(json!(1_795_000_000_123.7)).as_deref(),
            Some("2026-11-18T11:06:40.123Z")
        );
        assert_eq!(
            read(json!("2026-11-18T12:06:40.123+01:00")).as_deref(),
            Some("2026-11-18T11:06:40.123Z")
        );
        for odd in [
            json!(0),
            json!(1e300),
            json!(-5),
            json!("9999-12-31T00:00:00Z"),
            json!("today"),
            json!(null),
        ] {
            assert_eq!(instant(&odd), None, "{odd}");
        }
    }

    #[test]
    fn dollars_stay_decimal() {
        assert_eq!(dollars(&json!(0.1)).unwrap().to_string(), "0.1");
        assert_eq!(dollars(&json!(1e-7)).unwrap(), Decimal::ZERO);
        for odd in [json!(-1), json!(1e12), json!("free"), json!(null)] {
            assert_eq!(dollars(&odd), None, "{odd}");
        }
    }
}
