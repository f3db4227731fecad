//! What is wrong with a value somebody sent: a stable code, and a sentence in French and in English.

use std::borrow::Cow;

/// A sentence for a person, in the two languages that the product answers in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// French, the default.
    pub fr: Cow<'static, str>,
    /// English, when the client prefers it.
    pub en: Cow<'static, str>,
}

impl Text {
    /// A sentence known at compile time.
    pub const fn new(fr: &'static str, en: &'static str) -> Self {
        Self {
            fr: Cow::Borrowed(fr),
            en: Cow::Borrowed(en),
        }
    }

    /// A sentence put together at run time; it must not quote a secret.
    pub fn owned(fr: String, en: String) -> Self {
        Self {
            fr: Cow::Owned(fr),
            en: Cow::Owned(en),
        }
    }
}

/// A value that did not parse: why, as a stable code and as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Stable, snake_case, for programs.
    pub code: &'static str,
    /// For a person.
    pub message: Text,
}

impl Invalid {
    /// A fault with a fixed sentence.
    pub const fn new(code: &'static str, fr: &'static str, en: &'static str) -> Self {
        Self {
            code,
            message: Text::new(fr, en),
        }
    }
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message.en)
    }
}

impl std::error::Error for Invalid {}

/// One fault of one member of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The member, in snake_case; nested members with a dot.
    pub field: String,
    /// What is wrong with it.
    pub invalid: Invalid,
}

/// Every fault of a request, gathered so that all are reported at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Notes one fault.
    pub fn add(&mut self, field: impl Into<String>, invalid: Invalid) {
        self.0.push(Fault {
            field: field.into(),
            invalid,
        });
    }

    /// Keeps the value, or notes why there is none.
    pub fn keep<T>(&mut self, field: &str, parsed: Result<T, Invalid>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(invalid) => {
                self.add(field, invalid);
                None
            }
        }
    }

    /// Keeps the value of a nested member, or notes every fault of it under `field`.
    pub fn keep_nested<T>(&mut self, field: &str, parsed: Result<T, Self>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(faults) => {
                for Fault {
                    field: member,
                    invalid,
                } in faults.0
                {
                    self.add(format!("{field}.{member}"), invalid);
                }
                None
            }
        }
    }

    /// Adds those of another part of the request.
    pub fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// Whether nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every fault, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// The value, if there was no fault. A closure lets the caller unwrap its parts with `?`.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Self> {
        if !self.is_empty() {
            return Err(self);
        }
        build().ok_or_else(|| {
            let mut faults = Self::default();
            faults.add(
                "",
                Invalid::new(
                    "incomplete",
                    "La demande est incomplète.",
                    "The request is incomplete.",
                ),
            );
            faults
        })
    }
}
