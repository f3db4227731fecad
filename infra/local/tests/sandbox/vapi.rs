//! Vapi's API: keys, shapes, assistants and numbers.

use serde_json::{Value, json};

use super::support::{ACCOUNT, NUMBER, TOKEN, World, client, import};

/// Everything that the product sends, and more.
fn full_assistant() -> Value {
    json!({
        "name": "Agence Étoile",
        "model": {
            "provider": "openai",
            "model": "gpt-4o-mini",
            "temperature": 0.4,
            "maxTokens": 250,
            "messages": [{ "role": "system", "content": "Vous êtes l'assistante de l'agence." }],
            "tools": [
                { "type": "endCall" },
                { "type": "transferCall", "destinations": [{ "type": "number", "number": "+33123456789", "transferPlan": { "mode": "blind-transfer" } }] },
                { "type": "function", "async": false, "function": {
                    "name": "book_appointment",
                    "description": "Prend un rendez-vous",
                    "parameters": { "type": "object", "properties": { "starts_at": { "type": "string", "format": "date-time" } }, "required": ["starts_at"] },
                } },
            ],
        },
        "voice": { "provider": "11labs", "voiceId": "sarah", "model": "eleven_turbo_v2_5", "language": "fr", "stability": 0.5, "similarityBoost": 0.75, "speed": 1.0 },
        "transcriber": { "provider": "deepgram", "model": "nova-3", "language": "fr" },
        "firstMessage": "Bonjour {{prenom}}",
        "firstMessageMode": "assistant-speaks-first",
        "maxDurationSeconds": 600,
        "endCallMessage": "Au revoir",
        "endCallPhrases": ["au revoir"],
        "voicemailDetection": { "provider": "vapi", "type": "audio", "backoffPlan": { "startAtSeconds": 5, "frequencySeconds": 5, "maxRetries": 6 } },
        "voicemailMessage": "Rappelez-nous.",
        "serverMessages": ["status-update", "end-of-call-report", "tool-calls", "transcript[transcriptType=\"final\"]", "transfer-update", "transfer-destination-request"],
        "server": { "url": "https://example.com/hook", "timeoutSeconds": 20, "headers": { "Authorization": "Bearer x" }, "backoffPlan": { "type": "exponential", "maxRetries": 5, "baseDelaySeconds": 1, "excludedStatusCodes": [400, 401] } },
        "metadata": { "organisation": "1" },
        "monitorPlan": { "listenEnabled": false, "controlEnabled": false },
        "artifactPlan": {
            "recordingEnabled": false,
            "transcriptPlan": { "enabled": true, "assistantName": "Assistante", "userName": "Client" },
            "structuredOutputs": [{ "name": "sentiment", "type": "ai", "description": "Ressenti", "schema": { "type": "object", "properties": { "sentiment": { "type": "string", "enum": ["positive", "neutral", "negative"] } }, "required": ["sentiment"] } }],
        },
        "analysisPlan": { "summaryPlan": { "enabled": true, "timeoutSeconds": 10 }, "minMessagesThreshold": 2 },
        "compliancePlan": { "hipaaEnabled": false },
        "startSpeakingPlan": { "waitSeconds": 0.6 },
        "stopSpeakingPlan": { "numWords": 2 },
        "transportConfigurations": [{ "provider": "twilio", "timeout": 30 }],
    })
}

#[tokio::test]
async fn a_key_is_needed() {
    let world = World::start().await;
    let url = format!("{}/vapi/assistant", world.sandbox.url());
    for request in [client().get(&url), client().get(&url).bearer_auth("wrong")] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401);
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["statusCode"], 401);
        assert_eq!(body["error"], "Unauthorized");
        assert!(body["message"].is_string());
    }
}

#[tokio::test]
async fn an_assistant_lives() {
    let world = World::start().await;
    let id = world.assistant(full_assistant()).await;
    let path = format!("/assistant/{id}");
    let (status, read) = world.vapi("GET", &path, None).await;
    assert_eq!(status, 200);
    assert_eq!(read["name"], "Agence Étoile");
    assert!(read["orgId"].is_string() && read["createdAt"].is_string());

    let (status, changed) = world
        .vapi(
            "PATCH",
            &path,
            Some(json!({ "name": "Autre", "voicemailMessage": null })),
        )
        .await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!(changed["name"], "Autre");
    assert!(changed.get("voicemailMessage").is_none());
    assert_eq!(changed["firstMessage"], "Bonjour {{prenom}}");

    let (_, list) = world.vapi("GET", "/assistant?limit=5", None).await;
    assert_eq!(list.as_array().unwrap().len(), 1);

    assert_eq!(world.vapi("DELETE", &path, None).await.0, 200);
    for method in ["GET", "DELETE"] {
        let (status, error) = world.vapi(method, &path, None).await;
        assert_eq!(status, 404);
        assert_eq!(error["error"], "Not Found");
    }
    assert_eq!(world.vapi("GET", "/assistant/1", None).await.0, 400);
}

#[tokio::test]
async fn shapes_are_checked() {
    let world = World::start().await;
    let cases = [
        (
            json!({ "serverUrl": "https://x.fr" }),
            "property serverUrl should not exist",
        ),
        (
            json!({ "silenceTimeoutSeconds": 30 }),
            "property silenceTimeoutSeconds should not exist",
        ),
        (
            json!({ "name": "n".repeat(41) }),
            "name must be shorter than or equal to 40 characters",
        ),
        (json!({ "name": null }), "name must be a string"),
        (
            json!({ "maxDurationSeconds": 5 }),
            "maxDurationSeconds must not be less than 10",
        ),
        (
            json!({ "maxDurationSeconds": 43_201 }),
            "maxDurationSeconds must not be greater than 43200",
        ),
        (
            json!({ "serverMessages": ["call-ended"] }),
            "each value in serverMessages must be one of the following values: ",
        ),
        (
            json!({ "firstMessageMode": "x" }),
            "firstMessageMode must be one of",
        ),
        (
            json!({ "model": { "provider": "openai" } }),
            "model.model must be",
        ),
        (
            json!({ "model": { "provider": "openai", "model": "gpt-4o", "systemPrompt": "x" } }),
            "model.property systemPrompt should not exist",
        ),
        (
            json!({ "model": { "provider": "x", "model": "y" } }),
            "model.provider must be one of",
        ),
        (
            json!({ "model": { "provider": "openai", "model": "gpt-9000" } }),
            "model.model must be one of",
        ),
        (
            json!({ "model": { "provider": "openai", "model": "gpt-4o", "temperature": 3 } }),
            "model.temperature must not be greater than 2",
        ),
        (
            json!({ "model": { "provider": "openai", "model": "gpt-4o", "messages": [{ "role": "bot", "content": "x" }] } }),
            "model.messages.0.role must be one of",
        ),
        (
            json!({ "model": { "provider": "openai", "model": "gpt-4o", "tools": [{ "type": "transferCall", "destinations": [{ "type": "number", "number": "0612345678" }] }] } }),
            "model.tools.0.destinations.0.number must be a valid phone number",
        ),
        (
            json!({ "model": { "provider": "openai", "model": "gpt-4o", "messages": [{ "role": "user" }] } }),
            "model.messages.0.content should not be null or undefined",
        ),
        (
            json!({ "voice": { "provider": "11labs" } }),
            "voice.voiceId must be a string",
        ),
        (
            json!({ "voice": { "provider": "11labs", "voiceId": "x", "speed": 2 } }),
            "voice.speed must not be greater than 1.2",
        ),
        (
            json!({ "transcriber": { "provider": "deepgram", "language": "xx" } }),
            "transcriber.language must be one of",
        ),
        (
            json!({ "server": { "url": "nowhere" } }),
            "server.url must be a URL address",
        ),
        (
            json!({ "server": { "url": "https://x.fr", "secret": "s" } }),
            "server.property secret should not exist",
        ),
        (
            json!({ "server": { "timeoutSeconds": 301 } }),
            "server.timeoutSeconds must not be greater than 300",
        ),
        (
            json!({ "server": { "backoffPlan": { "type": "fixed", "maxRetries": 11 } } }),
            "server.backoffPlan.maxRetries must not be greater than 10",
        ),
        (
            json!({ "server": { "backoffPlan": { "type": "fixed", "maxRetries": 1 } } }),
            "server.backoffPlan.baseDelaySeconds must be a number",
        ),
        (
            json!({ "server": { "credentialId": "unknown" } }),
            "server.credentialId",
        ),
        (
            json!({ "artifactPlan": { "structuredOutputs": [{ "name": "s", "schema": { "type": "string", "minLength": 1 } }] } }),
            "artifactPlan.structuredOutputs.0.schema.property minLength should not exist",
        ),
        (
            json!({ "artifactPlan": { "structuredOutputs": [{ "schema": { "type": "string" } }] } }),
            "artifactPlan.structuredOutputs.0.name must be a string",
        ),
        (
            json!({ "endCallPhrases": ["x"] }),
            "each value in endCallPhrases must be longer than or equal to 2 characters",
        ),
        (
            json!({ "voicemailDetection": { "provider": "vapi", "beepMaxAwaitSeconds": 31 } }),
            "voicemailDetection.beepMaxAwaitSeconds must not be greater than 30",
        ),
        (
            json!({ "transportConfigurations": [{ "provider": "twilio", "timeout": 0 }] }),
            "transportConfigurations.0.timeout must not be less than 1",
        ),
    ];
    for (body, sentence) in cases {
        let (status, error) = world.vapi("POST", "/assistant", Some(body.clone())).await;
        assert_eq!(status, 400, "{body}");
        let messages = error["message"].as_array().expect("a list of sentences");
        let said = |message: &Value| message.as_str().unwrap().starts_with(sentence);
        assert!(
            messages.iter().any(said),
            "{body}: {messages:?} has no {sentence}"
        );
        assert_eq!(error["statusCode"], 400);
        assert_eq!(error["error"], "Bad Request");
    }
    let id = world.assistant(full_assistant()).await;
    let part = json!({ "model": { "temperature": 1 } });
    let (status, _) = world.vapi("PATCH", &format!("/assistant/{id}"), Some(part)).await;
    assert_eq!(status, 400, "a nested object is validated whole");
}

#[tokio::test]
async fn bodies_are_json_objects() {
    let world = World::start().await;
    for (kind, body) in [
        ("application/json", "{"),
        ("application/json", "[]"),
        ("text/plain", "{}"),
    ] {
        let request = world
            .vapi_request("POST", "/assistant", None)
            .header("content-type", kind)
            .body(body);
        assert_eq!(request.send().await.unwrap().status(), 400, "{kind} {body}");
    }
    assert_eq!(world.vapi("POST", "/call/phone", Some(json!({}))).await.0, 404);
    assert_eq!(world.vapi("PUT", "/call", Some(json!({}))).await.0, 404);
}

#[tokio::test]
async fn a_number_is_imported_if_twilio_agrees() {
    let world = World::start().await;
    let (status, number) = world.vapi("POST", "/phone-number", Some(import())).await;
    assert_eq!(status, 201);
    assert_eq!(number["status"], "active");
    assert_eq!(number["smsEnabled"], false);
    assert_eq!(number["twilioAuthToken"], TOKEN);
    let twilio = world.twilio("GET", "/IncomingPhoneNumbers.json", &[]).await.1;
    let held = &twilio["incoming_phone_numbers"][0];
    assert_ne!(held["voice_url"], "", "import takes the voice webhook");
    assert_eq!(held["sms_url"], "", "and leaves the messages alone if told so");

    for (member, value) in [
        ("twilioAuthToken", json!("f".repeat(32))),
        ("twilioAccountSid", json!("AC".to_owned() + &"9".repeat(32))),
        ("number", json!("+33939009999")),
        ("number", json!("0939000001")),
        ("assistantId", json!("00000000-0000-4000-8000-000000000000")),
        ("provider", json!("vonage")),
        ("extra", json!(1)),
    ] {
        let mut body = import();
        body[member] = value;
        let (status, _) = world.vapi("POST", "/phone-number", Some(body.clone())).await;
        assert_eq!(status, 400, "{body}");
    }
    let mut without = import();
    without.as_object_mut().unwrap().remove("twilioAuthToken");
    assert_eq!(world.vapi("POST", "/phone-number", Some(without)).await.0, 400);

    let path = format!("/phone-number/{}", number["id"].as_str().unwrap());
    let wrong = json!({ "twilioAuthToken": "e".repeat(32) });
    assert_eq!(world.vapi("PATCH", &path, Some(wrong)).await.0, 400);
    let (status, changed) = world
        .vapi("PATCH", &path, Some(json!({ "smsEnabled": true })))
        .await;
    assert_eq!((status, &changed["number"]), (200, &json!(NUMBER)));
    let twilio = world.twilio("GET", "/IncomingPhoneNumbers.json", &[]).await.1;
    assert_ne!(twilio["incoming_phone_numbers"][0]["sms_url"], "");
    assert_eq!(world.vapi("DELETE", &path, None).await.0, 200);
    assert_eq!(world.vapi("GET", &path, None).await.0, 404);
}

#[tokio::test]
async fn a_restart_keeps_accounts_assistants_and_numbers() {
    let folder = std::env::temp_dir().join(format!("sandbox-state-{}", std::process::id()));
    let settings = local::sandbox::SandboxSettings {
        state_file: Some(folder.join("sandbox.json")),
        ..Default::default()
    };
    let before = World::with(settings.clone()).await;
    let assistant = before.assistant(json!({ "name": "Reste" })).await;
    let number = before.phone_number().await;
    drop(before);
    let after = World::with(settings).await;
    for path in [
        format!("/assistant/{assistant}"),
        format!("/phone-number/{number}"),
    ] {
        assert_eq!(after.vapi("GET", &path, None).await.0, 200);
    }
    let account = after.twilio("GET", ".json", &[]).await.1;
    assert_eq!(account["sid"], ACCOUNT);
    std::fs::remove_dir_all(folder).unwrap();
}
