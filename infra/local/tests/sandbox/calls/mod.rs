//! Calls: orders, outcomes, webhooks.

mod orders;
mod outcomes;
mod tools;
mod webhooks;

use std::time::Duration;

use hmac::{KeyInit, Mac};
use serde_json::{Value, json};

use crate::support::{Receiver, World};

const CUSTOMER: &str = "+33639980001";

/// An assistant whose webhooks come here, signed, without retries.
fn assistant(receiver: &Receiver, world: &World) -> Value {
    json!({
        "name": "Agence",
        "firstMessage": "Bonjour {{prenom}}",
        "model": { "provider": "openai", "model": "gpt-4o-mini", "messages": [{ "role": "system", "content": "Consigne" }] },
        "serverMessages": ["status-update", "end-of-call-report", "tool-calls", "transcript[transcriptType=\"final\"]", "transfer-update"],
        "server": { "url": receiver.url, "credentialId": world.settings.vapi_credential_id },
        "monitorPlan": { "listenEnabled": false, "controlEnabled": false },
        "artifactPlan": { "structuredOutputs": [
            { "name": "sentiment", "schema": { "type": "object", "properties": {
                "sentiment": { "type": "string", "enum": ["positive", "neutral", "negative"] },
                "note": { "type": "integer" },
                "resume": { "type": "string" },
            } } },
            { "name": "long_calls", "schema": { "type": "string" }, "conditions": [{ "type": "minCallDuration", "seconds": 9000 }] },
        ] },
    })
}

async fn one_call(outcome: &str) -> (World, Receiver, Value, Value) {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    world.behave(json!({ "outcomes": { outcome: 1 } })).await;
    let (status, call) = world.call(&assistant(&receiver, &world), CUSTOMER).await;
    assert_eq!(status, 201, "{call}");
    let report = receiver.report().await;
    (world, receiver, call, report)
}
