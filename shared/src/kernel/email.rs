//! Electronic mail addresses: kept as typed, compared without case, masked in logs.

use std::fmt;

use email_address::{EmailAddress, Options};
use serde::{Serialize, Serializer};

use super::fault::Invalid;

/// The longest address that a mail server accepts (RFC 5321 4.5.3.1.3, without its angle brackets).
const LONGEST: usize = 254;

/// A mail address that looks deliverable. It has no `Display`, and `Debug` masks it, so that it stays out of logs.
#[derive(Clone)]
pub struct Email(String);

impl Email {
    /// Reads an address; spaces around it are forgotten, its case is kept.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let typed = typed.trim();
        let options = Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        let deliverable = typed.len() <= LONGEST && EmailAddress::parse_with_options(typed, options).is_ok();
        if deliverable {
            return Ok(Self(typed.to_owned()));
        }
        Err(Invalid::new(
            "email_invalid",
            "Cette adresse e-mail n'est pas valide.",
            "This e-mail address is not valid.",
        ))
    }

    /// An address that the database holds: it was parsed before it was stored.
    pub fn from_database(address: String) -> Self {
        Self(address)
    }

    /// The address as its owner wrote it: what mail is sent to.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in lower case: two addresses with the same key belong to the same person.
    pub fn lookup_key(&self) -> String {
        self.0.to_lowercase()
    }

    /// Enough of the address to recognise it, too little to write to it.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let first = local.chars().next().unwrap_or('*');
        format!("{first}***@{domain}")
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.lookup_key() == other.lookup_key()
    }
}

impl Eq for Email {}

impl fmt::Debug for Email {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Email({})", self.masked())
    }
}

impl Serialize for Email {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_trimmed_and_keep_their_case() {
        let email = Email::parse("  Claire.Martin+zen@Exemple.FR ").unwrap();
        assert_eq!(email.as_str(), "Claire.Martin+zen@Exemple.FR");
        assert_eq!(email.lookup_key(), "claire.martin+zen@exemple.fr");
        assert_eq!(email, Email::parse("CLAIRE.MARTIN+ZEN@exemple.fr").unwrap());
        assert_eq!(format!("{email:?}"), "Email(C***@Exemple.FR)");
    }

    #[test]
    fn what_cannot_be_delivered_is_refused() {
        let long = format!("{}@exemple.fr", "a".repeat(250));
        for typed in [
            "",
            "claire",
            "claire@",
            "@exemple.fr",
            "claire@exemple",
            "claire@@exemple.fr",
            "a b@exemple.fr",
            "Claire <claire@exemple.fr>",
            "claire@[127.0.0.1]",
            "claire@exemple.fr\r\nBcc: x@y.fr",
            &long,
        ] {
            assert_eq!(
                Email::parse(typed).unwrap_err().code,
                "email_invalid",
                "{typed:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_panics(typed in "\\PC{0,60}") {
            if let Ok(email) = Email::parse(&typed) {
                prop_assert!(email.as_str().contains('@'));
                prop_assert!(!email.masked().is_empty());
            }
        }
    }
}
