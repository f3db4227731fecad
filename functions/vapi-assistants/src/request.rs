//! What an assistant is made from and changed by, and every fault of it at once.

use serde::Deserialize;
use utoipa::ToSchema;
use zencall::assistants::{
    AssistantName, AssistantType, Changes, MaxDuration, Model, NewAssistant, Voice, parse_first_message,
    parse_system_prompt,
};
use zencall::http::Member;
use zencall::kernel::{Country, Faults, Language, PhoneNumber};

/// An assistant to make. What is left out comes from its type and its language.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct CreateAssistant {
    /// At most 40 characters.
    #[serde(default)]
    #[schema(value_type = String, required, max_length = 40)]
    name: Member<String>,
    /// `astreinte`, `rdv`, `info` or `outbound`.
    #[serde(default, rename = "type")]
    #[schema(value_type = String, required)]
    assistant_type: Member<String>,
    /// `fr`, `en`, `es`, `nl` or `ar`.
    #[serde(default)]
    #[schema(value_type = String, required)]
    language: Member<String>,
    /// A model of OpenAI, default `gpt-4o-mini`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    model: Member<String>,
    /// A name of the catalogue, `11labs:<id>` or `azure:<id>`; by default one that suits type and language.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    voice: Member<String>,
    /// Instructions; by default those of the type.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 10000)]
    system_prompt: Member<String>,
    /// What it says after it has said that it is a machine, for whom and why it calls; by default that of the type.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    first_message: Member<String>,
    /// Whom it may hand over to, in E.164 or as dialled in the organisation's country.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    transfer_number: Member<String>,
    /// 10 to 43200, default 600.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 10, maximum = 43200)]
    max_duration_seconds: Member<i64>,
    /// Whether its calls are recorded, default no.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    recording: Member<bool>,
}

/// Changes of an assistant. What is left out stays; `null` gives a member back its default.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ChangeAssistant {
    /// Which one, where the path does not say it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) vapi_assistant_id: Member<String>,
    /// At most 40 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 40)]
    name: Member<String>,
    /// `astreinte`, `rdv`, `info` or `outbound`.
    #[serde(default, rename = "type")]
    #[schema(value_type = Option<String>)]
    assistant_type: Member<String>,
    /// `fr`, `en`, `es`, `nl` or `ar`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    language: Member<String>,
    /// A model of OpenAI.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    model: Member<String>,
    /// A name of the catalogue, `11labs:<id>` or `azure:<id>`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    voice: Member<String>,
    /// Instructions.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 10000)]
    system_prompt: Member<String>,
    /// What it says after it has said that it is a machine, for whom and why it calls.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    first_message: Member<String>,
    /// Whom it may hand over to; `null` for nobody.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    transfer_number: Member<String>,
    /// 10 to 43200.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 10, maximum = 43200)]
    max_duration_seconds: Member<i64>,
    /// Whether its calls are recorded.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    recording: Member<bool>,
}

impl CreateAssistant {
    /// The assistant that is wanted.
    pub fn parse(self, country: Country) -> Result<NewAssistant, Faults> {
        let mut faults = Faults::default();
        let (name, assistant_type) = (self.name, self.assistant_type);
        let name = name.required("name", &mut faults, |typed| AssistantName::parse(&typed));
        let assistant_type =
            assistant_type.required("type", &mut faults, |typed| AssistantType::parse(&typed));
        let language = self
            .language
            .required("language", &mut faults, |typed| Language::parse(&typed));
        let model = filled(self.model).optional("model", &mut faults, |typed| Model::parse(&typed));
        let voice = filled(self.voice).optional("voice", &mut faults, |typed| Voice::parse(&typed));
        let system_prompt = filled(self.system_prompt)
            .optional("system_prompt", &mut faults, |typed| parse_system_prompt(&typed));
        let first_message = filled(self.first_message)
            .optional("first_message", &mut faults, |typed| parse_first_message(&typed));
        let transfer_number =
            filled(self.transfer_number).optional("transfer_number", &mut faults, |typed| {
                PhoneNumber::parse(&typed, country)
            });
        let max_duration =
            self.max_duration_seconds
                .optional("max_duration_seconds", &mut faults, MaxDuration::parse);
        let recording = self.recording.optional("recording", &mut faults, Ok);
        faults.finish(|| {
            Some(NewAssistant {
                name: name?,
                assistant_type: assistant_type?,
                language: language?,
                model,
                voice,
                system_prompt,
                first_message,
                transfer_number,
                max_duration,
                recording,
            })
        })
    }
}

impl ChangeAssistant {
    /// The changes that are wanted; `faults` are those found before.
    pub fn parse(self, country: Country, mut faults: Faults) -> Result<Changes, Faults> {
        let (name, assistant_type) = (self.name, self.assistant_type);
        let changes = Changes {
            name: name.replacement("name", &mut faults, |typed| AssistantName::parse(&typed)),
            assistant_type: assistant_type
                .replacement("type", &mut faults, |typed| AssistantType::parse(&typed)),
            language: self
                .language
                .replacement("language", &mut faults, |typed| Language::parse(&typed)),
            model: filled(self.model).change("model", &mut faults, |typed| Model::parse(&typed)),
            voice: filled(self.voice).change("voice", &mut faults, |typed| Voice::parse(&typed)),
            system_prompt: filled(self.system_prompt)
                .change("system_prompt", &mut faults, |typed| parse_system_prompt(&typed)),
            first_message: filled(self.first_message)
                .change("first_message", &mut faults, |typed| parse_first_message(&typed)),
            transfer_number: filled(self.transfer_number).change("transfer_number", &mut faults, |typed| {
                PhoneNumber::parse(&typed, country)
            }),
            max_duration: self.max_duration_seconds.change(
                "max_duration_seconds",
                &mut faults,
                MaxDuration::parse,
            ),
            recording: self.recording.change("recording", &mut faults, Ok),
        };
        faults.finish(|| Some(changes))
    }
}

/// Forms send an empty text where nothing was typed: that is nothing.
fn filled(member: Member<String>) -> Member<String> {
    match member {
        Member::Given(typed) if typed.trim().is_empty() => Member::Null,
        member => member,
    }
}
