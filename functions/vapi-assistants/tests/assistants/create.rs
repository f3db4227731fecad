//! `POST /vapi/assistants`.

use serde_json::{Value, json};
use testkit::{Client, Options, TestApp, VAPI_WEBHOOK_SECRET};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use zencall::kernel::Clock;

use super::{ALIAS, PATH, Tenant, minimal, text};

#[tokio::test]
async fn as_member_makes_an_assistant_from_its_type_and_language() {
    let tenant = Tenant::start().await;
    let reply = tenant.member.post(PATH, minimal()).await.expect(201);
    assert!(!reply.text().contains(VAPI_WEBHOOK_SECRET));
    let body = reply.json();
    assert_eq!(body["success"], true);
    let assistant = &body["assistant"];
    assert_eq!(assistant["vapi_assistant_id"], body["vapi_assistant_id"]);
    for (member, value) in [
        ("name", json!("Accueil")),
        ("type", json!("rdv")),
        ("language", json!("fr")),
        ("model", json!("gpt-4o-mini")),
        ("voice", json!("denise")),
        ("transfer_number", Value::Null),
        ("max_duration_seconds", json!(600)),
        ("recording", json!(false)),
    ] {
        assert_eq!(assistant[member], value, "{member}");
    }
    let read = tenant
        .member
        .get(&super::path(assistant))
        .await
        .expect(200)
        .json();
    assert_eq!(read["assistant"], *assistant);
    assert_eq!(tenant.audit().await, ["assistant.create"]);
}

#[tokio::test]
async fn vapi_is_told_what_the_law_and_the_product_want() {
    let tenant = Tenant::start().await;
    let assistant = tenant.make(minimal()).await;
    let at_vapi = tenant.at_vapi().await;
    assert_eq!(at_vapi.len(), 1);
    let definition = &at_vapi[0];
    assert_eq!(definition["id"], assistant["vapi_assistant_id"]);
    assert_eq!(
        definition["metadata"]["organization_id"],
        tenant.organization.id.to_string()
    );
    let said = text(&definition["firstMessage"]);
    assert!(said.starts_with(
        "Bonjour, je suis l'assistant vocal automatisé (intelligence artificielle) de {{advertiser}}, je vous appelle \
         pour {{object}}."
    ));
    assert!(said.contains("stop") && !said.contains("enregistré"));
    assert_eq!(definition["model"]["provider"], "openai");
    assert_eq!(definition["model"]["messages"][0]["role"], "system");
    assert!(text(&definition["model"]["messages"][0]["content"]).contains("Oui, je suis une IA"));
    let tools = definition["model"]["tools"].as_array().unwrap();
    assert_eq!((tools.len(), &tools[0]), (3, &json!({ "type": "endCall" })));
    assert_eq!(tools[1]["function"]["name"], "withdraw_consent");
    assert!(text(&definition["model"]["messages"][0]["content"]).contains("withdraw_consent"));
    assert_eq!(tools[2]["function"]["name"], "book_appointment");
    assert_eq!(
        tools[2]["function"]["parameters"]["required"],
        json!(["date", "time"])
    );
    assert!(text(&definition["model"]["messages"][0]["content"]).contains("book_appointment"));
    assert_eq!(definition["transcriber"]["language"], "fr");
    assert_eq!(definition["voicemailDetection"]["provider"], "vapi");
    assert_eq!(definition["artifactPlan"]["recordingEnabled"], false);
    let output = &definition["artifactPlan"]["structuredOutputs"][0]["schema"]["properties"];
    assert_eq!(
        output["sentiment"]["enum"],
        json!(["positive", "neutral", "negative"])
    );
    assert_eq!(
        definition["monitorPlan"],
        json!({ "listenEnabled": false, "controlEnabled": false })
    );
    let server = &definition["server"];
    let url = format!("{}/api/v1/vapi/webhook", tenant.test.app.config.vapi_webhook_url);
    assert_eq!(server["url"], url);
    assert_eq!(
        server["headers"]["Authorization"],
        format!("Bearer {VAPI_WEBHOOK_SECRET}")
    );
    assert_eq!(server["backoffPlan"]["maxRetries"], 5);
    let wanted = definition["serverMessages"].as_array().unwrap();
    assert!(wanted.contains(&json!("end-of-call-report")) && wanted.contains(&json!("tool-calls")));
    assert!(!wanted.contains(&json!("phone-call-control")));
}

#[tokio::test]
async fn every_type_in_every_language_is_one_that_vapi_takes() {
    let tenant = Tenant::start().await;
    for assistant_type in ["astreinte", "rdv", "info", "outbound"] {
        for language in ["fr", "en", "es", "nl", "ar"] {
            let body = json!({
                "name": format!("{assistant_type} {language}"), "type": assistant_type, "language": language,
                "recording": true, "transfer_number": "+33162000009",
            });
            tenant.make(body).await;
        }
    }
    assert_eq!(tenant.at_vapi().await.len(), 20);
}

#[tokio::test]
async fn as_member_chooses_everything() {
    let tenant = Tenant::start().await;
    let body = json!({
        "name": "Relance", "type": "outbound", "language": "en", "model": "gpt-4o", "voice": "Nova",
        "systemPrompt": "Be brief.", "firstMessage": "Is it about the invoice?", "transferNumber": "01 62 00 00 09",
        "maxDurationSeconds": 120, "recording": true,
    });
    let assistant = tenant.member.post(ALIAS, body).await.expect(201).json()["assistant"].clone();
    assert_eq!(assistant["transfer_number"], "+33162000009");
    assert_eq!(assistant["voice"], "nova");
    let definition = tenant.at_vapi().await.remove(0);
    assert_eq!(definition["maxDurationSeconds"], 120);
    assert_eq!(
        definition["voice"],
        json!({ "provider": "openai", "voiceId": "nova" })
    );
    assert_eq!(definition["artifactPlan"]["recordingEnabled"], true);
    let said = text(&definition["firstMessage"]);
    assert!(said.contains("recorded") && said.ends_with("Is it about the invoice?"));
    assert!(text(&definition["model"]["messages"][0]["content"]).ends_with("Be brief."));
    let transfer = &definition["model"]["tools"][2];
    assert_eq!(transfer["type"], "transferCall");
    assert_eq!(transfer["destinations"][0]["number"], "+33162000009");
}

#[tokio::test]
async fn every_fault_is_told_at_once_and_vapi_is_not_asked() {
    let tenant = Tenant::start().await;
    let body = json!({
        "name": "x".repeat(41), "type": "vente", "language": 7, "model": "gpt-9", "voice": "celine dion",
        "system_prompt": "x".repeat(10_001), "first_message": "x".repeat(1_001), "transfer_number": "bonjour",
        "max_duration_seconds": 9, "recording": "yes",
    });
    let reply = tenant.member.post(PATH, body).await;
    let faults = [
        ("first_message", "too_long"),
        ("language", "wrong_type"),
        ("max_duration_seconds", "out_of_range"),
        ("model", "model_invalid"),
        ("name", "too_long"),
        ("recording", "wrong_type"),
        ("system_prompt", "too_long"),
        ("transfer_number", "phone_number_invalid"),
        ("type", "assistant_type_invalid"),
        ("voice", "voice_invalid"),
    ];
    assert_eq!(
        reply.faults(),
        faults.map(|(field, code)| (field.to_owned(), code.to_owned()))
    );
    reply.expect_problem(422, "invalid");
    let nothing = tenant.member.post(PATH, json!({})).await;
    let required = ["language", "name", "type"].map(|field| (field.to_owned(), "required".to_owned()));
    assert_eq!(nothing.faults(), required);
    assert!(tenant.test.provider_requests("vapi").await.is_empty());
}

#[tokio::test]
async fn as_nobody_is_unauthenticated() {
    let tenant = Tenant::start().await;
    let nobody = Client::anonymous(tenant.test.serving(vapi_assistants::routes()));
    for path in [PATH, ALIAS] {
        nobody
            .post(path, minimal())
            .await
            .expect_problem(401, "unauthenticated");
        nobody.get(path).await.expect_problem(401, "unauthenticated");
        nobody
            .patch(path, json!({}))
            .await
            .expect_problem(401, "unauthenticated");
        nobody.delete(path).await.expect_problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn vapi_refusing_or_silent_leaves_nothing_on_either_side() {
    let tenant = Tenant::start().await;
    for (api, code) in [
        (json!({ "status": 400 }), "vapi_refused"),
        (json!({ "status": 401 }), "vapi_refused"),
        (json!({ "status": 429 }), "vapi_unavailable"),
        (json!({ "status": 503 }), "vapi_unavailable"),
        // Made, and the answer lost: it is looked for by our id and removed.
        (
            json!({ "status": 500, "after_accepting": true }),
            "vapi_unavailable",
        ),
        (json!({ "after_accepting": true }), "vapi_unavailable"),
    ] {
        let mut api = api;
        api["only"] = "POST /assistant".into();
        tenant.vapi_fails(api).await;
        let problem = tenant
            .member
            .post(PATH, minimal())
            .await
            .expect_problem(502, code);
        assert!(!problem.to_string().contains("Rate limit"), "{problem}");
        assert!(tenant.at_vapi().await.is_empty());
        assert_eq!(
            tenant.member.get(PATH).await.expect(200).json()["data"],
            json!([])
        );
    }
    assert!(tenant.audit().await.is_empty());
}

#[tokio::test]
async fn a_credential_at_vapi_is_named_instead_of_sending_the_secret() {
    let credential = "3b2f3c1e-0000-7000-8000-000000000001";
    let options = Options {
        configure: Some(Box::new(move |config| {
            config.vapi_credential_id = Some(credential.to_owned())
        })),
        ..Options::default()
    };
    let tenant = Tenant::on(TestApp::with(options).await).await;
    // The stand-in does not know the credential, as Vapi would not: refused, and nothing made.
    tenant
        .member
        .post(PATH, minimal())
        .await
        .expect_problem(502, "vapi_refused");
    let asked = tenant.test.provider_requests("vapi").await.remove(0);
    assert_eq!(asked["body"]["server"]["credentialId"], credential);
    assert_eq!(asked["body"]["server"]["headers"], Value::Null);
}

/// A Vapi that gives every assistant the same id, which the database takes once.
#[tokio::test]
async fn a_database_that_refuses_removes_what_was_made_at_vapi() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let id = Clock::system().uuid();
    let (told, mut requests) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 64];
            let read = stream.read(&mut head).await.unwrap();
            let line = String::from_utf8_lossy(&head[..read]).into_owned();
            told.send(line.lines().next().unwrap_or_default().to_owned())
                .unwrap();
            // The rest of the request is not looked at, but has arrived before the answer leaves.
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            let mut rest = vec![0; 65_536];
            let _ = stream.try_read(&mut rest);
            let body = json!({ "id": id }).to_string();
            let head = format!(
                "HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream
                .write_all(format!("{head}{body}").as_bytes())
                .await
                .unwrap();
        }
    });
    let options = Options {
        configure: Some(Box::new(|config| config.vapi_api_url = url)),
        ..Options::default()
    };
    let tenant = Tenant::on(TestApp::with(options).await).await;
    tenant.member.post(PATH, minimal()).await.expect(201);
    tenant
        .member
        .post(PATH, minimal())
        .await
        .expect_problem(500, "internal");
    let mut lines = Vec::new();
    while let Ok(line) = requests.try_recv() {
        lines.push(line);
    }
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[2].starts_with(&format!("DELETE /assistant/{id} ")),
        "{lines:?}"
    );
    assert_eq!(
        tenant.member.get(PATH).await.json()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
