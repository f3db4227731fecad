//! A small language for the shape of a request.

use serde_json::{Map, Value};

/// What one value must look like.
pub(crate) enum Rule {
    /// A string of `min` to `max` UTF-16 units.
    Text { min: usize, max: usize },
    /// A string that passes `holds`; `says` ends the sentence "the value …".
    Matching {
        holds: fn(&str) -> bool,
        says: &'static str,
    },
    /// A number within bounds.
    Number { min: f64, max: f64 },
    /// True or false.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any JSON object.
    AnyObject,
    /// Anything: a part that the stand-in does not look into.
    Anything,
    /// An array whose items follow the rule.
    List(&'static Rule),
    /// An object whose every member follows the rule.
    MapOf(&'static Rule),
    /// An object of known members.
    Shape(&'static Shape),
    /// An object whose shape is chosen by one of its members.
    Tagged {
        tag: &'static str,
        shapes: &'static [(&'static str, &'static Shape)],
    },
    /// A value that follows at least one of the rules.
    Either(&'static [Rule]),
    /// Null, or a value that follows the rule.
    Nullable(&'static Rule),
}

/// A rule between members, given the object, the path in front of its members, and the list of faults.
pub(crate) type Between = fn(&Map<String, Value>, &str, &mut Vec<String>);

/// An object of known members; any other member is a fault.
pub(crate) struct Shape {
    pub(crate) fields: &'static [Field],
    /// Members that are not listed are no fault: for kinds that are known by name only.
    pub(crate) open: bool,
    pub(crate) between: Option<Between>,
}

/// One member of a shape.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) rule: Rule,
}

/// Any string.
pub(crate) const TEXT: Rule = Rule::Text {
    min: 0,
    max: usize::MAX,
};
/// Any number.
pub(crate) const NUMBER: Rule = Rule::Number {
    min: f64::NEG_INFINITY,
    max: f64::INFINITY,
};
/// An ISO 8601 date and time.
pub(crate) const INSTANT: Rule = Rule::Matching {
    holds: is_instant,
    says: "must be a valid ISO 8601 date string",
};

/// A string of at most `max` units.
pub(crate) const fn text_up_to(max: usize) -> Rule {
    Rule::Text { min: 0, max }
}

/// A number from `min` to `max`.
pub(crate) const fn between(min: f64, max: f64) -> Rule {
    Rule::Number { min, max }
}

/// Declares a static [`Shape`]: `shape!(NAME: must "a" => RULE, may "b" => RULE)`.
macro_rules! shape {
    ($name:ident $(check $between:path)? : $($need:ident $field:literal => $rule:expr),* $(,)?) => {
        pub(crate) static $name: $crate::sandbox::rules::Shape = $crate::sandbox::rules::Shape {
            fields: &[$($crate::sandbox::rules::Field {
                name: $field,
                required: $crate::sandbox::rules::required!($need),
                rule: $rule,
            }),*],
            open: false,
            between: $crate::sandbox::rules::optional!($($between)?),
        };
    };
}

macro_rules! required {
    (must) => {
        true
    };
    (may) => {
        false
    };
}

macro_rules! optional {
    () => {
        None
    };
    ($value:path) => {
        Some($value)
    };
}

pub(crate) use {optional, required, shape};

/// Whether the text is an international number: plus, then 7 to 15 digits that do not begin with 0.
pub(crate) fn is_international(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Whether the text is a date and time with its offset.
pub(crate) fn is_instant(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
}

/// Whether the text is an absolute address of the web.
pub(crate) fn is_web_address(text: &str) -> bool {
    reqwest::Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn international_numbers() {
        assert!(is_international("+33612345678"));
        for wrong in [
            "0612345678",
            "+0612345678",
            "+33 612345678",
            "+336",
            "33612345678",
        ] {
            assert!(!is_international(wrong), "{wrong}");
        }
    }
}
