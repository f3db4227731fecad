//! Names of organisations and of people.

use serde::Serialize;

use super::fault::Invalid;

/// The longest name, in characters.
const LONGEST: usize = 200;

/// The name of an organisation or of a person: one line of 1 to 200 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Name(String);

impl Name {
    /// Reads a name; spaces around it are forgotten.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(Invalid::new(
                "required",
                "Ce champ est obligatoire.",
                "This member is required.",
            ));
        }
        if typed.chars().count() > LONGEST {
            return Err(Invalid::new(
                "too_long",
                "200 caractères au plus.",
                "200 characters at most.",
            ));
        }
        // A name stands in headings, in mails and in what an assistant says.
        if typed.chars().any(char::is_control) {
            return Err(Invalid::new(
                "name_invalid",
                "Un nom tient sur une seule ligne, sans caractère de contrôle.",
                "A name is one line without control characters.",
            ));
        }
        Ok(Self(typed.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(
            Name::parse("  L'Atelier d'Éloïse ").unwrap().as_str(),
            "L'Atelier d'Éloïse"
        );
        assert!(Name::parse(&"é".repeat(200)).is_ok());
        for (typed, code) in [
            ("", "required"),
            ("   ", "required"),
            ("a\r\nBcc: b", "name_invalid"),
            ("a\0b", "name_invalid"),
            (&"é".repeat(201), "too_long"),
        ] {
            assert_eq!(Name::parse(typed).unwrap_err().code, code);
        }
    }
}
