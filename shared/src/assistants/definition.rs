//! An assistant as Vapi is told of it.

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::scripts::script;
use super::{Settings, disclosure, tools};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::kernel::ids::{AssistantId, OrganizationId};

/// The path that Vapi posts its messages to.
const WEBHOOK_PATH: &str = "/api/v1/vapi/webhook";

/// The messages that we need and no others: `conversation-update` alone grows with the square of a call's length.
/// `phone-call-control` would make hanging up our job.
const SERVER_MESSAGES: [&str; 6] = [
    "status-update",
    "end-of-call-report",
    "tool-calls",
    "transcript[transcriptType=\"final\"]",
    "transfer-update",
    "transfer-destination-request",
];

/// The whole definition: what Vapi takes for a creation, and for a change, since nested objects are replaced.
pub(super) async fn definition(
    app: &App,
    settings: &Settings,
    organization: OrganizationId,
    id: AssistantId,
) -> Result<Value, SecretsError> {
    let script = script(settings.language);
    Ok(json!({
        "name": settings.name.as_str(),
        "firstMessage": disclosure::first_message(settings),
        "firstMessageMode": "assistant-speaks-first",
        // What the law wants said is said to its end.
        "firstMessageInterruptionsEnabled": false,
        "endCallMessage": script.goodbye,
        "maxDurationSeconds": settings.max_duration.seconds(),
        "model": model(settings),
        "voice": settings.voice.to_vapi(settings.language),
        "transcriber": {
            "provider": "deepgram",
            "model": "nova-3",
            "language": settings.language.as_str(),
        },
        // Off unless asked for. No message is left: the assistant hangs up on machines.
        "voicemailDetection": { "provider": "vapi" },
        "artifactPlan": artifact_plan(settings),
        // Both are open to whoever knows their address unless they are closed.
        "monitorPlan": { "listenEnabled": false, "controlEnabled": false },
        "server": server(app).await?,
        "serverMessages": SERVER_MESSAGES,
        "metadata": {
            "organization_id": organization.to_string(),
            "assistant_id": id.to_string(),
        },
    }))
}

fn model(settings: &Settings) -> Value {
    json!({
        "provider": "openai",
        "model": settings.model.as_str(),
        "messages": [{ "role": "system", "content": disclosure::system_prompt(settings) }],
        "tools": tools::of(settings),
    })
}

/// Recording is on unless it is switched off. Sentiment is judged from the text alone: judging a voice may be emotion
/// recognition in the sense of the AI Act. Three members of one output cost one question to a model.
fn artifact_plan(settings: &Settings) -> Value {
    json!({
        "recordingEnabled": settings.recording,
        "videoRecordingEnabled": false,
        "transcriptPlan": { "enabled": true },
        "structuredOutputs": [{
            "name": "call_analysis",
            "type": "ai",
            "description": "How the person felt about the call, judged from the words alone, and what was said.",
            "schema": {
                "type": "object",
                "properties": {
                    "sentiment": {
                        "type": "string",
                        "enum": ["positive", "neutral", "negative"],
                        "description": "The attitude of the person who was called.",
                    },
                    "score": {
                        "type": "number",
                        "description": "From 0, very negative, to 1, very positive.",
                    },
                    "summary": {
                        "type": "string",
                        "description": format!(
                            "Two sentences, in the language with the code {}: what was said and what was agreed.",
                            settings.language
                        ),
                    },
                },
                "required": ["sentiment", "score", "summary"],
            },
        }],
    })
}

/// Vapi tries once unless it is told to try again, and signs nothing unless it is told how.
async fn server(app: &App) -> Result<Value, SecretsError> {
    let mut server = json!({
        "url": format!("{}{WEBHOOK_PATH}", app.config.vapi_webhook_url),
        "timeoutSeconds": 20,
        "backoffPlan": {
            "type": "exponential",
            "maxRetries": 5,
            "baseDelaySeconds": 1,
            "excludedStatusCodes": [400, 401, 403, 404],
        },
    });
    match &app.config.vapi_credential_id {
        Some(credential) => server["credentialId"] = credential.as_str().into(),
        None => {
            let secrets = app.vapi_webhook_secrets.get().await?;
            let current = secrets
                .first()
                .ok_or_else(|| SecretsError::Absent(app.config.vapi_webhook_secret.clone()))?;
            let authorization = format!("Bearer {}", current.expose_secret());
            server["headers"] = json!({ "Authorization": authorization });
        }
    }
    Ok(server)
}
