//! A call from its order to its report.

use super::*;
use crate::support::{TOKEN, client};

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
