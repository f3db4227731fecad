//! French postal codes: which department they lie in, and which clock hangs there.

use serde::{Serialize, Serializer};

use super::fault::Invalid;

const METROPOLITAN: &[&str] = &["Europe/Paris"];

/// The clocks of the overseas departments and territories. French Polynesia has three, which its prefix does not
/// tell apart.
const OVERSEAS: [(&str, &[&str]); 13] = [
    ("971", &["America/Guadeloupe"]),
    ("972", &["America/Martinique"]),
    ("973", &["America/Cayenne"]),
    ("974", &["Indian/Reunion"]),
    ("975", &["America/Miquelon"]),
    ("976", &["Indian/Mayotte"]),
    ("977", &["America/St_Barthelemy"]),
    ("978", &["America/Marigot"]),
    ("980", METROPOLITAN),
    ("984", &["Indian/Kerguelen"]),
    ("986", &["Pacific/Wallis"]),
    ("987", &["Pacific/Tahiti", "Pacific/Marquesas", "Pacific/Gambier"]),
    ("988", &["Pacific/Noumea"]),
];

/// A postal code of France, overseas or Monaco (98000).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PostalCode(String);

impl PostalCode {
    /// Reads five digits whose department exists; a space inside is forgotten, and the zero that a spreadsheet
    /// took from 01000 is put back.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let mut code: String = typed.chars().filter(|sign| !sign.is_whitespace()).collect();
        if code.len() == 4 {
            code.insert(0, '0');
        }
        let digits = code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit());
        if digits && exists(&code) {
            return Ok(Self(code));
        }
        Err(Invalid::new(
            "postal_code_invalid",
            "Ce code postal français n'existe pas.",
            "This French postal code does not exist.",
        ))
    }

    /// The five digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number of the department or overseas territory: `75`, `2A`, `974`.
    pub fn department(&self) -> &str {
        match &self.0[..3] {
            "200" | "201" => "2A",
            "202" | "204" | "206" => "2B",
            prefix if overseas(prefix).is_some() => &self.0[..3],
            _ => &self.0[..2],
        }
    }

    /// The IANA names of the zones that the code may lie in: one, but for French Polynesia.
    pub fn zones(&self) -> &'static [&'static str] {
        overseas(&self.0[..3]).unwrap_or(METROPOLITAN)
    }
}

impl Serialize for PostalCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

fn overseas(prefix: &str) -> Option<&'static [&'static str]> {
    OVERSEAS
        .iter()
        .find(|(known, _)| *known == prefix)
        .map(|(_, zones)| *zones)
}

/// Saint-Barthélemy and Saint-Martin are served under 97133 and 97150 as well, on the same clock as Guadeloupe.
fn exists(code: &str) -> bool {
    let department: u8 = code[..2].parse().unwrap_or(0);
    matches!(department, 1..=95) || overseas(&code[..3]).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::timezone::Timezone;

    fn parse(typed: &str) -> PostalCode {
        PostalCode::parse(typed).unwrap()
    }

    #[test]
    fn a_code_lies_in_a_department_and_a_zone() {
        for (typed, department, zone) in [
            ("75001", "75", "Europe/Paris"),
            ("01000", "01", "Europe/Paris"),
            ("1000", "01", "Europe/Paris"),
            ("20000", "2A", "Europe/Paris"),
            ("20200", "2B", "Europe/Paris"),
            ("97110", "971", "America/Guadeloupe"),
            ("97200", "972", "America/Martinique"),
            ("97300", "973", "America/Cayenne"),
            ("97400", "974", "Indian/Reunion"),
            ("97500", "975", "America/Miquelon"),
            ("97600", "976", "Indian/Mayotte"),
            ("98 000", "980", "Europe/Paris"),
            ("98800", "988", "Pacific/Noumea"),
        ] {
            assert_eq!(parse(typed).department(), department, "{typed}");
            assert_eq!(parse(typed).zones(), [zone], "{typed}");
        }
        assert_eq!(parse("98714").zones().len(), 3);
    }

    #[test]
    fn other_codes_are_refused() {
        for typed in [
            "", "750", "750011", "00100", "96000", "99000", "97000", "97900", "98100", "L-1234", "7500é",
        ] {
            assert_eq!(
                PostalCode::parse(typed).unwrap_err().code,
                "postal_code_invalid",
                "{typed}"
            );
        }
    }

    #[test]
    fn every_zone_of_the_table_exists() {
        for (_, zones) in OVERSEAS {
            for zone in zones {
                assert!(Timezone::parse(zone).is_ok(), "{zone}");
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_panics(typed in "\\PC{0,8}") {
            if let Ok(code) = PostalCode::parse(&typed) {
                prop_assert!(!code.zones().is_empty() && !code.department().is_empty());
            }
        }
    }
}
