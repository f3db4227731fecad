//! The documents that people agree to, word for word, by version. A version that was published is never changed: its sum
//! stands in a test.

use sha2::{Digest, Sha256};

use crate::kernel::{Language, hex};

/// A version of a document.
#[derive(Debug)]
pub struct LegalDocument {
    /// `privacy`, `terms` or `cookies`.
    pub name: &'static str,
    /// When it was published, year and month.
    pub version: &'static str,
    fr: &'static str,
    en: &'static str,
}

impl LegalDocument {
    /// Its words, in Markdown, and the language they are in.
    pub fn text(&self, language: Language) -> (Language, &'static str) {
        match language {
            Language::En => (Language::En, self.en),
            _ => (Language::Fr, self.fr),
        }
    }

    /// The SHA-256 sum of its words in this language, in hexadecimal.
    pub fn sha256(&self, language: Language) -> String {
        let (_, text) = self.text(language);
        hex(&Sha256::digest(text.as_bytes()))
    }
}

/// Every version of every document, the newest of each first.
const DOCUMENTS: &[LegalDocument] = &[
    LegalDocument {
        name: "privacy",
        version: "2026-11",
        fr: include_str!("privacy.2026-11.fr.md"),
        en: include_str!("privacy.2026-11.en.md"),
    },
    LegalDocument {
        name: "terms",
        version: "2026-11",
        fr: include_str!("terms.2026-11.fr.md"),
        en: include_str!("terms.2026-11.en.md"),
    },
    LegalDocument {
        name: "cookies",
        version: "2026-11",
        fr: include_str!("cookies.2026-11.fr.md"),
        en: include_str!("cookies.2026-11.en.md"),
    },
];

/// This version of a document, or today's.
pub fn find(name: &str, version: Option<&str>) -> Option<&'static LegalDocument> {
    DOCUMENTS
        .iter()
        .find(|document| document.name == name && version.is_none_or(|wanted| document.version == wanted))
}

/// The versions of a document, the newest first.
pub fn versions(name: &str) -> Vec<&'static str> {
    let of_it = DOCUMENTS.iter().filter(|document| document.name == name);
    of_it.map(|document| document.version).collect()
}
