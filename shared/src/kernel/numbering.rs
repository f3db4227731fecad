//! The French numbering plan, as far as the product depends on it (decision ARCEP 2018-0881, consolidated
//! 1 January 2026): prefixes of national numbers, written without their leading zero.

/// Ranges kept for fiction: demos and tests use them, and they count as valid numbers of their kind.
const FICTION: [&str; 6] = ["19900", "26191", "35301", "46571", "53649", "63998"];

/// Numbers that begin alike: the calling code, and the first digits after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    code: &'static str,
    prefix: &'static str,
}

const fn range(code: &'static str, prefix: &'static str) -> Range {
    Range { code, prefix }
}

impl Range {
    /// The first digits of the national number.
    pub fn prefix(self) -> &'static str {
        self.prefix
    }

    /// Whether the number lies in it.
    pub fn contains(self, e164: &str) -> bool {
        e164.strip_prefix('+')
            .and_then(|digits| digits.strip_prefix(self.code))
            .is_some_and(|national| begins_with(national, &[self.prefix]))
    }
}

/// "Numéros polyvalents vérifiés": of metropolitan France, of overseas dialled through +33, and of overseas in their own
/// calling codes.
pub const VERIFIED: [Range; 22] = [
    range("33", "162"),
    range("33", "163"),
    range("33", "270"),
    range("33", "271"),
    range("33", "377"),
    range("33", "378"),
    range("33", "424"),
    range("33", "425"),
    range("33", "568"),
    range("33", "569"),
    range("33", "948"),
    range("33", "949"),
    range("33", "9475"),
    range("33", "9476"),
    range("33", "9477"),
    range("33", "9478"),
    range("33", "9479"),
    range("590", "9475"),
    range("594", "9476"),
    range("596", "9477"),
    range("262", "9478"),
    range("262", "9479"),
];

/// Numbers of technical platforms.
pub const TECHNICAL: [Range; 7] = [
    range("33", "937"),
    range("33", "938"),
    range("33", "9390"),
    range("33", "9391"),
    range("33", "9392"),
    range("33", "9393"),
    range("33", "9394"),
];

/// National prefixes that belong to an overseas calling code; France dials all of them with one leading zero.
const OVERSEAS: [(&str, &str); 15] = [
    ("590", "590"),
    ("690", "590"),
    ("691", "590"),
    ("594", "594"),
    ("694", "594"),
    ("596", "596"),
    ("696", "596"),
    ("697", "596"),
    ("262", "262"),
    ("263", "262"),
    ("692", "262"),
    ("693", "262"),
    ("269", "262"),
    ("639", "262"),
    ("508", "508"),
];

/// Length of a French national number without its leading zero.
const LENGTH: usize = 9;

fn begins_with(national: &str, prefixes: &[&str]) -> bool {
    national.len() == LENGTH && prefixes.iter().any(|prefix| national.starts_with(prefix))
}

/// The nine digits of a number of the +33 plan.
pub fn french_national(e164: &str) -> Option<&str> {
    e164.strip_prefix("+33")
        .filter(|national| national.len() == LENGTH)
}

/// Whether the number lies in a range kept for fiction.
pub fn is_fiction(e164: &str) -> bool {
    french_national(e164).is_some_and(|national| begins_with(national, &FICTION))
}

/// Whether the number is a verified polyvalent number (NPV), in the +33 form or in the overseas one.
pub fn is_verified(e164: &str) -> bool {
    VERIFIED.iter().any(|range| range.contains(e164))
}

/// Whether the number is one of a technical platform (NPUEPT).
pub fn is_technical(e164: &str) -> bool {
    TECHNICAL.iter().any(|range| range.contains(e164))
}

/// The calling code of the territory to which a number of the +33 plan belongs in truth, if it is overseas.
pub fn overseas_code(e164: &str) -> Option<&'static str> {
    let national = french_national(e164).filter(|_| !is_fiction(e164))?;
    OVERSEAS
        .iter()
        .find(|(prefix, _)| national.starts_with(prefix))
        .map(|(_, code)| *code)
}

/// A number of the +33 plan rewritten in the overseas calling code that it belongs to. Saint-Pierre-et-Miquelon
/// repeats its code in the national form only.
pub fn overseas_form(e164: &str) -> Option<String> {
    let national = french_national(e164)?;
    let code = overseas_code(e164)?;
    let subscriber = if code == "508" {
        national.strip_prefix(code)?
    } else {
        national
    };
    Some(format!("+{code}{subscriber}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_told_apart() {
        assert!(is_fiction("+33639981234"));
        assert!(!is_fiction("+33639971234"));
        assert!(is_verified("+33162000001"));
        assert!(is_verified("+262947812345"));
        assert!(!is_verified("+590947812345"));
        assert!(is_technical("+33939412345"));
        assert!(!is_technical("+33939512345"));
        // Too short for a range: a prefix alone proves nothing.
        assert!(!is_verified("+33162"));
    }

    #[test]
    fn overseas_numbers_find_their_calling_code() {
        assert_eq!(overseas_form("+33692123456").as_deref(), Some("+262692123456"));
        assert_eq!(overseas_form("+33639123456").as_deref(), Some("+262639123456"));
        assert_eq!(overseas_form("+33508412345").as_deref(), Some("+508412345"));
        assert_eq!(overseas_form("+33639981234"), None);
        assert_eq!(overseas_form("+33612345678"), None);
    }
}
