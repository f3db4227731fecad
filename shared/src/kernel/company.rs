//! What identifies a company: SIREN and SIRET of INSEE, and the VAT number of the Union. Checked by arithmetic
//! alone: no register is asked while somebody waits.

use std::fmt;

use serde::{Serialize, Serializer};

use super::fault::Invalid;

/// La Poste numbers its offices by another rule than Luhn's.
const LA_POSTE: &str = "356000000";

/// Prefixes of VAT numbers: the member states (Greece writes EL) and Northern Ireland.
const VAT_PREFIXES: [&str; 28] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI",
];

/// The nine digits of a company registered in France.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Siren(String);

impl Siren {
    /// Reads nine digits that satisfy Luhn; spaces and dots are forgotten.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let digits = compact(typed);
        if is_siren(&digits) {
            return Ok(Self(digits));
        }
        Err(Invalid::new(
            "siren_invalid",
            "Ce numéro SIREN n'est pas valide : 9 chiffres, avec une clé.",
            "This SIREN is not valid: 9 digits, with a check digit.",
        ))
    }

    /// The nine digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The VAT number that the tax office derives from it.
    pub fn vat_number(&self) -> VatNumber {
        VatNumber(format!("FR{:02}{}", vat_key(&self.0), self.0))
    }
}

/// The fourteen digits of one establishment of a company registered in France.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Siret(String);

impl Siret {
    /// Reads fourteen digits that begin with a SIREN and satisfy Luhn, or La Poste's own rule.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let digits = compact(typed);
        let checked = all_digits(&digits, 14) && is_siren(&digits[..9]);
        if checked
            && (luhn(&digits) || (digits.starts_with(LA_POSTE) && digit_sum(&digits).is_multiple_of(5)))
        {
            return Ok(Self(digits));
        }
        Err(Invalid::new(
            "siret_invalid",
            "Ce numéro SIRET n'est pas valide : 14 chiffres, avec une clé.",
            "This SIRET is not valid: 14 digits, with a check digit.",
        ))
    }

    /// The fourteen digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The company whose establishment it is.
    pub fn siren(&self) -> Siren {
        Siren(self.0[..9].to_owned())
    }
}

/// How a company says who it is: by its SIREN or by the SIRET of an establishment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CompanyRegistration {
    /// The company.
    Siren(Siren),
    /// One of its establishments.
    Siret(Siret),
}

impl CompanyRegistration {
    /// Reads either, told apart by their length.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let digits = compact(typed);
        match digits.len() {
            9 => Siren::parse(&digits).map(Self::Siren),
            14 => Siret::parse(&digits).map(Self::Siret),
            _ => Err(Invalid::new(
                "company_registration_invalid",
                "Indiquez un SIREN (9 chiffres) ou un SIRET (14 chiffres).",
                "Give a SIREN (9 digits) or a SIRET (14 digits).",
            )),
        }
    }

    /// The digits as given.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Siren(siren) => siren.as_str(),
            Self::Siret(siret) => siret.as_str(),
        }
    }

    /// The company.
    pub fn siren(&self) -> Siren {
        match self {
            Self::Siren(siren) => siren.clone(),
            Self::Siret(siret) => siret.siren(),
        }
    }
}

/// A VAT number of a member state, in capitals and without separators.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VatNumber(String);

impl VatNumber {
    /// Reads a VAT number. A French one is checked to its key, which must be digits: the keys with letters that
    /// once were planned belong to no company known to us. Of another state the shape alone is checked.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let number = compact(typed).to_ascii_uppercase();
        let (prefix, rest) = number.split_at_checked(2).ok_or_else(vat_number_invalid)?;
        if !VAT_PREFIXES.contains(&prefix) {
            return Err(vat_number_invalid());
        }
        if prefix == "FR" {
            check_french(rest)?;
        } else if !(2..=12).contains(&rest.len()) || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(vat_number_invalid());
        }
        Ok(Self(number))
    }

    /// The number, prefix included.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the number can be that company's: a French one carries its SIREN, a foreign one contradicts none.
    pub fn matches(&self, siren: &Siren) -> bool {
        match self.0.strip_prefix("FR") {
            Some(french) => french.get(2..) == Some(siren.as_str()),
            None => true,
        }
    }

    /// The fault to report where `matches` says no.
    pub const fn mismatch() -> Invalid {
        Invalid::new(
            "vat_number_mismatch",
            "Ce numéro de TVA n'est pas celui de cette entreprise.",
            "This VAT number is not that company's.",
        )
    }
}

fn check_french(rest: &str) -> Result<(), Invalid> {
    if !all_digits(rest, 11) || !is_siren(&rest[2..]) {
        return Err(vat_number_invalid());
    }
    if rest[..2].parse() != Ok(vat_key(&rest[2..])) {
        return Err(Invalid::new(
            "vat_number_key_invalid",
            "La clé de ce numéro de TVA ne correspond pas à son SIREN.",
            "The key of this VAT number does not match its SIREN.",
        ));
    }
    Ok(())
}

fn vat_number_invalid() -> Invalid {
    Invalid::new(
        "vat_number_invalid",
        "Ce numéro de TVA intracommunautaire n'est pas valide.",
        "This VAT number is not valid.",
    )
}

/// The key of a French VAT number: (12 + 3 × (SIREN mod 97)) mod 97.
fn vat_key(siren: &str) -> u64 {
    (12 + 3 * (siren.parse::<u64>().unwrap_or(0) % 97)) % 97
}

/// The number without what people put between its groups.
fn compact(typed: &str) -> String {
    typed
        .chars()
        .filter(|sign| !sign.is_whitespace() && !matches!(sign, '.' | '-' | '\u{200b}'..='\u{200f}'))
        .collect()
}

fn all_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Luhn accepts nine zeros, which are no company.
fn is_siren(text: &str) -> bool {
    all_digits(text, 9) && text != "000000000" && luhn(text)
}

fn digit_sum(digits: &str) -> u32 {
    digits.bytes().map(|byte| u32::from(byte - b'0')).sum()
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([1, 2].into_iter().cycle())
        .map(|(byte, weight)| u32::from(byte - b'0') * weight)
        .map(|product| if product > 9 { product - 9 } else { product })
        .sum();
    sum.is_multiple_of(10)
}

macro_rules! digits_on_the_wire {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

digits_on_the_wire!(Siren, Siret, CompanyRegistration, VatNumber);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sirens_and_their_vat_numbers() {
        for (siren, vat_number) in [
            ("552081317", "FR03552081317"),
            ("732829320", "FR44732829320"),
            ("404833048", "FR83404833048"),
            ("356000000", "FR39356000000"),
        ] {
            let siren = Siren::parse(siren).unwrap();
            assert_eq!(siren.vat_number().as_str(), vat_number);
            assert!(VatNumber::parse(vat_number).unwrap().matches(&siren));
        }
        for typed in [
            "123456789",
            "000000000",
            "",
            "55208131",
            "5520813170",
            "55208131A",
            "٥٥٢٠٨١٣١٧",
        ] {
            assert_eq!(Siren::parse(typed).unwrap_err().code, "siren_invalid", "{typed}");
        }
    }

    #[test]
    fn sirets_by_luhn_or_by_the_rule_of_la_poste() {
        for typed in [
            "73282932000074",
            "55208131766522",
            "35600000000048",
            "35600000049837",
            "35600000009075",
        ] {
            assert!(Siret::parse(typed).is_ok(), "{typed}");
        }
        for typed in [
            "35600000049838",
            "35600000000049",
            "73282932000075",
            "12345678912345",
            "00000000000000",
            "7328293200007",
        ] {
            assert_eq!(Siret::parse(typed).unwrap_err().code, "siret_invalid", "{typed}");
        }
    }

    #[test]
    fn a_registration_is_either() {
        let by_company = CompanyRegistration::parse("732 829 320").unwrap();
        let by_establishment = CompanyRegistration::parse("732\u{a0}829\u{a0}320 00074").unwrap();
        assert_eq!(by_company.siren(), by_establishment.siren());
        assert_eq!(by_establishment.as_str(), "73282932000074");
        for (typed, code) in [
            ("123456789", "siren_invalid"),
            ("12345678912345", "siret_invalid"),
            ("1234", "company_registration_invalid"),
            ("", "company_registration_invalid"),
        ] {
            assert_eq!(CompanyRegistration::parse(typed).unwrap_err().code, code);
        }
    }

    #[test]
    fn vat_numbers_of_the_union() {
        for (typed, number) in [
            ("fr 44 732 829 320", "FR44732829320"),
            ("BE0417497106", "BE0417497106"),
            ("ATU12345678", "ATU12345678"),
            ("NL001234567B01", "NL001234567B01"),
            ("EL123456789", "EL123456789"),
            ("DE.123.456.789", "DE123456789"),
        ] {
            assert_eq!(VatNumber::parse(typed).unwrap().as_str(), number);
        }
        for (typed, code) in [
            ("FR45732829320", "vat_number_key_invalid"),
            ("FRK7399859412", "vat_number_invalid"),
            ("FR44732829321", "vat_number_invalid"),
            ("FR00000000000", "vat_number_invalid"),
            ("US123456789", "vat_number_invalid"),
            ("GB123456789", "vat_number_invalid"),
            ("BE1", "vat_number_invalid"),
            ("BE1234567890123", "vat_number_invalid"),
            ("BE12/34", "vat_number_invalid"),
            ("F", "vat_number_invalid"),
            ("é", "vat_number_invalid"),
            ("", "vat_number_invalid"),
        ] {
            assert_eq!(VatNumber::parse(typed).unwrap_err().code, code, "{typed}");
        }
    }

    #[test]
    fn a_french_vat_number_is_one_company_s() {
        let other = Siren::parse("552081317").unwrap();
        assert!(!VatNumber::parse("FR44732829320").unwrap().matches(&other));
        assert!(VatNumber::parse("BE0417497106").unwrap().matches(&other));
        assert_eq!(VatNumber::mismatch().code, "vat_number_mismatch");
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_noticed(position in 0_usize..9, shift in 1_u8..10) {
            let mut digits = *b"732829320";
            digits[position] = b'0' + (digits[position] - b'0' + shift) % 10;
            let typed = String::from_utf8_lossy(&digits).into_owned();
            prop_assert!(Siren::parse(&typed).is_err());
        }

        #[test]
        fn nothing_typed_panics(typed in "\\PC{0,20}", digits in "[0-9]{0,15}", vat in "FR[0-9A-Zé]{0,13}") {
            let _ = (CompanyRegistration::parse(&typed), CompanyRegistration::parse(&digits));
            let _ = (VatNumber::parse(&typed), VatNumber::parse(&vat));
        }

        #[test]
        fn every_siren_derives_a_vat_number_that_parses(first in 10_000_000_u64..99_999_999) {
            let siren = (0..10).find_map(|check| Siren::parse(&format!("{first}{check}")).ok());
            let siren = siren.unwrap();
            prop_assert_eq!(VatNumber::parse(siren.vat_number().as_str()).unwrap(), siren.vat_number());
        }
    }
}
