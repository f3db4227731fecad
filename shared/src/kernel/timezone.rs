//! Time zones, by their IANA name, from the table that the binary carries: Lambda's image has none.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::fault::Invalid;

static TABLE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A zone of the IANA database, with its rules at hand.
#[derive(Clone)]
pub struct Timezone {
    name: String,
    rules: TimeZone,
}

impl Timezone {
    /// Reads an IANA name, in any case.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        Self::look_up(typed.trim()).ok_or(Invalid::new(
            "timezone_invalid",
            "Ce fuseau horaire n'est pas un nom IANA, comme Europe/Paris.",
            "This time zone is not an IANA name, such as Europe/Paris.",
        ))
    }

    /// Universal time.
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            rules: TimeZone::UTC,
        }
    }

    /// Metropolitan France.
    pub fn paris() -> Self {
        Self::known("Europe/Paris")
    }

    /// A name written in the source; were it misspelt, a test of its table would say so.
    pub(crate) fn known(name: &'static str) -> Self {
        Self::look_up(name).unwrap_or_else(Self::utc)
    }

    fn look_up(name: &str) -> Option<Self> {
        let rules = TABLE.get(name).ok().filter(|rules| !rules.is_unknown())?;
        let name = rules.iana_name()?.to_owned();
        Some(Self { name, rules })
    }

    /// The IANA name, in its usual spelling.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The rules of the zone.
    pub fn rules(&self) -> &TimeZone {
        &self.rules
    }
}

impl PartialEq for Timezone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Timezone {}

impl Hash for Timezone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Display for Timezone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl fmt::Debug for Timezone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Timezone({})", self.name)
    }
}

impl Serialize for Timezone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Timezone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let typed = String::deserialize(deserializer)?;
        Self::parse(&typed).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_iana() {
        assert_eq!(Timezone::parse(" europe/paris ").unwrap(), Timezone::paris());
        assert_eq!(Timezone::paris().as_str(), "Europe/Paris");
        assert_eq!(Timezone::parse("UTC").unwrap(), Timezone::utc());
        for typed in [
            "",
            "Paris",
            "Europe/Pariss",
            "+01:00",
            "Etc/Unknown",
            "../../etc/passwd",
        ] {
            assert_eq!(
                Timezone::parse(typed).unwrap_err().code,
                "timezone_invalid",
                "{typed}"
            );
        }
    }

    #[test]
    fn json_carries_the_name() {
        assert_eq!(
            serde_json::to_string(&Timezone::paris()).unwrap(),
            "\"Europe/Paris\""
        );
        assert_eq!(
            serde_json::from_str::<Timezone>("\"Indian/Reunion\"")
                .unwrap()
                .as_str(),
            "Indian/Reunion"
        );
        assert!(serde_json::from_str::<Timezone>("\"Mars\"").is_err());
    }
}
