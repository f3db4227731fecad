//! Assistants as the outside sees them.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use zencall::assistants;
use zencall::kernel::ids::AssistantId;

/// An assistant.
#[derive(Debug, Serialize, ToSchema)]
pub struct Assistant {
    /// Ours.
    id: AssistantId,
    /// Vapi's.
    vapi_assistant_id: String,
    /// At most 40 characters.
    name: String,
    /// `astreinte`, `rdv`, `info` or `outbound`.
    #[serde(rename = "type")]
    assistant_type: &'static str,
    /// `fr`, `en`, `es`, `nl` or `ar`.
    language: &'static str,
    /// A model of OpenAI.
    model: String,
    /// A name of the catalogue, `11labs:<id>` or `azure:<id>`.
    voice: String,
    /// The organisation's instructions. Ours, which stand above them, are not shown.
    system_prompt: String,
    /// What it says after it has said that it is a machine, for whom and why it calls.
    first_message: String,
    /// Whom it hands over to, in E.164.
    #[schema(required)]
    transfer_number: Option<String>,
    /// How long a call may last.
    max_duration_seconds: i32,
    /// Whether its calls are recorded.
    recording: bool,
    /// When Vapi's copy was last seen to say what we told it to, and so what the law wants said.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    checked_at: Option<Timestamp>,
    /// Since when Vapi's copy is known to be something else: until it is told again, nobody is called.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    drifted_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<assistants::Assistant> for Assistant {
    fn from(assistant: assistants::Assistant) -> Self {
        let settings = assistant.settings;
        Self {
            id: assistant.id,
            vapi_assistant_id: assistant.vapi_assistant_id,
            name: settings.name.as_str().to_owned(),
            assistant_type: settings.assistant_type.as_str(),
            language: settings.language.as_str(),
            model: settings.model.as_str().to_owned(),
            voice: settings.voice.as_str().to_owned(),
            system_prompt: settings.system_prompt,
            first_message: settings.first_message,
            transfer_number: settings.transfer_number.map(|number| number.as_str().to_owned()),
            max_duration_seconds: settings.max_duration.seconds(),
            recording: settings.recording,
            checked_at: assistant.compliance.checked_at,
            drifted_at: assistant.compliance.drifted_at,
            created_at: assistant.created_at,
            updated_at: assistant.updated_at,
        }
    }
}

/// One assistant.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantAnswer {
    assistant: Assistant,
}

impl From<assistants::Assistant> for AssistantAnswer {
    fn from(assistant: assistants::Assistant) -> Self {
        Self {
            assistant: assistant.into(),
        }
    }
}

/// An assistant that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedAnswer {
    /// Always true.
    success: bool,
    /// Vapi's id.
    vapi_assistant_id: String,
    assistant: Assistant,
}

impl From<assistants::Assistant> for CreatedAnswer {
    fn from(assistant: assistants::Assistant) -> Self {
        Self {
            success: true,
            vapi_assistant_id: assistant.vapi_assistant_id.clone(),
            assistant: assistant.into(),
        }
    }
}

/// An assistant that was changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangedAnswer {
    /// Always true.
    success: bool,
    assistant: Assistant,
}

impl From<assistants::Assistant> for ChangedAnswer {
    fn from(assistant: assistants::Assistant) -> Self {
        Self {
            success: true,
            assistant: assistant.into(),
        }
    }
}

/// What was repaired between Vapi and us.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncAnswer {
    /// Made again at Vapi, where they were gone.
    created: usize,
    /// Told again, where they were something else.
    updated: usize,
    /// Deleted at Vapi, where no assistant of the organisation was behind them.
    deleted: usize,
    /// As they should be.
    unchanged: usize,
}

impl From<assistants::Synced> for SyncAnswer {
    fn from(synced: assistants::Synced) -> Self {
        Self {
            created: synced.created,
            updated: synced.updated,
            deleted: synced.deleted,
            unchanged: synced.unchanged,
        }
    }
}
