//! The languages that the product speaks.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fault::Invalid;

/// A language of an organisation, a person or an assistant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// French, unless something else is asked for.
    #[default]
    Fr,
    /// English.
    En,
    /// Spanish.
    Es,
    /// Dutch.
    Nl,
    /// Arabic.
    Ar,
}

impl Language {
    /// Every language, the default first.
    pub const ALL: [Self; 5] = [Self::Fr, Self::En, Self::Es, Self::Nl, Self::Ar];

    /// Reads a code of ISO 639-1, in any case.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let typed = typed.trim();
        Self::ALL
            .into_iter()
            .find(|language| language.as_str().eq_ignore_ascii_case(typed))
            .ok_or(Invalid::new(
                "language_invalid",
                "Cette langue n'est pas proposée : fr, en, es, nl ou ar.",
                "This language is not offered: fr, en, es, nl or ar.",
            ))
    }

    /// The code of ISO 639-1.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
            Self::Es => "es",
            Self::Nl => "nl",
            Self::Ar => "ar",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_in_rust_and_in_json() {
        for language in Language::ALL {
            assert_eq!(Language::parse(language.as_str()).unwrap(), language);
            assert_eq!(serde_json::to_value(language).unwrap(), language.as_str());
        }
        assert_eq!(Language::parse("FR").unwrap(), Language::Fr);
        assert_eq!(Language::parse("de").unwrap_err().code, "language_invalid");
        assert_eq!(Language::default(), Language::Fr);
    }
}
