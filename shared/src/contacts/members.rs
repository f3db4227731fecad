//! The members of a contact as somebody gives them: some, all, or null to clear one. Written once for a creation, a
//! change and each row of an import, so that the three never differ.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::values::{self, REQUIRED, WRONG_TYPE};
use super::{CallbackRequest, Contract, Kind};
use crate::kernel::shown::shows;
use crate::kernel::{Country, Email, Faults, Invalid, Language, PhoneNumber, Timezone};

/// The members that were given. As JSON it holds exactly those, which the database reads as "has" and "is null".
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct Members {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Option<Language>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variables: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<Option<Contract>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_request: Option<Option<CallbackRequest>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    do_not_call: Option<bool>,
}

shows!(Members, kind);

/// A number with what is known about whoever answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewContact {
    /// Their number.
    pub phone: PhoneNumber,
    /// The rest.
    pub members: Members,
}

impl NewContact {
    /// Reads a whole contact; unknown members are ignored.
    pub fn read(given: &Map<String, Value>, home: Country) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let phone = match given.get("phone") {
            None | Some(Value::Null) => {
                faults.add("phone", REQUIRED);
                None
            }
            Some(_) => read_phone(given, home, &mut faults),
        };
        let members = Members::read(given, phone.as_ref(), &mut faults);
        faults.finish(|| {
            Some(Self {
                phone: phone?,
                members,
            })
        })
    }
}

impl Members {
    /// Reads the members of a change, and the new number where there is one.
    pub fn read_change(
        given: &Map<String, Value>,
        home: Country,
    ) -> Result<(Option<PhoneNumber>, Self), Faults> {
        let mut faults = Faults::default();
        let phone = given
            .contains_key("phone")
            .then(|| read_phone(given, home, &mut faults))
            .flatten();
        let members = Self::read(given, phone.as_ref(), &mut faults);
        faults.finish(|| Some((phone, members)))
    }

    fn read(given: &Map<String, Value>, phone: Option<&PhoneNumber>, faults: &mut Faults) -> Self {
        let mut read = Reader { given, faults };
        Self {
            kind: read.present("kind", |typed: String| Kind::parse(&typed)),
            first_name: read.clearable("first_name", |typed: String| values::name(&typed)),
            last_name: read.clearable("last_name", |typed: String| values::name(&typed)),
            email: read.clearable("email", |typed: String| {
                some(&typed, |typed| {
                    Email::parse(typed).map(|email| email.as_str().to_owned())
                })
            }),
            company: read.clearable("company", |typed: String| values::company(&typed)),
            postal_code: read.clearable("postal_code", |typed: String| values::postal_code(&typed, phone)),
            timezone: read.clearable("timezone", |typed: String| {
                some(&typed, |typed| {
                    Timezone::parse(typed).map(|zone| zone.as_str().to_owned())
                })
            }),
            language: read.clearable("language", |typed: String| some(&typed, Language::parse)),
            tags: read.emptiable("tags", values::tags),
            variables: read.emptiable("variables", values::variables),
            contract: read.object("contract", values::contract),
            callback_request: read.object("callback_request", values::callback_request),
            do_not_call: read.present("do_not_call", Ok),
        }
    }

    /// Whether nothing was given at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What a later line of a file says about the same number goes over what an earlier one said.
    pub(super) fn overwrite_with(&mut self, later: Self) {
        fn take<T>(earlier: &mut Option<T>, later: Option<T>) {
            if later.is_some() {
                *earlier = later;
            }
        }
        take(&mut self.kind, later.kind);
        take(&mut self.first_name, later.first_name);
        take(&mut self.last_name, later.last_name);
        take(&mut self.email, later.email);
        take(&mut self.company, later.company);
        take(&mut self.postal_code, later.postal_code);
        take(&mut self.timezone, later.timezone);
        take(&mut self.language, later.language);
        take(&mut self.tags, later.tags);
        take(&mut self.contract, later.contract);
        take(&mut self.callback_request, later.callback_request);
        take(&mut self.do_not_call, later.do_not_call);
        match (&mut self.variables, later.variables) {
            (Some(earlier), Some(later)) => earlier.extend(later),
            (earlier, later) => take(earlier, later),
        }
    }

    /// As the database takes them.
    pub(super) fn to_json(&self) -> Value {
        // Texts, numbers and instants always serialise.
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn read_phone(given: &Map<String, Value>, home: Country, faults: &mut Faults) -> Option<PhoneNumber> {
    let mut read = Reader { given, faults };
    read.present("phone", |typed: String| PhoneNumber::parse(&typed, home))
}

/// An empty text clears a member, as null does.
fn some<T>(typed: &str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Result<Option<T>, Invalid> {
    match typed.trim() {
        "" => Ok(None),
        typed => parse(typed).map(Some),
    }
}

struct Reader<'a> {
    given: &'a Map<String, Value>,
    faults: &'a mut Faults,
}

impl Reader<'_> {
    fn typed<T: DeserializeOwned>(&mut self, field: &str, value: &Value) -> Option<T> {
        let typed = T::deserialize(value).map_err(|_| WRONG_TYPE);
        self.faults.keep(field, typed)
    }

    /// A member that null cannot clear.
    fn present<T: DeserializeOwned, U>(
        &mut self,
        field: &str,
        parse: impl FnOnce(T) -> Result<U, Invalid>,
    ) -> Option<U> {
        let typed = self.typed(field, self.given.get(field)?)?;
        self.faults.keep(field, parse(typed))
    }

    /// A member that null clears.
    fn clearable<T: DeserializeOwned, U>(
        &mut self,
        field: &str,
        parse: impl FnOnce(T) -> Result<Option<U>, Invalid>,
    ) -> Option<Option<U>> {
        if self.given.get(field)?.is_null() {
            return Some(None);
        }
        self.present(field, parse)
    }

    /// A collection that null empties.
    fn emptiable<T: DeserializeOwned + Default>(
        &mut self,
        field: &str,
        parse: impl FnOnce(T) -> Result<T, Invalid>,
    ) -> Option<T> {
        if self.given.get(field)?.is_null() {
            return Some(T::default());
        }
        self.present(field, parse)
    }

    /// A member with members of its own, which null clears.
    fn object<T>(
        &mut self,
        field: &str,
        parse: impl FnOnce(&Map<String, Value>, &str, &mut Faults) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.given.get(field)? {
            Value::Null => Some(None),
            Value::Object(inner) => parse(inner, field, self.faults).map(Some),
            _ => {
                self.faults.add(field, WRONG_TYPE);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(given: Value) -> Result<NewContact, Faults> {
        NewContact::read(given.as_object().unwrap(), Country::FR)
    }

    #[test]
    fn only_what_was_given_is_written() {
        let contact =
            read(json!({ "phone": "06 39 98 12 34", "email": null, "first_name": " Zoé ", "x": 1 })).unwrap();
        assert_eq!(contact.phone.as_str(), "+33639981234");
        assert_eq!(
            contact.members.to_json(),
            json!({ "email": null, "first_name": "Zoé" })
        );
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let faults = read(json!({
            "phone": "12", "kind": null, "first_name": 7, "email": "x", "postal_code": "00000", "timezone": "Paris",
            "language": "xx", "tags": "a", "variables": [], "contract": "c", "callback_request": {}, "do_not_call": "no",
        }))
        .unwrap_err();
        let found: Vec<_> = faults
            .iter()
            .map(|fault| (fault.field.as_str(), fault.invalid.code))
            .collect();
        assert_eq!(
            found,
            [
                ("phone", "phone_number_invalid"),
                ("kind", "wrong_type"),
                ("first_name", "wrong_type"),
                ("email", "email_invalid"),
                ("postal_code", "postal_code_invalid"),
                ("timezone", "timezone_invalid"),
                ("language", "language_invalid"),
                ("tags", "wrong_type"),
                ("variables", "wrong_type"),
                ("contract", "wrong_type"),
                ("callback_request.requested_at", "required"),
                ("callback_request.object", "required"),
                ("callback_request.evidence", "required"),
                ("do_not_call", "wrong_type"),
            ]
        );
        assert_eq!(
            read(json!({})).unwrap_err().iter().next().unwrap().invalid.code,
            "required"
        );
    }

    #[test]
    fn a_later_line_overwrites_what_it_has_and_nothing_else() {
        let members = |given: Value| {
            Members::read_change(given.as_object().unwrap(), Country::FR)
                .unwrap()
                .1
        };
        let mut first =
            members(json!({ "first_name": "Zoé", "tags": ["a"], "variables": { "x": 1, "y": 1 } }));
        first.overwrite_with(members(
            json!({ "last_name": "Roy", "tags": ["b"], "variables": { "y": 2 } }),
        ));
        assert_eq!(
            first.to_json(),
            json!({ "first_name": "Zoé", "last_name": "Roy", "tags": ["b"], "variables": { "x": 1, "y": 2 } })
        );
        assert!(Members::default().is_empty() && !first.is_empty());
    }
}
