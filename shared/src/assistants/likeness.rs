//! The parts of an assistant's definition that matter, read the same way from what we send and from what Vapi shows.
//! Vapi adds members and defaults of its own, so the two are never equal as they stand.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::kernel::hex;

/// Of which shape the hashed members are. A hash of another one says nothing.
const SHAPE: &str = "1:";

/// What is said, to whom it is told, and what is recorded: everything that decides whether the law is kept. Of members that
/// we never send, those by which something else would be said or done.
fn lawful(definition: &Value) -> Value {
    let model = &definition["model"];
    let messages = list(&model["messages"], |message| {
        json!([message["role"], message["content"]])
    });
    let mut server_messages: Vec<_> = texts(&definition["serverMessages"]);
    server_messages.sort_unstable();
    json!([
        definition["firstMessage"],
        definition["firstMessageMode"],
        is(&definition["firstMessageInterruptionsEnabled"], false),
        messages,
        list(&model["tools"], tool),
        filled(&model["toolIds"]),
        filled(&model["knowledgeBase"]),
        filled(&model["knowledgeBaseId"]),
        definition["transcriber"]["language"],
        is(&definition["artifactPlan"]["recordingEnabled"], true),
        is(&definition["artifactPlan"]["videoRecordingEnabled"], false),
        is(&definition["artifactPlan"]["transcriptPlan"]["enabled"], true),
        definition["voicemailDetection"]["provider"],
        filled(&definition["voicemailMessage"]),
        filled(&definition["hooks"]),
        is(&definition["compliancePlan"]["hipaaEnabled"], false),
        is(&definition["compliancePlan"]["pciEnabled"], false),
        filled(&definition["compliancePlan"]["recordingConsentPlan"]),
        is(&definition["monitorPlan"]["listenEnabled"], true),
        is(&definition["monitorPlan"]["controlEnabled"], true),
        definition["server"]["url"],
        server_messages,
        definition["metadata"]["organization_id"],
        definition["metadata"]["assistant_id"],
    ])
}

/// Which tool, and where it leads: what it is described as does not decide that.
fn tool(tool: &Value) -> Value {
    json!([
        tool["type"],
        tool["function"]["name"],
        filled(&tool["server"]["url"]),
        list(&tool["destinations"], |destination| {
            json!([
                destination["type"],
                destination["number"],
                filled(&destination["sipUri"])
            ])
        }),
    ])
}

/// A hash of what decides whether the law is kept.
pub(super) fn hash(definition: &Value) -> String {
    format!("{SHAPE}{}", hex(&Sha256::digest(lawful(definition).to_string())))
}

/// Whether two definitions are the same in what matters, the organisation's own settings included.
pub(super) fn alike(ours: &Value, theirs: &Value) -> bool {
    let settings = |definition: &Value| {
        json!([
            definition["name"],
            definition["endCallMessage"],
            definition["maxDurationSeconds"].as_f64(),
            definition["model"]["provider"],
            definition["model"]["model"],
            definition["voice"]["provider"],
            definition["voice"]["voiceId"],
            filled(&definition["server"]["credentialId"]),
        ])
    };
    lawful(ours) == lawful(theirs) && settings(ours) == settings(theirs)
}

fn list(value: &Value, read: impl Fn(&Value) -> Value) -> Vec<Value> {
    value.as_array().into_iter().flatten().map(read).collect()
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// A switch, with what it is where nobody has set it.
fn is(value: &Value, default: bool) -> bool {
    value.as_bool().unwrap_or(default)
}

/// Nothing and an empty something are the same.
fn filled(value: &Value) -> &Value {
    let is_empty = match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    if is_empty { &Value::Null } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Value {
        json!({
            "name": "Accueil",
            "firstMessage": "Bonjour, je suis l'assistant.",
            "firstMessageMode": "assistant-speaks-first",
            "maxDurationSeconds": 600,
            "model": {
                "provider": "openai",
                "model": "gpt-4o-mini",
                "messages": [{ "role": "system", "content": "Règles." }],
                "tools": [
                    { "type": "endCall" },
                    { "type": "function", "function": { "name": "book_appointment", "description": "Books." } },
                    { "type": "transferCall", "destinations": [{ "type": "number", "number": "+33162000009" }] },
                ],
            },
            "artifactPlan": { "recordingEnabled": false },
            "monitorPlan": { "listenEnabled": false, "controlEnabled": false },
            "server": { "url": "https://api.zencall.example/api/v1/vapi/webhook" },
            "serverMessages": ["status-update", "tool-calls"],
            "metadata": { "organization_id": "o", "assistant_id": "a" },
        })
    }

    #[test]
    fn what_vapi_adds_changes_nothing() {
        let mut theirs = ours();
        theirs["id"] = "v".into();
        theirs["createdAt"] = "2026-11-24T10:00:00Z".into();
        theirs["hooks"] = json!([]);
        theirs["voicemailMessage"] = "".into();
        theirs["maxDurationSeconds"] = json!(600.0);
        theirs["compliancePlan"] = json!({ "hipaaEnabled": false });
        theirs["serverMessages"] = json!(["tool-calls", "status-update"]);
        theirs["model"]["tools"][1]["async"] = false.into();
        theirs["model"]["temperature"] = 0.into();
        assert_eq!(hash(&ours()), hash(&theirs));
        assert!(alike(&ours(), &theirs));
    }

    #[test]
    fn whatever_would_be_said_done_or_recorded_otherwise_is_seen() {
        let changes: [fn(&mut Value); 13] = [
            |their| their["firstMessage"] = "Bonjour !".into(),
            |their| their["firstMessageMode"] = "assistant-waits-for-user".into(),
            |their| their["firstMessageInterruptionsEnabled"] = true.into(),
            |their| their["model"]["messages"][0]["content"] = "Tais ce que tu es.".into(),
            |their| their["model"]["messages"] = json!([]),
            |their| their["model"]["tools"] = json!([{ "type": "endCall" }]),
            |their| their["model"]["tools"][2]["destinations"][0]["number"] = "+33162000008".into(),
            |their| their["model"]["toolIds"] = json!(["t"]),
            // Vapi records unless it is told not to.
            |their| their["artifactPlan"] = json!({}),
            |their| their["voicemailMessage"] = "Rappelez-nous.".into(),
            |their| their["hooks"] = json!([{ "on": "call.ending" }]),
            |their| their["server"]["url"] = "https://elsewhere.example".into(),
            |their| their["serverMessages"] = json!(["status-update"]),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut theirs = ours();
            change(&mut theirs);
            assert_ne!(hash(&ours()), hash(&theirs), "{number}");
            assert!(!alike(&ours(), &theirs), "{number}");
        }
        // A name is no matter of law.
        let mut theirs = ours();
        theirs["name"] = "Autre".into();
        assert_eq!(hash(&ours()), hash(&theirs));
        assert!(!alike(&ours(), &theirs));
    }
}
