//! What a call leaves behind, from its first event to its last.

use serde_json::{Value, json};
use testkit::{Options, TestApp};

use crate::fixture::{Dialled, handle_text, tell};

#[tokio::test]
async fn a_call_is_followed_to_its_end() {
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    call.tell(call.status("queued", 0)).await;
    assert_eq!(call.call().await["status"], "queued");
    assert_eq!(call.attempt().await["status"], "in_call");
    assert_eq!(call.attempt().await["vapi_call_id"], call.vapi_call_id);
    call.tell(call.status("ringing", 3)).await;
    call.tell(call.status("in-progress", 10)).await;
    call.tell(call.said("user", "Allô ?", 12)).await;
    call.tell(call.said("assistant", "Bonjour.", 14)).await;
    let talking = call.call().await;
    assert_eq!(talking["status"], "in_progress");
    assert_eq!(talking["duration_seconds"], Value::Null);
    call.tell(call.ended("customer-ended-call", 70)).await;
    let over = call.call().await;
    assert_eq!(
        (&over["status"], &over["outcome"]),
        (&json!("ended"), &json!("answered"))
    );
    assert_eq!(over["duration_seconds"], 60);
    assert_eq!((&over["cost"], &over["sentiment"]), (&Value::Null, &Value::Null));
    let contact = call.campaign_contact().await;
    assert_eq!(
        (&contact["status"], &contact["last_outcome"]),
        (&json!("completed"), &json!("answered"))
    );
    let outputs =
        json!({ "a": { "name": "sentiment", "result": { "sentiment": "positive", "score": 0.9 } } });
    let artifact = json!({ "structuredOutputs": outputs, "recording": { "stereoUrl": "https://r" } });
    call.tell(call.report("customer-ended-call", json!({ "artifact": artifact })))
        .await;
    let reported = call.call().await;
    for (column, value) in [
        ("id", json!(call.attempt)),
        ("attempt_id", json!(call.attempt)),
        ("campaign_id", json!(call.campaign)),
        ("contact_id", json!(call.contact)),
        ("assistant_id", json!(call.assistant)),
        ("direction", json!("outbound")),
        ("cost", json!(0.125)),
        ("sentiment", json!("positive")),
        ("sentiment_score", json!(0.9)),
        ("sentiment_source", json!("structured_output")),
        ("summary", json!("Rendez-vous confirmé.")),
        ("recording_available", json!(true)),
        ("duration_seconds", json!(60)),
    ] {
        assert_eq!(reported[column], value, "{column}");
    }
    assert_eq!(call.turns().await.len(), 2);
    let events = call.events().await;
    let named: Vec<_> = events
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect();
    assert_eq!(named, ["call-ended", "call-started", "transcript", "transcript"]);
    assert!(events.iter().all(|event| event["call_id"] == json!(call.attempt)));
}

#[tokio::test]
async fn what_nobody_answered_has_no_duration_and_no_sentiment() {
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    let members = json!({ "startedAt": null, "cost": 0, "call": { "id": call.vapi_call_id } });
    call.tell(call.report("customer-did-not-answer", members)).await;
    let row = call.call().await;
    assert_eq!(
        (&row["outcome"], &row["duration_seconds"]),
        (&json!("no_answer"), &json!(0))
    );
    assert_eq!(
        (&row["started_at"], &row["sentiment"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(call.campaign_contact().await["status"], "waiting");
}

#[tokio::test]
async fn unknown_kinds_are_stored_and_unknown_reasons_are_failures() {
    // A-29
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    call.tell(call.message("teleportation", 5, json!({}))).await;
    call.tell(call.status("levitating", 6)).await;
    assert_eq!(call.events().await.len(), 2);
    assert_eq!(call.call().await["status"], "queued");
    call.tell(call.report("ended-by-a-ghost", json!({}))).await;
    assert_eq!(call.call().await["outcome"], "failed");
    assert_eq!(call.attempt().await["outcome"], "failed");
}

#[tokio::test]
async fn a_person_who_is_put_through_is_transferred() {
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    call.tell(call.status("in-progress", 10)).await;
    let destination = json!({ "type": "number", "number": "+33199000000" });
    call.tell(call.message("transfer-update", 40, json!({ "destination": destination })))
        .await;
    assert_eq!(call.call().await["status"], "forwarding");
    call.tell(call.ended("customer-ended-call", 70)).await;
    let row = call.call().await;
    assert_eq!(
        (&row["outcome"], &row["transfer_destination"]),
        (&json!("transferred"), &json!("+33199000000"))
    );
    assert_eq!(call.campaign_contact().await["last_outcome"], "transferred");
    let named: Vec<_> = call
        .events()
        .await
        .iter()
        .map(|event| event["event"].clone())
        .collect();
    assert!(named.contains(&json!("transfer")));
}

#[tokio::test]
async fn the_report_brings_the_utterances_that_were_missed() {
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    call.tell(call.said("assistant", "Bonjour.", 11)).await;
    let message = |role: &str, text: &str, seconds: i64| json!({ "role": role, "message": text, "time": call.instant(seconds).as_millisecond() });
    let messages = [
        message("system", "Prompt.", 10),
        message("bot", "Bonjour.", 11),
        message("user", "Oui ?", 13),
    ];
    call.tell(call.report(
        "customer-ended-call",
        json!({ "artifact": { "messages": messages } }),
    ))
    .await;
    call.tell(call.said("user", "Oui ?", 14)).await;
    let turns = call.turns().await;
    assert_eq!(
        turns,
        [
            json!({ "role": "assistant", "text": "Bonjour." }),
            json!({ "role": "user", "text": "Oui ?" })
        ]
    );
}

#[tokio::test]
async fn an_inbound_call_gets_a_row_of_its_own() {
    let test = TestApp::alone().await;
    let other = Dialled::new(&test).await;
    let call = json!({ "id": format!("in-{}", other.vapi_call_id), "type": "inboundPhoneCall", "assistantId": other.vapi_assistant_id });
    let phone = other
        .organization
        .rows("select phone from contacts where id = $1", &[&other.contact])
        .await;
    let message = json!({ "type": "status-update", "status": "in-progress", "call": call, "customer": { "number": phone[0]["phone"] } });
    tell(&test.app, message).await.unwrap();
    let rows = other.organization.rows("select * from calls", &[]).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["direction"], "inbound");
    assert_eq!(rows[0]["contact_id"], json!(other.contact));
    assert_eq!(rows[0]["assistant_id"], json!(other.assistant));
    assert_eq!(
        (&rows[0]["attempt_id"], &rows[0]["campaign_id"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn an_inbound_call_takes_a_line_of_the_platform_until_it_ends() {
    let test = TestApp::alone().await;
    let other = Dialled::new(&test).await;
    let free = async || {
        let sql = "select zencall.free_platform_slots($1) as free";
        let rows = other.organization.rows(sql, &[&test.app.clock.now()]).await;
        rows[0]["free"].as_i64().unwrap()
    };
    let before = free().await;
    let say = async |status: &str| {
        let call = json!({ "id": format!("in-{}", other.vapi_call_id), "type": "inboundPhoneCall", "assistantId": other.vapi_assistant_id });
        let message = json!({ "type": "status-update", "status": status, "call": call });
        tell(&test.app, message).await.unwrap();
    };
    for status in ["ringing", "in-progress"] {
        say(status).await;
        assert_eq!(free().await, before - 1, "{status}");
    }
    say("ended").await;
    assert_eq!(free().await, before);
}

#[tokio::test]
async fn a_message_that_cannot_be_read_goes_back_and_so_in_the_end_to_the_dead_letter_queue() {
    let test = TestApp::alone().await;
    for body in ["", "{", "null", "{}", r#"{"v":2,"kind":"hang"}"#] {
        let error = handle_text(&test.app, body.to_owned()).await.unwrap_err();
        assert!(error.is_worth_retrying(), "{body}");
    }
}

#[tokio::test]
async fn an_event_outlives_a_database_that_is_down() {
    // A-32
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    let down = TestApp::with(Options {
        database_url: Some("postgres://nobody@127.0.0.1:1/nowhere".to_owned()),
        ..Options::default()
    })
    .await;
    let error = tell(&down.app, call.status("ringing", 3)).await.unwrap_err();
    assert!(error.is_worth_retrying());
    call.tell(call.status("ringing", 3)).await;
    assert_eq!(call.call().await["status"], "ringing");
}

#[tokio::test]
async fn odd_values_are_stored_and_never_block_the_queue() {
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    let artifact = json!({
        "messages": [{ "role": "user", "message": "a\u{0}b\u{ffff}", "time": -1 }, { "role": "user", "message": 7 }],
        "structuredOutputs": { "a": { "name": "sentiment", "result": "furious" }, "b": 7 },
        "transfers": "none",
    });
    let odd =
        json!({ "cost": 1e300, "endedAt": "9999-12-31T23:59:59Z", "artifact": artifact, "timestamp": 1e308 });
    call.tell(call.report("customer-\u{0}busy", odd)).await;
    let row = call.call().await;
    assert_eq!((&row["outcome"], &row["cost"]), (&json!("busy"), &Value::Null));
    assert_eq!(call.turns().await, [json!({ "role": "user", "text": "ab" })]);
}

#[tokio::test]
async fn the_sample_of_the_repository_is_one_that_this_function_reads() {
    let test = TestApp::alone().await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/provider-events.json");
    let sample: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let body = sample["Records"][0]["body"].as_str().unwrap();
    handle_text(&test.app, body.to_owned()).await.unwrap();
}
