//! What an assistant can do besides talking: hang up, note an objection, put through, book.

use serde_json::{Value, json};

use super::scripts::{Script, script};
use super::{AssistantType, Settings};

/// The tool with which an assistant books an appointment; `vapi-webhook` answers it.
pub const BOOKING_TOOL: &str = "book_appointment";

/// The tool with which an assistant passes on that the person objects; every assistant has it, and `vapi-webhook` answers
/// it.
pub use crate::adapters::vapi::OBJECTION_TOOL;

/// Whether assistants of this type book appointments. On call, nobody plans: a person is looked for.
pub(super) fn books(assistant_type: AssistantType) -> bool {
    match assistant_type {
        AssistantType::Rdv | AssistantType::Outbound => true,
        AssistantType::Astreinte | AssistantType::Info => false,
    }
}

/// The tools as Vapi is told of them.
pub(super) fn of(settings: &Settings) -> Vec<Value> {
    let script = script(settings.language);
    let mut tools = vec![json!({ "type": "endCall" }), objecting(script)];
    if let Some(number) = &settings.transfer_number {
        tools.push(json!({
            "type": "transferCall",
            "destinations": [{
                "type": "number",
                "number": number.as_str(),
                "message": script.transferring,
            }],
        }));
    }
    if books(settings.assistant_type) {
        tools.push(booking(script.checking));
    }
    tools
}

/// An objection may be oral, and takes effect at once (R223-3 code de la consommation; RGPD, article 21(2)).
fn objecting(script: &Script) -> Value {
    json!({
        "type": "function",
        "messages": [{ "type": "request-start", "content": script.noting }],
        "function": {
            "name": OBJECTION_TOOL,
            "description": "Notes that the person does not want to be called or texted any more, says stop, or takes their \
                            consent back: call it as soon as they do, even half-heartedly, and once. The answer says \
                            whether it is noted: tell the person so, then end the call.",
            "parameters": {
                "type": "object",
                "properties": {
                    "quote": { "type": "string", "description": "What the person said, in their own words." },
                },
                "required": ["quote"],
            },
        },
    })
}

/// Day and hour apart, without a zone: models write a zone where none is known. Vapi posts the call to the assistant's own
/// server. Without a sentence of ours it would say one of its own, in English.
fn booking(checking: &str) -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "function",
        "messages": [{ "type": "request-start", "content": checking }],
        "function": {
            "name": BOOKING_TOOL,
            "description": "Books an appointment at the day and hour that the person has agreed to. The answer says whether \
                            it is booked; if it is not, the answer says why and what to ask the person.",
            "parameters": {
                "type": "object",
                "properties": {
                    "date": { "type": "string", "format": "date", "description": "The day, such as 2026-11-24." },
                    "time": text("The hour on the organisation's own clock, 24 hours, such as 14:30."),
                    "duration_minutes": {
                        "type": "integer",
                        "description": "How long it takes: a multiple of 5. 30 unless something else was agreed.",
                    },
                    "name": text("The person's full name, as they said it."),
                    "phone": text("A telephone number, only if the person gave another one than they are speaking from."),
                    "email": text("The person's e-mail address, only if they gave one."),
                    "notes": text("What the appointment is about, in one sentence."),
                },
                "required": ["date", "time"],
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assistants::NewAssistant;
    use crate::assistants::tests::new;
    use crate::kernel::Language;

    #[test]
    fn in_every_language_and_type_an_objection_can_be_noted() {
        for language in Language::ALL {
            for assistant_type in AssistantType::ALL {
                let settings = NewAssistant {
                    language,
                    assistant_type,
                    ..new("Accueil")
                }
                .settings();
                let noting = |tool: &&Value| tool["function"]["name"] == OBJECTION_TOOL;
                assert_eq!(of(&settings).iter().filter(noting).count(), 1);
                assert!(script(language).rules.contains(OBJECTION_TOOL), "{language}");
            }
        }
    }

    #[test]
    fn those_who_plan_can_book() {
        for (assistant_type, booking) in [
            (AssistantType::Rdv, true),
            (AssistantType::Outbound, true),
            (AssistantType::Info, false),
            (AssistantType::Astreinte, false),
        ] {
            let settings = NewAssistant {
                assistant_type,
                ..new("Accueil")
            }
            .settings();
            let tools = of(&settings);
            let tool = tools.iter().find(|tool| tool["function"]["name"] == BOOKING_TOOL);
            assert_eq!(tool.is_some(), booking, "{assistant_type:?}");
        }
    }
}
