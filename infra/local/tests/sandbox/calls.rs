//! Calls: orders, outcomes, webhooks.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::support::{ACCOUNT, NUMBER, Receiver, TOKEN, World, client};

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

#[tokio::test]
async fn an_answered_call_from_order_to_report() {
    let (world, receiver, call, report) = one_call("answered").await;
    assert_eq!(call["status"], "queued");
    assert_eq!(call["type"], "outboundPhoneCall");
    assert_eq!(call["customer"]["externalId"], "attempt-1");
    assert_eq!(call["assistantOverrides"]["metadata"]["attempt"], "attempt-1");
    assert_eq!(
        call["subscriptionLimits"],
        json!({ "concurrencyBlocked": false, "concurrencyLimit": 10, "remainingConcurrentCalls": 9 })
    );
    assert!(call.get("monitor").is_none() && call.get("metadata").is_none());

    let kinds = receiver.kinds();
    let before = ["queued", "ringing", "in-progress"].map(str::to_owned);
    assert_eq!(kinds[..3], before);
    assert_eq!(
        kinds[kinds.len() - 2..],
        ["ended".to_owned(), "end-of-call-report".to_owned()]
    );
    let bare = |message: &Value| message.get("artifact").is_none_or(Value::is_object);
    assert!(receiver.messages().iter().all(bare), "absent, never null");
    let turns: Vec<Value> = receiver
        .messages()
        .into_iter()
        .filter(|message| message["transcriptType"] == "final")
        .collect();
    assert!(turns.len() >= 5);
    assert_eq!(turns[0]["transcript"], "Bonjour Zoé");
    assert_eq!(
        (&turns[0]["role"], &turns[1]["role"]),
        (&json!("assistant"), &json!("user"))
    );

    assert!(
        report["endedReason"].as_str().unwrap().contains("-ended-call")
            || report["endedReason"] == "assistant-said-end-call-phrase"
    );
    assert!(report["startedAt"].as_str() < report["endedAt"].as_str());
    assert!(report["cost"].as_f64().unwrap() >= 0.0);
    assert_eq!(report["call"]["id"], call["id"]);
    assert_eq!(report["call"]["status"], "ended");
    assert!(report["call"]["costBreakdown"]["total"].is_number());
    assert!(report["timestamp"].as_i64().unwrap() > 1_700_000_000_000);
    assert!(
        report["artifact"]["transcript"]
            .as_str()
            .unwrap()
            .starts_with("AI: Bonjour Zoé\nUser: ")
    );
    assert_eq!(report["artifact"]["messages"][0]["role"], "system");
    assert!(report["analysis"]["summary"].is_string());
    assert!(report["analysis"]["successEvaluation"].is_string());
    let outputs = report["artifact"]["structuredOutputs"].as_object().unwrap();
    assert_eq!(outputs.len(), 1);
    let (id, output) = outputs.iter().next().unwrap();
    assert_eq!(id.len(), 36);
    assert_eq!(output["name"], "sentiment");
    assert!(["positive", "neutral", "negative"].contains(&output["result"]["sentiment"].as_str().unwrap()));
    assert!(output["result"]["note"].is_i64() && output["result"]["resume"].is_string());
    let skipped = report["artifact"]["skippedStructuredOutputs"]
        .as_object()
        .unwrap();
    assert_eq!(skipped.values().next().unwrap()["name"], "long_calls");
    // Secrets are in it on purpose: the product has to drop them.
    assert_eq!(report["phoneNumber"]["twilioAuthToken"], TOKEN);
    assert_eq!(report["assistant"]["server"]["url"], receiver.url);

    world.finished().await;
    let id = call["id"].as_str().unwrap();
    let (_, read) = world.vapi("GET", &format!("/call/{id}"), None).await;
    assert_eq!(read["endedReason"], report["endedReason"]);
    assert_eq!(read["artifact"]["transcript"], report["artifact"]["transcript"]);
    assert_eq!(
        world.calls().await,
        [
            json!({ "id": id, "external_id": "attempt-1", "number": CUSTOMER, "status": "ended", "outcome": "answered" })
        ]
    );
}

#[tokio::test]
async fn webhooks_are_signed_with_the_saved_credential() {
    let (world, receiver, _, _) = one_call("busy").await;
    for webhook in receiver.all() {
        let timestamp = webhook.headers["x-timestamp"].to_str().unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(world.settings.vapi_webhook_secret.as_bytes()).unwrap();
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(&webhook.raw);
        let expected: String = mac
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(webhook.headers["x-signature"].to_str().unwrap(), expected);
    }
}

#[tokio::test]
async fn headers_are_sent_as_they_are_and_replace_the_credential() {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    world.behave(json!({ "outcomes": { "busy": 1 } })).await;
    let mut with_headers = assistant(&receiver, &world);
    with_headers["server"]["headers"] = json!({ "Authorization": "Bearer abc", "x-own": "1" });
    world.call(&with_headers, CUSTOMER).await;
    receiver.report().await;
    let first = &receiver.all()[0];
    assert_eq!(first.headers["authorization"], "Bearer abc");
    assert_eq!(first.headers["x-own"], "1");
    assert!(!first.headers.contains_key("x-signature"));
}

#[tokio::test]
async fn outcomes_end_as_at_vapi() {
    for (outcome, reason, started) in [
        ("busy", "customer-busy", false),
        ("no_answer", "customer-did-not-answer", false),
        ("voicemail", "voicemail", true),
        ("failed", "error", true),
        ("transferred", "assistant-forwarded-call", true),
    ] {
        let (world, receiver, _, report) = one_call(outcome).await;
        let given = report["endedReason"].as_str().unwrap();
        assert!(given.contains(reason), "{outcome}: {given}");
        assert_eq!(report.get("startedAt").is_some(), started, "{outcome}");
        assert_eq!(world.calls().await[0]["outcome"], outcome);
        if outcome == "transferred" {
            let kinds = receiver.kinds();
            assert!(
                kinds.contains(&"forwarding".to_owned()) && kinds.contains(&"transfer-update".to_owned())
            );
            assert_eq!(report["artifact"]["transfers"][0]["status"], "connected");
        }
        if !started {
            assert_eq!(report["cost"], 0.0);
            assert!(report["artifact"].get("structuredOutputs").is_none());
        }
    }
}

#[tokio::test]
async fn orders_are_checked() {
    let world = World::start().await;
    let order = world.order(&json!({}), CUSTOMER).await;
    let change = |change: Value| {
        let mut order = order.clone();
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                order.as_object_mut().unwrap().remove(name);
            } else {
                order[name] = value.clone();
            }
        }
        order
    };
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (wrong, sentence) in [
        (json!({ "metadata": {} }), "property metadata should not exist"),
        (
            json!({ "name": "n".repeat(41) }),
            "name must be shorter than or equal to 40 characters",
        ),
        (
            json!({ "customer": { "number": "0612345678" } }),
            "customer.number must be a valid phone number in the E.164 format",
        ),
        (
            json!({ "customer": { "number": CUSTOMER, "externalId": "x".repeat(41) } }),
            "customer.externalId must be shorter than or equal to 40 characters",
        ),
        (
            json!({ "customer": { "number": CUSTOMER, "name": "n".repeat(41) } }),
            "customer.name must be shorter",
        ),
        (
            json!({ "customer": { "number": CUSTOMER, "metadata": {} } }),
            "customer.property metadata should not exist",
        ),
        (
            json!({ "customer": { "name": "x" } }),
            "customer.number must be given",
        ),
        (json!({ "customer": null }), "customer or customers must be given"),
        (
            json!({ "assistantOverrides": { "x": 1 } }),
            "assistantOverrides.property x should not exist",
        ),
        (json!({ "assistantId": unknown }), "Couldn't find assistant"),
        (
            json!({ "assistantId": null }),
            "assistantId or assistant must be given",
        ),
        (json!({ "phoneNumberId": unknown }), "Couldn't find phone number"),
        (
            json!({ "phoneNumberId": null }),
            "phoneNumberId or phoneNumber must be given",
        ),
        (
            json!({ "phoneNumberId": null, "phoneNumber": { "twilioPhoneNumber": NUMBER, "twilioAccountSid": ACCOUNT, "twilioAuthToken": "no" } }),
            "Number Validation Failed",
        ),
        (
            json!({ "schedulePlan": { "earliestAt": "tomorrow" } }),
            "schedulePlan.earliestAt must be a valid ISO 8601 date string",
        ),
    ] {
        let (status, error) = world.vapi("POST", "/call", Some(change(wrong.clone()))).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(
            error["message"].to_string().contains(sentence),
            "{wrong}: {error}"
        );
    }
    assert!(world.calls().await.is_empty());
    let several =
        change(json!({ "customer": null, "customers": [{ "number": CUSTOMER }, { "sipUri": "sip:x" }] }));
    let (status, answer) = world.vapi("POST", "/call", Some(several)).await;
    assert_eq!(status, 201);
    assert_eq!(answer["results"].as_array().unwrap().len(), 1);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn calls_are_listed_by_assistant_and_instant() {
    let world = World::start().await;
    let order = world.order(&json!({}), CUSTOMER).await;
    for _ in 0..3 {
        assert_eq!(world.vapi("POST", "/call", Some(order.clone())).await.0, 201);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let assistant = order["assistantId"].as_str().unwrap();
    let list = async |query: String| world.vapi("GET", &format!("/call?{query}"), None).await;
    let (_, all) = list(format!("assistantId={assistant}")).await;
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 3);
    let middle = all[1]["createdAt"].as_str().unwrap();
    for (query, count) in [
        (format!("createdAtGe={middle}"), 2),
        (format!("createdAtGt={middle}"), 1),
        (format!("createdAtLe={middle}&limit=1"), 1),
        ("assistantId=other".to_owned(), 0),
        (format!("id={}", all[0]["id"].as_str().unwrap()), 1),
    ] {
        let (status, found) = list(query.clone()).await;
        assert_eq!((status, found.as_array().unwrap().len()), (200, count), "{query}");
    }
    for query in [
        "limit=1001",
        "limit=x",
        "createdAtGe=today",
        "externalId=attempt-1",
        "status=ended",
    ] {
        assert_eq!(list(query.to_owned()).await.0, 400, "{query}");
    }
}

#[tokio::test]
async fn a_call_too_many_is_blocked_or_refused() {
    let world = World::start().await;
    world
        .behave(json!({ "call_seconds": 30, "concurrency_limit": 1 }))
        .await;
    let order = world.order(&json!({}), CUSTOMER).await;
    assert_eq!(world.vapi("POST", "/call", Some(order.clone())).await.0, 201);
    let (status, blocked) = world.vapi("POST", "/call", Some(order.clone())).await;
    assert_eq!(status, 201);
    assert_eq!(blocked["subscriptionLimits"]["concurrencyBlocked"], true);
    assert_eq!(world.calls().await.len(), 1, "refused calls are not placed");
    world
        .behave(json!({ "concurrency_limit": 1, "concurrency_mode": "error_400" }))
        .await;
    let (status, error) = world.vapi("POST", "/call", Some(order)).await;
    assert_eq!(status, 400);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("Over Concurrency Limit")
    );
}

#[tokio::test]
async fn a_call_fails_without_twilio_and_with_a_consent_plan() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let mut consent = assistant(&receiver, &world);
    consent["compliancePlan"] = json!({ "recordingConsentPlan": { "type": "stay-on-line", "message": "Restez en ligne", "waitSeconds": 3 } });
    world.call(&consent, CUSTOMER).await;
    assert_eq!(
        receiver.report().await["endedReason"],
        "call.start.error-enterprise-feature-not-available-recording-consent"
    );
    let order = world.order(&assistant(&receiver, &world), CUSTOMER).await;
    world
        .control(
            "PUT",
            &format!("/twilio/accounts/{ACCOUNT}"),
            Some(json!({ "status": "suspended" })),
        )
        .await;
    world.vapi("POST", "/call", Some(order)).await;
    receiver
        .wait_for(1, |message| {
            message["type"] == "end-of-call-report"
                && message["endedReason"] == "twilio-failed-to-connect-call"
        })
        .await;
}

#[tokio::test]
async fn tools_are_called_and_their_answers_kept() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    world.behave(json!({ "outcomes": { "answered": 1 } })).await;
    let mut with_tool = assistant(&receiver, &world);
    with_tool["model"]["tools"] = json!([{ "type": "function", "function": { "name": "book_appointment", "parameters": { "type": "object", "properties": { "starts_at": { "type": "string", "format": "date-time" } } } } }]);
    world.call(&with_tool, CUSTOMER).await;
    let report = receiver.report().await;
    let asked = receiver
        .wait_for(1, |message| message["type"] == "tool-calls")
        .await;
    assert_eq!(
        asked[0]["toolCallList"][0]["function"]["name"],
        "book_appointment"
    );
    let messages = report["artifact"]["messages"].as_array().unwrap();
    let result = messages
        .iter()
        .find(|message| message["role"] == "tool_call_result")
        .unwrap();
    assert_eq!(result["result"], "jeudi 14 h");
}

#[tokio::test]
async fn who_books_is_answered_to_the_letter_or_it_is_noted() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let mut books = assistant(&receiver, &world);
    let text = json!({ "type": "string" });
    books["model"]["tools"] = json!([{ "type": "function", "function": { "name": "book_appointment", "parameters":
        { "type": "object", "properties": { "date": text, "time": text } } } }]);
    // Nobody wants an appointment unless it is said.
    world.behave(json!({ "outcomes": { "answered": 1 } })).await;
    world.call(&books, CUSTOMER).await;
    receiver.report().await;
    assert_eq!(world.control("GET", "/tool-calls", None).await.1, json!([]));
    let wishes = json!({ "share": 1, "nonsense": 1, "repeat": 1 });
    world
        .behave(json!({ "outcomes": { "answered": 1 }, "bookings": wishes }))
        .await;
    world.call(&books, CUSTOMER).await;
    let asked = receiver
        .wait_for(2, |message| message["type"] == "tool-calls")
        .await;
    assert_eq!(asked[0]["toolCallList"], asked[1]["toolCallList"]);
    world.finished().await;
    let (_, noted) = world.control("GET", "/tool-calls", None).await;
    assert_eq!(
        (&noted[0]["booked"], &noted[0]["said"]),
        (&json!(true), &json!("jeudi 14 h"))
    );
    // The receiver of these tests answers for a tool of another name.
    assert_eq!(noted[0]["faults"], json!(["results[0].name is another"]));
}

#[tokio::test]
async fn the_plan_of_the_server_decides_on_retries() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    world
        .behave(json!({ "outcomes": { "busy": 1 }, "speed": 20, "call_seconds": 1 }))
        .await;
    let mut plain = assistant(&receiver, &world);
    plain["serverMessages"] = json!(["end-of-call-report"]);
    receiver.answer_with(&[500]);
    world.call(&plain, CUSTOMER).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.all().len(), 1, "no plan, no retry");

    plain["server"]["backoffPlan"] = json!({ "type": "exponential", "maxRetries": 3, "baseDelaySeconds": 1, "excludedStatusCodes": [401] });
    receiver.answer_with(&[500, 503]);
    world.call(&plain, CUSTOMER).await;
    receiver.wait_for(4, |_| true).await;
    receiver.answer_with(&[401]);
    world.call(&plain, CUSTOMER).await;
    receiver.wait_for(5, |_| true).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.all().len(), 5, "401 is excluded");
    let (_, deliveries) = world.control("GET", "/webhooks", None).await;
    let attempts: Vec<i64> = deliveries
        .as_array()
        .unwrap()
        .iter()
        .map(|delivery| delivery["attempt"].as_i64().unwrap())
        .collect();
    assert_eq!(attempts, [1, 1, 2, 3, 1]);
}

#[tokio::test]
async fn without_a_list_vapi_sends_its_own_choice() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    world.behave(json!({ "outcomes": { "answered": 1 } })).await;
    world
        .call(&json!({ "server": { "url": receiver.url } }), CUSTOMER)
        .await;
    receiver.report().await;
    let kinds = receiver.kinds();
    assert!(kinds.contains(&"conversation-update".to_owned()) && kinds.contains(&"speech-update".to_owned()));
    assert!(!kinds.iter().any(|kind| kind.starts_with("transcript")));
    assert!(
        !receiver.all()[0].headers.contains_key("x-signature"),
        "no credential, no signature"
    );
}

#[tokio::test]
async fn recordings_redirect_and_erasure_forgets() {
    let (world, _receiver, call, report) = one_call("answered").await;
    assert!(
        report["artifact"]["presignedMonoUrl"]
            .as_str()
            .unwrap()
            .contains("?signature=")
    );
    world.finished().await;
    let path = format!("/call/{}", call["id"].as_str().unwrap());
    let response = world
        .vapi_request("GET", &format!("{path}/mono-recording"), None)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 302);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let sound = client()
        .get(format!("{}{location}", world.sandbox.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(sound.headers()["content-type"], "audio/wav");

    assert_eq!(
        world.vapi("DELETE", &path, None).await.0,
        400,
        "a body is required"
    );
    assert_eq!(
        world
            .vapi("PATCH", &path, Some(json!({ "name": "Relance" })))
            .await
            .1["name"],
        "Relance"
    );
    assert_eq!(world.vapi("DELETE", &path, Some(json!({}))).await.0, 200);
    assert_eq!(world.vapi("GET", &path, None).await.0, 404);
    assert_eq!(world.vapi("GET", "/call", None).await.1, json!([]));
}
