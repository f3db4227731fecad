//! Members of a request that report every fault at once: each keeps what it got, right type or wrong.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::kernel::{Faults, Invalid};

/// One member of a request: absent, null, of the wrong type, or given. Use it in a struct with `#[serde(default)]` and
/// `#[schema(value_type = …)]`.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Member<T> {
    /// Not in the body.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// Something else than a `T`.
    Mistyped,
    /// A `T`.
    Given(T),
}

const REQUIRED: Invalid = Invalid::new(
    "required",
    "Ce champ est obligatoire.",
    "This member is required.",
);
const WRONG_TYPE: Invalid = Invalid::new(
    "wrong_type",
    "Ce champ n'a pas le bon type.",
    "This member has the wrong type.",
);

/// What somebody typed is shown to nobody.
impl<T> fmt::Debug for Member<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Absent => "Absent",
            Self::Null => "Null",
            Self::Mistyped => "Mistyped",
            Self::Given(_) => "Given(..)",
        })
    }
}

impl<T> Member<T> {
    /// The parsed value; a fault where it is absent, null, mistyped or does not parse.
    pub fn required<U>(
        self,
        field: &str,
        faults: &mut Faults,
        parse: impl FnOnce(T) -> Result<U, Invalid>,
    ) -> Option<U> {
        match self {
            Self::Given(value) => faults.keep(field, parse(value)),
            Self::Absent | Self::Null => {
                faults.add(field, REQUIRED);
                None
            }
            Self::Mistyped => {
                faults.add(field, WRONG_TYPE);
                None
            }
        }
    }

    /// The parsed value; a fault where it is mistyped or does not parse, nothing where it is absent or null.
    pub fn optional<U>(
        self,
        field: &str,
        faults: &mut Faults,
        parse: impl FnOnce(T) -> Result<U, Invalid>,
    ) -> Option<U> {
        self.change(field, faults, parse).flatten()
    }

    /// For a change: `None` leaves the value as it is, `Some(None)` clears it, `Some(Some(_))` replaces it.
    pub fn change<U>(
        self,
        field: &str,
        faults: &mut Faults,
        parse: impl FnOnce(T) -> Result<U, Invalid>,
    ) -> Option<Option<U>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Given(value) => faults.keep(field, parse(value)).map(Some),
            Self::Mistyped => {
                faults.add(field, WRONG_TYPE);
                None
            }
        }
    }

    /// For a change of something that cannot be cleared: `null` is a fault.
    pub fn replacement<U>(
        self,
        field: &str,
        faults: &mut Faults,
        parse: impl FnOnce(T) -> Result<U, Invalid>,
    ) -> Option<U> {
        match self {
            Self::Absent => None,
            present => present.required(field, faults, parse),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value.is_null() {
            return Ok(Self::Null);
        }
        Ok(T::deserialize(value).map_or(Self::Mistyped, Self::Given))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Request {
        name: Member<String>,
        age: Member<i32>,
        note: Member<String>,
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let request: Request = serde_json::from_value(json!({ "name": 7, "note": null })).unwrap();
        let mut faults = Faults::default();
        assert_eq!(request.name.required("name", &mut faults, Ok), None);
        assert_eq!(request.age.required("age", &mut faults, Ok), None);
        assert_eq!(request.note.optional("note", &mut faults, Ok), None);
        let found: Vec<_> = faults
            .iter()
            .map(|fault| (fault.field.as_str(), fault.invalid.code))
            .collect();
        assert_eq!(found, [("name", "wrong_type"), ("age", "required")]);
    }

    #[test]
    fn a_change_tells_absent_from_null() {
        let mut faults = Faults::default();
        assert_eq!(Member::<String>::Absent.change("note", &mut faults, Ok), None);
        assert_eq!(Member::<String>::Null.change("note", &mut faults, Ok), Some(None));
        assert!(faults.is_empty());
    }
}
