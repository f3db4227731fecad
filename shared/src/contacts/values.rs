//! What each member of a contact may hold. No text holds a control character: PostgreSQL cannot store a NUL, and
//! nobody means the others.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::{CallbackRequest, Contract};
use crate::kernel::fault::Text;
use crate::kernel::{self, Faults, Invalid, PhoneNumber, PostalCode};

const NAME_LIMIT: usize = 100;
const COMPANY_LIMIT: usize = 200;
const TAG_LIMIT: usize = 50;
const TAGS_LIMIT: usize = 50;
const VARIABLES_LIMIT: usize = 50;
const VARIABLE_NAME_LIMIT: usize = 100;
const VARIABLES_BYTES_LIMIT: usize = 10 * 1024;
const POSTAL_CODE_LIMIT: usize = 12;
const REFERENCE_LIMIT: usize = 200;
const OBJECT_LIMIT: usize = 500;
const EVIDENCE_LIMIT: usize = 2000;

/// A first or last name; nothing but spaces is no name.
pub(super) fn name(typed: &str) -> Result<Option<String>, Invalid> {
    line(typed, NAME_LIMIT)
}

/// A company's name.
pub(super) fn company(typed: &str) -> Result<Option<String>, Invalid> {
    line(typed, COMPANY_LIMIT)
}

/// A postal code. Next to a foreign number it is kept as typed: only French ones tell a clock.
pub(super) fn postal_code(typed: &str, number: Option<&PhoneNumber>) -> Result<Option<String>, Invalid> {
    let Some(typed) = line(typed, POSTAL_CODE_LIMIT)? else {
        return Ok(None);
    };
    let abroad = number
        .and_then(PhoneNumber::region)
        .is_some_and(|region| !region.is_french());
    if abroad {
        return Ok(Some(typed));
    }
    match PostalCode::parse(&typed) {
        Ok(code) => Ok(Some(code.as_str().to_owned())),
        // A letter makes it another country's, whatever the number, which may not be known here.
        Err(_) if number.is_none() && typed.contains(char::is_alphabetic) => Ok(Some(typed)),
        Err(invalid) => Err(invalid),
    }
}

/// Labels, each once, in the order in which they were given.
pub(super) fn tags(given: Vec<String>) -> Result<Vec<String>, Invalid> {
    let mut tags: Vec<String> = Vec::with_capacity(given.len());
    for tag in given {
        if let Some(tag) = line(&tag, TAG_LIMIT)?
            && !tags.contains(&tag)
        {
            tags.push(tag);
        }
    }
    if tags.len() > TAGS_LIMIT {
        return Err(Invalid::new(
            "too_many",
            "Un contact a 50 étiquettes au plus.",
            "A contact has at most 50 tags.",
        ));
    }
    Ok(tags)
}

/// What an assistant may say: names with a text, a number or yes/no each.
pub(super) fn variables(given: Map<String, Value>) -> Result<Map<String, Value>, Invalid> {
    if given.len() > VARIABLES_LIMIT {
        return Err(Invalid::new(
            "too_many",
            "Un contact a 50 variables au plus.",
            "A contact has at most 50 variables.",
        ));
    }
    for (name, value) in &given {
        let named = !name.trim().is_empty() && name.chars().count() <= VARIABLE_NAME_LIMIT && is_clean(name);
        let valued = match value {
            Value::String(text) => !text.chars().any(is_unprintable),
            Value::Number(_) | Value::Bool(_) => true,
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        };
        if !named || !valued {
            return Err(Invalid::new(
                "variable_invalid",
                "Chaque variable a un nom de 1 à 100 caractères et pour valeur un texte, un nombre ou un booléen.",
                "Each variable has a name of 1 to 100 characters, and a text, a number or a boolean as its value.",
            ));
        }
    }
    let size: usize = given
        .iter()
        .map(|(name, value)| name.len() + value.as_str().map_or(8, str::len))
        .sum();
    if size > VARIABLES_BYTES_LIMIT {
        return Err(Invalid::new(
            "too_long",
            "Les variables d'un contact font 10 Kio au plus.",
            "The variables of a contact take at most 10 KiB.",
        ));
    }
    Ok(given)
}

/// A contract in progress; faults are named by the member inside it.
pub(super) fn contract(given: &Map<String, Value>, field: &str, faults: &mut Faults) -> Option<Contract> {
    let reference = inner_text(given, field, "reference", REFERENCE_LIMIT, faults);
    let object = inner_text(given, field, "object", OBJECT_LIMIT, faults);
    let ends_at = inner_instant(given, field, "ends_at", faults);
    Some(Contract {
        reference: reference?,
        object: object?,
        ends_at: ends_at?,
    })
}

/// A request to be called; faults are named by the member inside it.
pub(super) fn callback_request(
    given: &Map<String, Value>,
    field: &str,
    faults: &mut Faults,
) -> Option<CallbackRequest> {
    let requested_at = inner_instant(given, field, "requested_at", faults);
    let object = inner_text(given, field, "object", OBJECT_LIMIT, faults);
    let evidence = inner_text(given, field, "evidence", EVIDENCE_LIMIT, faults);
    Some(CallbackRequest {
        requested_at: requested_at?,
        object: object?,
        evidence: evidence?,
    })
}

fn inner_text(
    given: &Map<String, Value>,
    field: &str,
    member: &str,
    limit: usize,
    faults: &mut Faults,
) -> Option<String> {
    let typed = inner(given, field, member, faults)?;
    let parsed = line(typed, limit).and_then(|text| text.ok_or(REQUIRED));
    faults.keep(&format!("{field}.{member}"), parsed)
}

fn inner_instant(
    given: &Map<String, Value>,
    field: &str,
    member: &str,
    faults: &mut Faults,
) -> Option<Timestamp> {
    let typed = inner(given, field, member, faults)?;
    faults.keep(&format!("{field}.{member}"), instant(typed))
}

fn inner<'a>(
    given: &'a Map<String, Value>,
    field: &str,
    member: &str,
    faults: &mut Faults,
) -> Option<&'a str> {
    let refused = match given.get(member) {
        Some(Value::String(typed)) => return Some(typed),
        None | Some(Value::Null) => REQUIRED,
        Some(_) => WRONG_TYPE,
    };
    faults.add(format!("{field}.{member}"), refused);
    None
}

/// An instant, or the first one of a day in UTC: the earlier it lies, the sooner a permission ends.
fn instant(typed: &str) -> Result<Timestamp, Invalid> {
    let typed = typed.trim();
    let day = || {
        typed
            .parse::<Date>()
            .ok()?
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    };
    kernel::instant::parse(typed).or_else(|invalid| day().ok_or(invalid))
}

/// A line of text without the spaces around it; `None` where nothing is left.
pub(super) fn line(typed: &str, limit: usize) -> Result<Option<String>, Invalid> {
    let typed = typed.trim();
    if !is_clean(typed) {
        return Err(Invalid::new(
            "control_character",
            "Ce texte contient un caractère de contrôle.",
            "This text holds a control character.",
        ));
    }
    if typed.chars().count() > limit {
        return Err(Invalid {
            code: "too_long",
            message: Text {
                fr: Cow::Owned(format!("{limit} caractères au plus.")),
                en: Cow::Owned(format!("At most {limit} characters.")),
            },
        });
    }
    Ok((!typed.is_empty()).then(|| typed.to_owned()))
}

fn is_clean(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// A variable may have lines and tabs.
fn is_unprintable(sign: char) -> bool {
    sign.is_control() && !matches!(sign, '\n' | '\r' | '\t')
}

/// The member is missing.
pub(super) const REQUIRED: Invalid = Invalid::new(
    "required",
    "Ce champ est obligatoire.",
    "This member is required.",
);

/// The member has another type.
pub(super) const WRONG_TYPE: Invalid = Invalid::new(
    "wrong_type",
    "Ce champ n'a pas le bon type.",
    "This member has the wrong type.",
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::Country;

    #[test]
    fn a_text_is_trimmed_counted_and_free_of_control_characters() {
        assert_eq!(name("  Zoé ").unwrap().as_deref(), Some("Zoé"));
        assert_eq!(name(" ").unwrap(), None);
        assert_eq!(name("a\0b").unwrap_err().code, "control_character");
        assert_eq!(name(&"é".repeat(100)).unwrap().unwrap().chars().count(), 100);
        assert_eq!(name(&"é".repeat(101)).unwrap_err().code, "too_long");
    }

    #[test]
    fn a_postal_code_is_french_unless_the_number_is_not() {
        let number = |typed| PhoneNumber::parse(typed, Country::FR).unwrap();
        let (french, belgian) = (number("0639981234"), number("+32470123456"));
        assert_eq!(
            postal_code("1000", Some(&french)).unwrap().as_deref(),
            Some("01000")
        );
        assert_eq!(
            postal_code("1000", Some(&belgian)).unwrap().as_deref(),
            Some("1000")
        );
        assert_eq!(
            postal_code("99999", Some(&french)).unwrap_err().code,
            "postal_code_invalid"
        );
        assert_eq!(
            postal_code("SW1A 1AA", None).unwrap().as_deref(),
            Some("SW1A 1AA")
        );
    }

    #[test]
    fn variables_hold_scalars_within_their_limits() {
        let read =
            |value: Value| variables(value.as_object().unwrap().clone()).map_err(|invalid| invalid.code);
        assert!(read(json!({ "a": "x\ny", "b": 1.5, "c": true })).is_ok());
        for wrong in [
            json!({ "a": null }),
            json!({ "a": [] }),
            json!({ "": 1 }),
            json!({ "a": "\0" }),
        ] {
            assert_eq!(read(wrong), Err("variable_invalid"));
        }
        let many: Map<_, _> = (0..51).map(|n| (n.to_string(), json!(n))).collect();
        assert_eq!(read(Value::Object(many)), Err("too_many"));
        assert_eq!(read(json!({ "a": "x".repeat(10_241) })), Err("too_long"));
    }

    #[test]
    fn a_contract_names_what_it_lacks() {
        let mut faults = Faults::default();
        let given = json!({ "reference": "C-1", "ends_at": "soon" });
        assert_eq!(
            contract(given.as_object().unwrap(), "contract", &mut faults),
            None
        );
        let found: Vec<_> = faults
            .iter()
            .map(|fault| (fault.field.as_str(), fault.invalid.code))
            .collect();
        assert_eq!(
            found,
            [
                ("contract.object", "required"),
                ("contract.ends_at", "timestamp_invalid")
            ]
        );
        assert_eq!(instant("2027-01-31").unwrap().to_string(), "2027-01-31T00:00:00Z");
    }
}
