//! What is kept of a message, wherever it comes in.

use super::*;

const CANARY: &str = "canary-81b0";

#[tokio::test]
async fn lies_on_the_queue_before_it_is_acknowledged() {
    let test = TestApp::start().await;
    for name in ["status-update", "transcript", "end-of-call-report"] {
        let reply = send(&test, sample(name)).await.expect(200);
        assert_eq!(reply.json(), json!({}));
        let kept = test.queues.take(QueueKind::Events).await;
        assert_eq!(kept.len(), 1, "{name}");
        assert_eq!(kept[0]["v"], 1);
        assert_eq!(kept[0]["kind"], name);
        assert_eq!(kept[0]["keys"]["call"], "2f1a6f0e-7f0c-4c57-9a8e-5b1f0c6f3d10");
    }
}

#[tokio::test]
async fn is_heard_at_every_address() {
    let test = TestApp::start().await;
    let token = format!("Bearer {VAPI_WEBHOOK_SECRET}");
    for path in [PATH, "/api/vapi/webhook", "/vapi/webhook", "/"] {
        let client = anonymous(&test);
        post(&client, path, &[("authorization", &token)], sample("transcript"))
            .await
            .expect(200);
        post(&client, path, &[], sample("transcript"))
            .await
            .expect_problem(401, "webhook_refused");
        client.get(path).await.expect(405);
    }
    assert_eq!(test.queues.take(QueueKind::Events).await.len(), 4);
    anonymous(&test).get("/health").await.expect(200);
}

#[tokio::test]
async fn in_the_older_form_is_understood() {
    let test = TestApp::start().await;
    for kind in [
        "call-started",
        "call-ended",
        "transcript",
        "transfer",
        "appointment-booked",
    ] {
        let body = json!({ "type": kind, "call": { "id": "c" }, "transcript": "Oui." });
        send(&test, body.to_string()).await.expect(200);
    }
    assert_eq!(test.queues.take(QueueKind::Events).await.len(), 5);
}

#[tokio::test]
async fn of_a_kind_that_nobody_knows_is_kept() {
    //
    let test = TestApp::start().await;
    say(&test, json!({ "type": "teleportation", "call": { "id": "c" } }))
        .await
        .expect(200);
    let kept = test.queues.take(QueueKind::Events).await;
    assert_eq!(kept[0]["kind"], "teleportation");
    assert_eq!(kept[0]["fact"], "other");
}

#[tokio::test]
async fn without_being_asked_for_many_times_a_minute_is_dropped() {
    let test = TestApp::start().await;
    say(&test, json!({ "type": "speech-update", "status": "started" }))
        .await
        .expect(200);
    say(&test, json!({ "type": "conversation-update", "messages": [] }))
        .await
        .expect(200);
    let half = json!({ "type": "transcript", "transcriptType": "partial", "transcript": "Ou" });
    say(&test, half).await.expect(200);
    assert!(test.queues.take(QueueKind::Events).await.is_empty());
}

#[tokio::test]
async fn leaves_its_secrets_at_the_door() {
    let test = TestApp::start().await;
    let mut body: Value = serde_json::from_slice(&sample("end-of-call-report")).unwrap();
    let message = &mut body["message"];
    message["phoneNumber"] = json!({ "twilioAuthToken": CANARY, "twilioApiSecret": CANARY });
    message["call"]["phoneNumber"] = json!({ "twilioAuthToken": CANARY });
    message["call"]["monitor"] = json!({ "controlUrl": CANARY, "listenUrl": CANARY });
    message["assistant"] =
        json!({ "server": { "headers": { "Authorization": CANARY } }, "model": { "messages": [CANARY] } });
    message["artifact"]["presignedMonoUrl"] = json!(CANARY);
    message["unheardOf"] = json!(CANARY);
    send(&test, body.to_string()).await.expect(200);
    let kept = test.queues.take(QueueKind::Events).await;
    assert_eq!(kept.len(), 1);
    assert!(!kept[0].to_string().contains(CANARY), "{}", kept[0]);
}
