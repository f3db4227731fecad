//! What an assistant is set to: values with rules.

use crate::adapters::vapi::LONGEST_NAME;
use crate::kernel::Invalid;

/// The longest instructions, in characters.
const LONGEST_PROMPT: usize = 10_000;
/// The longest first message, in characters.
const LONGEST_FIRST_MESSAGE: usize = 1_000;

/// What an assistant is for. Any type may call; the type chooses its instructions and its voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssistantType {
    /// Out-of-hours service: takes urgent requests.
    Astreinte,
    /// Appointments: confirms, moves, cancels.
    Rdv,
    /// Information: answers questions.
    Info,
    /// Outbound campaigns.
    Outbound,
}

impl AssistantType {
    /// Every type.
    pub const ALL: [Self; 4] = [Self::Astreinte, Self::Rdv, Self::Info, Self::Outbound];

    /// Reads a type, in any case.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let typed = typed.trim();
        let known = Self::ALL.into_iter();
        known
            .clone()
            .find(|known| known.as_str().eq_ignore_ascii_case(typed))
            .ok_or(Invalid::new(
                "assistant_type_invalid",
                "Ce type n'existe pas : astreinte, rdv, info ou outbound.",
                "There is no such type: astreinte, rdv, info or outbound.",
            ))
    }

    /// As in the database and in requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Astreinte => "astreinte",
            Self::Rdv => "rdv",
            Self::Info => "info",
            Self::Outbound => "outbound",
        }
    }
}

/// The name of an assistant: one line that Vapi takes too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssistantName(String);

impl AssistantName {
    /// Reads a name of 1 to 40 characters, counted as Vapi counts them.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let typed = filled(typed)?;
        if typed.chars().map(char::len_utf16).sum::<usize>() > LONGEST_NAME {
            return Err(Invalid::new(
                "too_long",
                "40 caractères au plus.",
                "40 characters at most.",
            ));
        }
        if typed.chars().any(char::is_control) {
            return Err(Invalid::new(
                "name_invalid",
                "Un nom tient sur une seule ligne, sans caractère de contrôle.",
                "A name is one line without control characters.",
            ));
        }
        Ok(Self(typed.to_owned()))
    }

    pub(super) fn from_database(name: String) -> Self {
        Self(name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A language model of OpenAI that converses by text and in time for a call: those among Vapi's that neither speak by
/// themselves nor think for long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model(String);

const MODELS: [&str; 18] = [
    "gpt-4o-mini",
    "gpt-4o",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-5",
    "gpt-5-mini",
    "gpt-5-nano",
    "gpt-5.1",
    "gpt-5.2",
    "gpt-5.4",
    "gpt-5.4-mini",
    "gpt-5.4-nano",
    "gpt-5.5",
    "gpt-4-turbo",
    "gpt-4",
    "gpt-3.5-turbo",
    "chatgpt-4o-latest",
];

impl Default for Model {
    fn default() -> Self {
        Self(MODELS[0].to_owned())
    }
}

impl Model {
    /// Reads the name of a model.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let typed = typed.trim();
        let known = MODELS.iter().find(|known| known.eq_ignore_ascii_case(typed));
        known.map(|known| Self((*known).to_owned())).ok_or(Invalid::new(
            "model_invalid",
            "Ce modèle n'est pas proposé ; gpt-4o-mini convient à la plupart des usages.",
            "This model is not offered; gpt-4o-mini suits most uses.",
        ))
    }

    pub(super) fn from_database(name: String) -> Self {
        Self(name)
    }

    /// As OpenAI calls it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How long a call may last, in seconds, within Vapi's bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxDuration(i32);

impl Default for MaxDuration {
    fn default() -> Self {
        Self(600)
    }
}

impl MaxDuration {
    /// 10 seconds to 12 hours.
    pub fn parse(seconds: i64) -> Result<Self, Invalid> {
        match i32::try_from(seconds) {
            Ok(seconds @ 10..=43_200) => Ok(Self(seconds)),
            _ => Err(Invalid::new(
                "out_of_range",
                "Entre 10 et 43200 secondes.",
                "Must be between 10 and 43200 seconds.",
            )),
        }
    }

    pub(super) fn from_database(seconds: i32) -> Self {
        Self(seconds)
    }

    /// In seconds.
    pub fn seconds(self) -> i32 {
        self.0
    }
}

/// Reads instructions of an organisation's own.
pub fn parse_system_prompt(typed: &str) -> Result<String, Invalid> {
    text(
        typed,
        LONGEST_PROMPT,
        Invalid::new(
            "too_long",
            "10 000 caractères au plus.",
            "10,000 characters at most.",
        ),
    )
}

/// Reads what an assistant says after it has said what it is.
pub fn parse_first_message(typed: &str) -> Result<String, Invalid> {
    text(
        typed,
        LONGEST_FIRST_MESSAGE,
        Invalid::new(
            "too_long",
            "1 000 caractères au plus.",
            "1,000 characters at most.",
        ),
    )
}

fn text(typed: &str, longest: usize, too_long: Invalid) -> Result<String, Invalid> {
    let typed = filled(typed)?;
    if typed.chars().count() > longest {
        return Err(too_long);
    }
    // PostgreSQL's text cannot hold it.
    if typed.contains('\0') {
        return Err(Invalid::new(
            "text_invalid",
            "Ce texte contient un caractère de contrôle.",
            "This text holds a control character.",
        ));
    }
    Ok(typed.to_owned())
}

fn filled(typed: &str) -> Result<&str, Invalid> {
    let typed = typed.trim();
    (!typed.is_empty()).then_some(typed).ok_or(Invalid::new(
        "required",
        "Ce champ est obligatoire.",
        "This member is required.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_as_long_as_vapi_takes() {
        assert_eq!(AssistantName::parse(" Accueil ").unwrap().as_str(), "Accueil");
        assert!(AssistantName::parse(&"é".repeat(40)).is_ok());
        for (typed, code) in [
            ("  ", "required"),
            (&*"é".repeat(41), "too_long"),
            (&*"👍".repeat(21), "too_long"),
            ("deux\nlignes", "name_invalid"),
        ] {
            assert_eq!(AssistantName::parse(typed).unwrap_err().code, code, "{typed}");
        }
    }

    #[test]
    fn types_models_and_durations_are_those_offered() {
        for known in AssistantType::ALL {
            assert_eq!(AssistantType::parse(known.as_str()).unwrap(), known);
        }
        assert!(AssistantType::parse("vente").is_err());
        assert_eq!(Model::parse("GPT-4o").unwrap().as_str(), "gpt-4o");
        assert!(Model::parse("gpt-4o-realtime-preview-2024-10-01").is_err());
        assert!(MaxDuration::parse(9).is_err() && MaxDuration::parse(43_201).is_err());
        assert_eq!(MaxDuration::parse(10).unwrap().seconds(), 10);
    }
}
