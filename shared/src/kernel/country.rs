//! Countries, by their ISO 3166-1 alpha-2 code.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::fault::Invalid;

/// Every code that ISO 3166-1 assigns.
const ASSIGNED: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES \
    ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN \
    IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG \
    MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL \
    PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF \
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// France and the territories that share its telephone plan and its postal codes.
const FRENCH: [Country; 9] = [
    Country(*b"FR"),
    Country(*b"GP"),
    Country(*b"GF"),
    Country(*b"MQ"),
    Country(*b"RE"),
    Country(*b"YT"),
    Country(*b"PM"),
    Country(*b"BL"),
    Country(*b"MF"),
];

/// A country or territory with an ISO code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// France, where an organisation is unless it says otherwise.
    pub const FR: Self = Self(*b"FR");

    /// Reads a two-letter code, in any case.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let code = typed.trim().to_ascii_uppercase();
        match code.as_bytes() {
            [first, second] if ASSIGNED.split(' ').any(|assigned| assigned == code) => {
                Ok(Self([*first, *second]))
            }
            _ => Err(Invalid::new(
                "country_invalid",
                "Ce pays n'est pas un code ISO 3166 à deux lettres.",
                "This country is not an ISO 3166 code of two letters.",
            )),
        }
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether France's telephone plan and postal codes are used there.
    pub fn is_french(self) -> bool {
        FRENCH.contains(&self)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Country({self})")
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let typed = String::deserialize(deserializer)?;
        Self::parse(&typed).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_assigned_codes_are_countries() {
        assert_eq!(Country::parse(" fr ").unwrap(), Country::FR);
        assert_eq!(Country::parse("RE").unwrap().as_str(), "RE");
        for typed in ["", "F", "FRA", "XX", "12", "é", "U K", "UK"] {
            assert_eq!(
                Country::parse(typed).unwrap_err().code,
                "country_invalid",
                "{typed}"
            );
        }
        assert_eq!(ASSIGNED.split(' ').count(), 249);
    }

    #[test]
    fn json_carries_the_code() {
        assert_eq!(serde_json::to_string(&Country::FR).unwrap(), "\"FR\"");
        assert_eq!(serde_json::from_str::<Country>("\"be\"").unwrap().as_str(), "BE");
        assert!(serde_json::from_str::<Country>("\"XX\"").is_err());
    }
}
