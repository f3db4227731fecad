//! Voice assistants: ours in the database, theirs at Vapi, tied by Vapi's id.
//!
//! The two cannot change in one transaction. What is made is made at Vapi first and undone there if the database refuses;
//! what is deleted is marked in the database first, where campaigns that need it are seen, and brought back if Vapi
//! refuses. What a lost answer may have left at Vapi carries our id.

mod check;
mod compliance;
mod create;
mod definition;
mod delete;
mod disclosure;
mod likeness;
mod liquid;
mod objection;
mod read;
pub mod said;
mod scripts;
mod store;
mod sync;
mod tell;
mod told_store;
mod tools;
mod transfer;
mod update;
mod values;
mod voices;

use jiff::Timestamp;

use crate::adapters::secrets::SecretsError;
use crate::adapters::vapi::VapiError;
use crate::db::DbError;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::AssistantId;
use crate::kernel::{Language, PhoneNumber};

pub use check::{Checked, check, too_old_at, unchecked};
pub use compliance::{Compliance, DISCLOSURES_VERSION, Lack};
pub use create::create;
pub use delete::delete;
pub(crate) use disclosure::commercial_notice;
pub use objection::{Objected, answer_to_objection};
pub use read::{list, organization_country, read};
pub(crate) use store::read_compliance;
pub use sync::{Synced, sync};
pub use tools::{BOOKING_TOOL, OBJECTION_TOOL};
pub use transfer::{nobody_to_transfer_to, transferring};
pub use update::update;
pub use values::{
    AssistantName, AssistantType, MaxDuration, Model, parse_first_message, parse_system_prompt,
};
pub use voices::Voice;

/// An assistant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assistant {
    /// Ours.
    pub id: AssistantId,
    /// Vapi's.
    pub vapi_assistant_id: String,
    /// What it is set to.
    pub settings: Settings,
    /// Whether it says what the law wants said.
    pub compliance: Compliance,
    /// A hash of what Vapi was told, in what matters.
    told_hash: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What an assistant is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its name.
    pub name: AssistantName,
    /// What it is for.
    pub assistant_type: AssistantType,
    /// What it speaks.
    pub language: Language,
    /// What it thinks with.
    pub model: Model,
    /// What it sounds like.
    pub voice: Voice,
    /// The organisation's instructions, or those of the type.
    pub system_prompt: String,
    /// What it says after it has said what it is.
    pub first_message: String,
    /// Whom it hands over to.
    pub transfer_number: Option<PhoneNumber>,
    /// How long a call may last.
    pub max_duration: MaxDuration,
    /// Whether its calls are recorded.
    pub recording: bool,
}

/// An assistant to make. What is left out comes from its type and its language.
#[derive(Debug, Clone)]
pub struct NewAssistant {
    /// Its name.
    pub name: AssistantName,
    /// What it is for.
    pub assistant_type: AssistantType,
    /// What it speaks.
    pub language: Language,
    /// What it thinks with.
    pub model: Option<Model>,
    /// What it sounds like.
    pub voice: Option<Voice>,
    /// Its instructions.
    pub system_prompt: Option<String>,
    /// What it says first of its own.
    pub first_message: Option<String>,
    /// Whom it hands over to.
    pub transfer_number: Option<PhoneNumber>,
    /// How long a call may last.
    pub max_duration: Option<MaxDuration>,
    /// Whether its calls are recorded; not unless asked for.
    pub recording: Option<bool>,
}

impl NewAssistant {
    /// The whole settings.
    pub fn settings(self) -> Settings {
        let (of_type, language) = (self.assistant_type, self.language);
        Settings {
            name: self.name,
            assistant_type: of_type,
            language,
            model: self.model.unwrap_or_default(),
            voice: self
                .voice
                .unwrap_or_else(|| Voice::default_for(of_type, language)),
            system_prompt: self
                .system_prompt
                .unwrap_or_else(|| disclosure::default_system_prompt(of_type, language)),
            first_message: self
                .first_message
                .unwrap_or_else(|| disclosure::default_first_message(of_type, language)),
            transfer_number: self.transfer_number,
            max_duration: self.max_duration.unwrap_or_default(),
            recording: self.recording.unwrap_or_default(),
        }
    }
}

/// Changes: `None` leaves a setting as it is, `Some(None)` gives it back its default.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Its name.
    pub name: Option<AssistantName>,
    /// What it is for.
    pub assistant_type: Option<AssistantType>,
    /// What it speaks.
    pub language: Option<Language>,
    /// What it thinks with.
    pub model: Option<Option<Model>>,
    /// What it sounds like.
    pub voice: Option<Option<Voice>>,
    /// Its instructions.
    pub system_prompt: Option<Option<String>>,
    /// What it says first of its own.
    pub first_message: Option<Option<String>>,
    /// Whom it hands over to; by default to nobody.
    pub transfer_number: Option<Option<PhoneNumber>>,
    /// How long a call may last.
    pub max_duration: Option<Option<MaxDuration>>,
    /// Whether its calls are recorded.
    pub recording: Option<Option<bool>>,
}

impl Changes {
    /// The settings after the change. What was a default of the former type and language becomes the new one's.
    pub fn apply(self, before: &Settings) -> Settings {
        let (former_type, former_language) = (before.assistant_type, before.language);
        let own = |value: &String, default: String| (*value != default).then(|| value.clone());
        let own_voice = Some(&before.voice)
            .filter(|voice| **voice != Voice::default_for(former_type, former_language))
            .cloned();
        let own_prompt = own(
            &before.system_prompt,
            disclosure::default_system_prompt(former_type, former_language),
        );
        let own_message = own(
            &before.first_message,
            disclosure::default_first_message(former_type, former_language),
        );
        NewAssistant {
            name: self.name.unwrap_or_else(|| before.name.clone()),
            assistant_type: self.assistant_type.unwrap_or(former_type),
            language: self.language.unwrap_or(former_language),
            model: self.model.unwrap_or_else(|| Some(before.model.clone())),
            voice: self.voice.unwrap_or(own_voice),
            system_prompt: self.system_prompt.unwrap_or(own_prompt),
            first_message: self.first_message.unwrap_or(own_message),
            transfer_number: self
                .transfer_number
                .unwrap_or_else(|| before.transfer_number.clone()),
            max_duration: self.max_duration.unwrap_or(Some(before.max_duration)),
            recording: self.recording.unwrap_or(Some(before.recording)),
        }
        .settings()
    }
}

/// What an assistant is asked for by: our id or Vapi's, both UUIDs.
#[derive(Debug, Clone)]
pub struct AssistantKey(pub(crate) String);

impl AssistantKey {
    /// Any text; what is no id finds no assistant.
    pub fn new(typed: impl Into<String>) -> Self {
        let typed = typed.into();
        // No id of anybody holds such a character, and PostgreSQL would refuse it.
        Self(if typed.contains('\0') {
            String::new()
        } else {
            typed
        })
    }

    fn id(&self) -> Option<AssistantId> {
        AssistantId::parse(&self.0).ok()
    }
}

/// Something about an assistant was refused or failed; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AssistantError {
    /// There is none, or it is another organisation's.
    #[error("no such assistant")]
    NotFound,
    /// A campaign that calls, or will, needs it.
    #[error("a campaign uses the assistant")]
    InUse,
    /// Somebody changed it at the same time.
    #[error("the assistant was changed meanwhile")]
    Changed,
    /// Vapi refused or failed.
    #[error(transparent)]
    Vapi(#[from] VapiError),
    /// Secrets Manager failed.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for AssistantError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => Failure::new(
                Class::NotFound,
                "assistant_not_found",
                "Cet assistant n'existe pas.",
                "There is no such assistant.",
            ),
            Self::InUse => Failure::new(
                Class::Conflict,
                "assistant_in_use",
                "Une campagne en cours, planifiée ou en pause utilise cet assistant.",
                "A running, scheduled or paused campaign uses this assistant.",
            ),
            Self::Changed => Failure::new(
                Class::Conflict,
                "assistant_changed",
                "Cet assistant vient d'être modifié par quelqu'un d'autre. Relisez-le et recommencez.",
                "This assistant was just changed by somebody else. Read it again and retry.",
            ),
            Self::Vapi(error) => error.failure(),
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn new(name: &str) -> NewAssistant {
        NewAssistant {
            name: AssistantName::parse(name).unwrap(),
            assistant_type: AssistantType::Rdv,
            language: Language::Fr,
            model: None,
            voice: None,
            system_prompt: None,
            first_message: None,
            transfer_number: None,
            max_duration: None,
            recording: None,
        }
    }

    #[test]
    fn defaults_follow_type_and_language_and_what_was_chosen_stays() {
        let before = NewAssistant {
            first_message: Some("Bien le bonjour.".to_owned()),
            ..new("Accueil")
        }
        .settings();
        assert_eq!(before.voice.as_str(), "denise");
        assert!(!before.recording);
        let changes = Changes {
            language: Some(Language::Es),
            assistant_type: Some(AssistantType::Astreinte),
            ..Changes::default()
        };
        let after = changes.apply(&before);
        assert_eq!(after.voice.as_str(), "alvaro");
        assert!(after.system_prompt.contains("guardia"));
        assert_eq!(after.first_message, "Bien le bonjour.");
        let changes = Changes {
            first_message: Some(None),
            voice: Some(Voice::parse("nova").ok()),
            ..Changes::default()
        };
        let after = changes.apply(&after);
        assert_eq!(after.first_message, "¿Qué ocurre y dónde?");
        assert_eq!(after.voice.as_str(), "nova");
        assert_eq!(Changes::default().apply(&after), after);
    }
}
