//! Values that fit a schema: structured outputs, structured data, arguments of tools.

use serde_json::{Map, Value, json};

use super::conversation::{Conversation, Tone};
use crate::sandbox::chance::{Chance, iso, new_id, now};

/// What is known of a call when its outputs are made.
pub(crate) struct Facts<'a> {
    pub(crate) conversation: &'a Conversation,
    pub(crate) messages: usize,
    pub(crate) seconds: f64,
    pub(crate) ended_reason: &'a str,
}

/// The outputs that an artifact plan asks for, and those whose conditions were not met, each by a generated id.
pub(crate) fn structured(plan: &Value, facts: &Facts<'_>, chance: &mut Chance) -> (Value, Value) {
    let (mut made, mut skipped) = (Map::new(), Map::new());
    for wanted in plan["structuredOutputs"].as_array().into_iter().flatten() {
        let id = new_id().to_string();
        match unmet(&wanted["conditions"], facts) {
            Some(condition) => {
                let entry = json!({ "name": wanted["name"], "unmetCondition": condition });
                skipped.insert(id, entry);
            }
            None => {
                let name = wanted["name"].as_str().unwrap_or_default();
                let result = value(&wanted["schema"], name, facts.conversation, chance);
                made.insert(id, json!({ "name": name, "result": result }));
            }
        }
    }
    (made.into(), skipped.into())
}

fn unmet<'a>(conditions: &'a Value, facts: &Facts<'_>) -> Option<&'a Value> {
    conditions.as_array()?.iter().find(|condition| {
        let met = match condition["type"].as_str() {
            Some("minMessages") => {
                let count = condition["count"].as_f64().unwrap_or(0.0);
                u32::try_from(facts.messages).is_ok_and(|messages| f64::from(messages) >= count)
            }
            Some("minCallDuration") => facts.seconds >= condition["seconds"].as_f64().unwrap_or(0.0),
            _ => {
                let listed = condition["values"]
                    .as_array()
                    .is_some_and(|values| values.iter().any(|value| value == facts.ended_reason));
                listed == (condition["operator"] == "oneOf")
            }
        };
        !met
    })
}

/// A value that fits the schema and, where it can, the conversation.
pub(crate) fn value(schema: &Value, name: &str, conversation: &Conversation, chance: &mut Chance) -> Value {
    match schema["type"].as_str() {
        Some("object") => {
            let members = schema["properties"].as_object();
            members
                .into_iter()
                .flatten()
                .map(|(name, schema)| (name.clone(), value(schema, name, conversation, chance)))
                .collect()
        }
        Some("array") => json!([value(&schema["items"], name, conversation, chance)]),
        Some("boolean") => json!(conversation.tone != Tone::Negative),
        Some("integer") => json!(match conversation.tone {
            Tone::Positive => 8 + chance.below(3),
            Tone::Neutral => 5 + chance.below(3),
            Tone::Negative => 1 + chance.below(3),
        }),
        Some("number") => json!(match conversation.tone {
            Tone::Positive => 0.9,
            Tone::Neutral => 0.5,
            Tone::Negative => 0.1,
        }),
        _ => text(schema, name, conversation, chance),
    }
}

fn text(schema: &Value, name: &str, conversation: &Conversation, chance: &mut Chance) -> Value {
    if let Some(words) = schema["enum"].as_array().filter(|words| !words.is_empty()) {
        let fitting = words.iter().find(|word| {
            word.as_str()
                .is_some_and(|word| tone_of(word) == Some(conversation.tone))
        });
        return fitting
            .or_else(|| chance.pick(words))
            .cloned()
            .unwrap_or_default();
    }
    let tomorrow = now() + jiff::SignedDuration::from_hours(24);
    let at = iso(tomorrow);
    match schema["format"].as_str() {
        Some("date-time") => json!(at),
        Some("date") => json!(at.get(..10)),
        Some("time") => json!("14:00:00Z"),
        Some("duration") => json!("PT30M"),
        Some("email") => json!("client@example.fr"),
        Some("hostname") => json!("example.fr"),
        Some("ipv4") => json!("192.0.2.1"),
        Some("ipv6") => json!("2001:db8::1"),
        Some("uuid") => json!(new_id().to_string()),
        _ if name.contains("phone") || name.contains("telephone") => json!("+33199000000"),
        _ => json!(conversation.summary),
    }
}

/// The tone that a word stands for, in French or English.
fn tone_of(word: &str) -> Option<Tone> {
    let word = word.to_lowercase();
    let begins = |beginnings: &[&str]| beginnings.iter().any(|start| word.starts_with(start));
    if begins(&["neg", "nég", "insatis", "mécontent", "mecontent", "unhappy"]) {
        Some(Tone::Negative)
    } else if begins(&["pos", "satis", "content", "happy"]) {
        Some(Tone::Positive)
    } else if begins(&["neu", "mixed", "mitig"]) {
        Some(Tone::Neutral)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::vapi::conversation::draw;

    #[test]
    fn values_fit_their_schema() {
        let schema = json!({
            "type": "object",
            "properties": {
                "sentiment": { "type": "string", "enum": ["negative", "neutral", "positive"] },
                "score": { "type": "number" },
                "resume": { "type": "string" },
                "suite": { "type": "array", "items": { "type": "boolean" } },
            },
        });
        for number in 0..20 {
            let mut chance = Chance::of(3, number);
            let conversation = draw(&Value::Null, &mut chance);
            let made = value(&schema, "x", &conversation, &mut chance);
            let tone = tone_of(made["sentiment"].as_str().unwrap());
            assert_eq!(tone, Some(conversation.tone));
            assert!(made["score"].is_number() && made["suite"][0].is_boolean());
            assert_eq!(made["resume"], conversation.summary);
        }
    }
}
