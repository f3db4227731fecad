//! A consent to record, as it is sent: what each member may hold.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Company;
use crate::kernel::fault::Text;
use crate::kernel::instant::{self, whole_microseconds};
use crate::kernel::shown::shows;
use crate::kernel::{Invalid, Siren};

const NAME_LIMIT: usize = 200;
const OBJECT_LIMIT: usize = 500;
const WORDING_LIMIT: usize = 10_000;
const VERSION_LIMIT: usize = 50;
const CHANNEL_LIMIT: usize = 50;
const ACT_LIMIT: usize = 2000;
const EVIDENCE_LIMIT: usize = 4000;
/// Where only the beginning of an agreed date and time is told: a call that begins then, not an afternoon.
const SLOT: SignedDuration = SignedDuration::from_mins(15);
/// "A precisely specified date and time" (L223-1, paragraph 6).
const LONGEST_SLOT: SignedDuration = SignedDuration::from_hours(4);
/// How far another's clock may be ahead of ours.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// What somebody may agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Canvassing by telephone (L223-1 code de la consommation).
    Phone,
    /// By an automated voice (L34-5 code des postes et des communications électroniques).
    AutomatedVoice,
    /// By text message (L34-5).
    Sms,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Phone, Self::AutomatedVoice, Self::Sms];

    /// As in the database and in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::AutomatedVoice => "automated_voice",
            Self::Sms => "sms",
        }
    }

    /// Reads what [`Purpose::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }
}

/// A date and time to which the person agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct SpecialSlot {
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub ends_at: Timestamp,
}

/// A consent to record.
#[derive(Clone)]
pub struct NewConsent {
    /// What for.
    pub purposes: Vec<Purpose>,
    /// About what.
    pub object: String,
    /// By whom the person may be called.
    pub advertiser: Company,
    /// Who calls in its name.
    pub third_party: Option<Company>,
    /// The text that was shown.
    pub text: String,
    /// Its version.
    pub text_version: String,
    /// How it was asked.
    pub channel: String,
    /// What the person did.
    pub positive_act: Option<String>,
    /// When.
    pub collected_at: Timestamp,
    /// Until when, where less than a year was agreed to.
    pub valid_until: Option<Timestamp>,
    /// A date and time outside the lawful hours.
    pub special_slot: Option<SpecialSlot>,
    /// What proves it.
    pub evidence: Option<Value>,
}

shows!(NewConsent, purposes, channel);

/// A withdrawal to record.
#[derive(Clone, Default)]
pub struct NewWithdrawal {
    /// How it was told: `api`, a source of the list of numbers never to be called (`sms_stop`, `call`, `proof_page` …), or a
    /// word of the organisation's own.
    pub channel: Option<String>,
    /// In which words.
    pub quote: Option<String>,
    /// What proves it: the call or the message in which it was told.
    pub evidence: Option<Value>,
}

shows!(NewWithdrawal, channel);

impl NewConsent {
    /// Reads purposes: at least one, each once.
    pub fn parse_purposes(given: &[String]) -> Result<Vec<Purpose>, Invalid> {
        let mut purposes = Vec::new();
        for word in given {
            let purpose = Purpose::parse(word.trim()).ok_or(PURPOSE_UNKNOWN)?;
            if !purposes.contains(&purpose) {
                purposes.push(purpose);
            }
        }
        if purposes.is_empty() {
            return Err(PURPOSE_UNKNOWN);
        }
        Ok(purposes)
    }

    /// Reads what it is about.
    pub fn parse_object(typed: &str) -> Result<String, Invalid> {
        text(typed, OBJECT_LIMIT)
    }

    /// Reads the name of a company.
    pub fn parse_name(typed: &str) -> Result<String, Invalid> {
        text(typed, NAME_LIMIT)
    }

    /// Reads its number.
    pub fn parse_siren(typed: &str) -> Result<String, Invalid> {
        Siren::parse(typed).map(|siren| siren.as_str().to_owned())
    }

    /// Reads the text that was shown, as it was shown.
    pub fn parse_text(typed: String) -> Result<String, Invalid> {
        text(&typed, WORDING_LIMIT).map(|_| typed)
    }

    /// Reads its version.
    pub fn parse_text_version(typed: &str) -> Result<String, Invalid> {
        text(typed, VERSION_LIMIT)
    }

    /// Reads how it was asked.
    pub fn parse_channel(typed: &str) -> Result<String, Invalid> {
        text(typed, CHANNEL_LIMIT)
    }

    /// Reads what the person did.
    pub fn parse_positive_act(typed: &str) -> Result<String, Invalid> {
        text(typed, ACT_LIMIT)
    }

    /// Reads when it was given: with its zone, and not in the future.
    pub fn parse_collected_at(typed: &str, now: Timestamp) -> Result<Timestamp, Invalid> {
        let collected_at = whole_microseconds(instant::parse(typed)?);
        if collected_at.duration_since(now) > CLOCKS_DIFFER {
            return Err(Invalid::new(
                "in_the_future",
                "Cette date est dans le futur.",
                "This date is in the future.",
            ));
        }
        Ok(collected_at.min(now))
    }

    /// Reads until when it counts.
    pub fn parse_valid_until(typed: &str) -> Result<Timestamp, Invalid> {
        instant::parse(typed).map(whole_microseconds)
    }

    /// Reads a date and time: its beginning, or both ends.
    pub fn parse_special_slot(given: &Value) -> Result<SpecialSlot, Invalid> {
        let read = |value: Option<&Value>| value.and_then(Value::as_str).map(instant::parse);
        let (starts_at, ends_at) = match given {
            Value::String(typed) => {
                let starts_at = instant::parse(typed)?;
                (starts_at, starts_at.checked_add(SLOT).map_err(|_| SLOT_INVALID)?)
            }
            Value::Object(members) => {
                let starts_at = read(members.get("starts_at")).ok_or(SLOT_INVALID)??;
                (starts_at, read(members.get("ends_at")).ok_or(SLOT_INVALID)??)
            }
            _ => return Err(SLOT_INVALID),
        };
        let lasts = ends_at.duration_since(starts_at);
        if lasts <= SignedDuration::ZERO || lasts > LONGEST_SLOT {
            return Err(SLOT_INVALID);
        }
        Ok(SpecialSlot {
            starts_at: whole_microseconds(starts_at),
            ends_at: whole_microseconds(ends_at),
        })
    }

    /// Reads what proves it: a text, or an object of the organisation's own making.
    pub fn parse_evidence(given: Value) -> Result<Value, Invalid> {
        let says_something = match &given {
            Value::String(typed) => !typed.trim().is_empty(),
            Value::Object(members) => !members.is_empty(),
            _ => false,
        };
        if !says_something || given.to_string().len() > EVIDENCE_LIMIT || holds_nul(&given) {
            return Err(Invalid::new(
                "evidence_invalid",
                "La preuve est un texte ou un objet JSON, non vide, de 4 000 caractères au plus.",
                "The evidence is a text or a JSON object, not empty, of at most 4,000 characters.",
            ));
        }
        Ok(given)
    }
}

impl NewWithdrawal {
    /// Reads how it was told.
    pub fn parse_channel(typed: &str) -> Result<String, Invalid> {
        text(typed, CHANNEL_LIMIT)
    }

    /// Reads in which words.
    pub fn parse_quote(typed: &str) -> Result<String, Invalid> {
        text(typed, ACT_LIMIT)
    }
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_nul),
        Value::Object(members) => holds_nul_member(members),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn holds_nul_member(members: &Map<String, Value>) -> bool {
    members
        .iter()
        .any(|(name, value)| name.contains('\0') || holds_nul(value))
}

/// A text of 1 to `limit` characters, without the spaces around it.
fn text(typed: &str, limit: usize) -> Result<String, Invalid> {
    let typed = typed.trim();
    let printable = |sign: char| !sign.is_control() || matches!(sign, '\n' | '\r' | '\t');
    if typed.is_empty() || typed.chars().count() > limit || !typed.chars().all(printable) {
        return Err(Invalid {
            code: "text_invalid",
            message: Text {
                fr: Cow::Owned(format!("Un texte de 1 à {limit} caractères est attendu.")),
                en: Cow::Owned(format!("Must be a text of 1 to {limit} characters.")),
            },
        });
    }
    Ok(typed.to_owned())
}

const PURPOSE_UNKNOWN: Invalid = Invalid::new(
    "purpose_unknown",
    "Les finalités sont phone, automated_voice et sms ; il en faut au moins une.",
    "The purposes are phone, automated_voice and sms; at least one is needed.",
);

const SLOT_INVALID: Invalid = Invalid::new(
    "special_slot_invalid",
    "Le créneau est une date et une heure précises, ou starts_at et ends_at à quatre heures d'écart au plus.",
    "The slot is a precise date and time, or starts_at and ends_at at most four hours apart.",
);
