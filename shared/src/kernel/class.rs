//! What kind of thing went wrong. HTTP turns it into a status, the queue into retry or drop, in one table each.

use super::fault::{Faults, Text};

/// The kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The request could not be read at all.
    Unreadable,
    /// No credentials, or bad ones.
    Unauthenticated,
    /// Known, and not allowed.
    Forbidden,
    /// Absent, or another tenant's.
    NotFound,
    /// The thing is in a state that does not permit this.
    Conflict,
    /// Too large to be read.
    TooLarge,
    /// Not a media type that is understood here.
    MediaType,
    /// Read, and wrong.
    Invalid,
    /// Too many of these; come back after so many seconds.
    TooMany(u32),
    /// A provider refused or broke.
    Provider,
    /// A dependency is down; the same request may succeed later.
    Unavailable,
    /// Ours.
    Internal,
}

impl Class {
    /// Whether the same message may succeed if it is handled again.
    pub fn worth_retrying(self) -> bool {
        matches!(
            self,
            Self::TooMany(_) | Self::Provider | Self::Unavailable | Self::Internal
        )
    }
}

/// A failure as the outside hears of it: a kind, a stable code, a sentence, and the faults of a request's members.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What kind.
    pub class: Class,
    /// Stable, snake_case.
    pub code: &'static str,
    /// For a person.
    pub text: Text,
    /// What is wrong with which member.
    pub faults: Faults,
}

impl Failure {
    /// A failure with a fixed sentence.
    pub fn new(class: Class, code: &'static str, fr: &'static str, en: &'static str) -> Self {
        Self {
            class,
            code,
            text: Text::new(fr, en),
            faults: Faults::default(),
        }
    }

    /// The same with a sentence put together at run time.
    pub fn with_text(mut self, fr: String, en: String) -> Self {
        self.text = Text::owned(fr, en);
        self
    }

    /// A readable request with these faults.
    pub fn invalid(faults: Faults) -> Self {
        Self {
            faults,
            ..Self::new(
                Class::Invalid,
                "invalid",
                "Certains champs sont invalides.",
                "Some members are invalid.",
            )
        }
    }

    /// Too many of these; again in so many seconds.
    pub fn too_many(seconds: u32) -> Self {
        Self::new(
            Class::TooMany(seconds),
            "rate_limited",
            "Trop de requêtes. Réessayez dans quelques instants.",
            "Too many requests. Please try again shortly.",
        )
    }

    /// Ours; the sentence tells nothing.
    pub fn internal() -> Self {
        Self::new(
            Class::Internal,
            "internal",
            "Une erreur interne est survenue.",
            "An internal error occurred.",
        )
    }

    /// A dependency does not answer.
    pub fn unavailable() -> Self {
        Self::new(
            Class::Unavailable,
            "unavailable",
            "Le service est momentanément indisponible. Réessayez dans quelques instants.",
            "The service is unavailable for the moment. Please try again shortly.",
        )
    }
}

/// An error with all that caused it, on one line: what a log is told. The JSON of the logs shows of an error its own
/// sentence and none of its causes.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        // A transparent error says what its cause says.
        if !told.ends_with(&more) {
            told = format!("{told}: {more}");
        }
        source = cause.source();
    }
    told
}

/// An error that knows how the outside hears of it.
pub trait Classify: std::error::Error {
    /// The failure that it is.
    fn failure(&self) -> Failure;
}

impl Classify for Faults {
    fn failure(&self) -> Failure {
        Failure::invalid(self.clone())
    }
}

impl std::fmt::Display for Faults {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fields: Vec<_> = self.iter().map(|fault| fault.field.as_str()).collect();
        write!(formatter, "invalid members: {}", fields.join(", "))
    }
}

impl std::error::Error for Faults {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the letter was not sent")]
    struct NotSent(#[source] std::io::Error);

    #[test]
    fn a_chain_names_every_cause_once() {
        let error = NotSent(std::io::Error::other("no stamp"));
        assert_eq!(chain(&error), "the letter was not sent: no stamp");
        assert_eq!(chain(&std::io::Error::other("no stamp")), "no stamp");
    }
}
