//! Telephone numbers: whatever a person or a spreadsheet typed, kept as E.164 and shown in full only on purpose.

use std::fmt;

use serde::{Serialize, Serializer};

use super::country::Country;
use super::fault::Invalid;
use super::numbering;

/// The longest typed number that is looked at.
const LONGEST_TYPED: usize = 40;

/// A valid telephone number in E.164. It has no `Display`, and `Debug` masks it, so that it stays out of logs.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads a number as people write it; a national one belongs to `country`.
    pub fn parse(typed: &str, country: Country) -> Result<Self, Invalid> {
        let dialled = dialled(typed).ok_or_else(invalid)?;
        international(&dialled)
            .or_else(|| {
                if country.is_french() {
                    french(&dialled)
                } else {
                    None
                }
            })
            .or_else(|| national(&dialled, country))
            .map(Self)
            .ok_or_else(invalid)
    }

    /// A number that the database holds: it was parsed before it was stored.
    pub fn from_database(e164: String) -> Self {
        Self(e164)
    }

    /// The number in E.164.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number in E.164, for calls that read better with the format's name.
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// Enough of the number to recognise it, too little to dial it.
    pub fn masked(&self) -> String {
        let head: String = self.0.chars().take(4).collect();
        let hidden = self.0.chars().count().saturating_sub(6);
        let tail: String = self.0.chars().skip(4 + hidden).collect();
        format!("{head}{}{tail}", "*".repeat(hidden))
    }

    /// The country or overseas territory whose number it is; none where a plan cannot tell (satellite, toll-free).
    pub fn region(&self) -> Option<Country> {
        if numbering::french_national(&self.0).is_some() {
            let code = numbering::overseas_code(&self.0);
            return code.map_or(Some(Country::FR), |code| overseas_region(code, &self.0[3..]));
        }
        let digits = self.0.strip_prefix('+')?;
        for code in ["590", "594", "596", "508", "262"] {
            if let Some(subscriber) = digits.strip_prefix(code) {
                return overseas_region(code, subscriber);
            }
        }
        let parsed = phonenumber::parse(None, &self.0).ok()?;
        match parsed.country().id() {
            Some(id) => Country::parse(id.as_ref()).ok(),
            // The library looks Italian landlines up without their zero and finds none.
            None => {
                let regions = phonenumber::metadata::DATABASE.region(&parsed.code().value())?;
                Country::parse(regions.first()?).ok()
            }
        }
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PhoneNumber({})", self.masked())
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

fn invalid() -> Invalid {
    Invalid::new(
        "phone_number_invalid",
        "Ce numéro de téléphone n'est pas valide.",
        "This phone number is not valid.",
    )
}

/// +262 is shared: 269 and 639 are Mayotte, the rest of the plan is Réunion's.
fn overseas_region(code: &str, subscriber: &str) -> Option<Country> {
    let region = match code {
        "590" => "GP",
        "594" => "GF",
        "596" => "MQ",
        "508" => "PM",
        _ if subscriber.starts_with("269") || subscriber.starts_with("639") => "YT",
        _ => "RE",
    };
    Country::parse(region).ok()
}

/// What a telephone would dial: digits, with a `+` in front when the number is international. A letter, or a sign
/// that no one writes inside a number, makes it no number at all.
fn dialled(typed: &str) -> Option<String> {
    if typed.chars().take(LONGEST_TYPED + 1).count() > LONGEST_TYPED {
        return None;
    }
    let typed = typed.trim().trim_start_matches('\'');
    let typed = typed.strip_prefix("tel:").unwrap_or(typed);
    let mut digits = String::with_capacity(typed.len());
    for sign in typed.chars() {
        match sign {
            '0'..='9' => digits.push(sign),
            '+' | '＋' if digits.is_empty() => digits.push('+'),
            '(' | ')' => digits.push(sign),
            '.' | '-' | '/' | '·' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
            // Spreadsheets and web pages paste marks of direction and zero width along with the number.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {}
            _ if sign.is_whitespace() => {}
            _ => return None,
        }
    }
    if let Some(rest) = digits.strip_prefix("00") {
        digits = format!("+{rest}");
    }
    // `+33 (0)6`: the zero is for those who dial from inside the country.
    if digits.starts_with('+') {
        digits = digits.replacen("(0)", "", 1);
    }
    digits.retain(|sign| sign != '(' && sign != ')');
    digits.bytes().any(|byte| byte.is_ascii_digit()).then_some(digits)
}

/// A number that carries its calling code.
fn international(dialled: &str) -> Option<String> {
    let digits = dialled.strip_prefix('+')?;
    let french = digits.strip_prefix("330").or_else(|| digits.strip_prefix("33"));
    match french {
        Some(national) if national.len() == 9 => french_plan(national),
        _ => valid(dialled),
    }
}

/// A number as it is dialled, or as a spreadsheet mangled it, in France and overseas.
fn french(dialled: &str) -> Option<String> {
    let national = match dialled.len() {
        10 => dialled.strip_prefix('0')?,
        9 if !dialled.starts_with('0') => dialled,
        11 => dialled.strip_prefix("33")?,
        _ => return None,
    };
    french_plan(national)
}

/// The nine digits of the French plan, in the calling code of the territory that they belong to.
fn french_plan(national: &str) -> Option<String> {
    let e164 = format!("+33{national}");
    numbering::overseas_form(&e164)
        .and_then(|overseas| valid(&overseas))
        .or_else(|| valid(&e164))
}

/// A national number of any other country.
fn national(dialled: &str, country: Country) -> Option<String> {
    if dialled.starts_with('+') {
        return None;
    }
    let id = country.as_str().parse::<phonenumber::country::Id>().ok()?;
    // The library panics for a country that its tables do not hold.
    phonenumber::metadata::DATABASE.by_id(id.as_ref())?;
    let parsed = phonenumber::parse(Some(id), dialled).ok()?;
    valid(&parsed.format().mode(phonenumber::Mode::E164).to_string())
}

/// The number in E.164, if its plan knows it. The ranges of fiction and the verified ones are newer than, or left
/// out of, the tables of libphonenumber.
fn valid(e164: &str) -> Option<String> {
    if numbering::is_fiction(e164) || numbering::is_verified(e164) || numbering::is_technical(e164) {
        return Some(e164.to_owned());
    }
    let parsed = phonenumber::parse(None, e164).ok()?;
    let canonical = parsed.format().mode(phonenumber::Mode::E164).to_string();
    (parsed.is_valid() && canonical.len() <= 16).then_some(canonical)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(typed: &str) -> Option<String> {
        PhoneNumber::parse(typed, Country::FR)
            .ok()
            .map(|number| number.as_str().to_owned())
    }

    fn country(code: &str) -> Country {
        Country::parse(code).unwrap()
    }

    #[test]
    fn every_way_of_writing_a_number_gives_the_same_one() {
        //
        for typed in [
            "06 12 34 56 78",
            "06.12.34.56.78",
            "06-12-34-56-78",
            "06\u{a0}12\u{202f}34 56 78",
            "0033612345678",
            "00 33 6 12 34 56 78",
            "+33612345678",
            "+33(0)6 12 34 56 78",
            "+33 (0) 6 12 34 56 78",
            "0033 (0)6 12 34 56 78",
            "+330612345678",
            "612345678",
            "33612345678",
            "'0612345678",
            "tel:+33612345678",
            "(06) 12 34 56 78",
            "\u{202a}+33 6 12 34 56 78\u{202c}",
        ] {
            assert_eq!(parse(typed).as_deref(), Some("+33612345678"), "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_code() {
        for typed in [
            "",
            " ",
            "+",
            "00",
            "bonjour",
            "anonymous",
            "06 12 34 56",
            "06 12 34 56 789",
            "6.12345678E8",
            "612345678.0",
            "1234",
            "+33 6 12 34 56 7",
            "+999123456789",
            "06+12345678",
            "0000000000",
            "+0612345678",
            "06 12 34 56 78 ou 79",
            "()()",
            "+()",
            "é",
        ] {
            let refused = PhoneNumber::parse(typed, Country::FR).unwrap_err();
            assert_eq!(refused.code, "phone_number_invalid", "{typed:?}");
        }
        assert!(parse(&format!("06 12 34 56 78{}", " ".repeat(40))).is_none());
    }

    #[test]
    fn ranges_of_fiction_and_verified_ranges_are_valid() {
        for typed in [
            "0199001234",
            "0261911234",
            "0353011234",
            "0465711234",
            "0536491234",
            "0639981234",
        ] {
            assert!(parse(typed).is_some(), "{typed}");
        }
        //
        for typed in [
            "+33162000001",
            "+33163000001",
            "+33270000001",
            "+33378000001",
            "+33425000001",
            "+33569000001",
            "+33948000001",
            "+33947500001",
            "+33937000001",
            "+33939400001",
            "+590947500001",
            "+262947900001",
        ] {
            assert_eq!(parse(typed).as_deref(), Some(typed));
        }
    }

    #[test]
    fn overseas_numbers_go_out_in_their_own_calling_code() {
        for (typed, e164, region) in [
            ("0692 12 34 56", "+262692123456", "RE"),
            ("+262 692 12 34 56", "+262692123456", "RE"),
            ("0262 20 12 34", "+262262201234", "RE"),
            ("0639 01 23 45", "+262639012345", "YT"),
            ("0269 61 23 45", "+262269612345", "YT"),
            ("0690 00 12 34", "+590690001234", "GP"),
            ("0594 30 12 34", "+594594301234", "GF"),
            ("0696 20 12 34", "+596696201234", "MQ"),
            ("0508 41 12 34", "+508411234", "PM"),
        ] {
            let number = PhoneNumber::parse(typed, Country::FR).unwrap();
            assert_eq!(number.as_str(), e164);
            assert_eq!(number.region(), Some(country(region)), "{typed}");
        }
        let from_reunion = PhoneNumber::parse("06 12 34 56 78", country("RE")).unwrap();
        assert_eq!(from_reunion.as_str(), "+33612345678");
    }

    #[test]
    fn other_countries_are_read_in_their_own_plan() {
        for (typed, home, e164, region) in [
            ("0470 12 34 56", "BE", "+32470123456", "BE"),
            ("+32 470 12 34 56", "FR", "+32470123456", "BE"),
            ("621 123 456", "LU", "+352621123456", "LU"),
            ("0151 23456789", "DE", "+4915123456789", "DE"),
            ("06 1234 5678", "NL", "+31612345678", "NL"),
            ("06 698 12345", "IT", "+390669812345", "IT"),
            ("(201) 555-0123", "US", "+12015550123", "US"),
            ("+1 604 555 0123", "FR", "+16045550123", "CA"),
        ] {
            let number = PhoneNumber::parse(typed, country(home)).unwrap();
            assert_eq!(number.as_str(), e164);
            assert_eq!(number.region(), Some(country(region)), "{typed}");
        }
        // No plan at all, and no panic either.
        assert!(PhoneNumber::parse("12345678", country("AQ")).is_err());
    }

    #[test]
    fn a_number_is_masked_unless_asked_for() {
        let number = PhoneNumber::parse("0639981234", Country::FR).unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(+336******34)");
        assert_eq!(PhoneNumber::from_database("+33".to_owned()).masked(), "+33");
        assert_eq!(serde_json::to_string(&number).unwrap(), "\"+33639981234\"");
    }

    proptest! {
        #[test]
        fn nothing_typed_panics(typed in "\\PC{0,45}", home in "FR|RE|BE|US|IT|AQ|GB|AR|BR") {
            let _ = PhoneNumber::parse(&typed, country(&home));
        }

        #[test]
        fn digits_never_panic_and_what_parses_parses_again(
            typed in "(\\+|00|0)?[0-9() .]{1,20}",
            home in "FR|PM|BE|US|IT|MX|AR|BR|CI",
        ) {
            if let Ok(number) = PhoneNumber::parse(&typed, country(&home)) {
                let again = PhoneNumber::parse(number.as_str(), Country::FR).unwrap();
                prop_assert_eq!(&again, &number);
                prop_assert!(number.as_str().len() <= 16);
                let _ = number.region();
            }
        }

        #[test]
        fn a_french_number_survives_any_separators(rest in "[1-9][0-9]{7}", separator in "[ .\u{a0}/-]{0,1}") {
            let national = format!("06{rest}");
            let spaced: Vec<String> =
                national.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned()).collect();
            prop_assert_eq!(parse(&spaced.join(&separator)), parse(&national));
        }
    }
}
