//! The control API: behaviour, faults, records, reset.

use std::{collections::HashSet, time::Duration};

use serde_json::{Value, json};

use super::support::{Receiver, World, client};

const CUSTOMER: &str = "+33639980002";

fn listening(receiver: &Receiver) -> Value {
    json!({
        "serverMessages": ["status-update", "end-of-call-report"],
        "server": { "url": receiver.url },
    })
}

#[tokio::test]
async fn nonsense_is_refused_with_a_sentence() {
    let world = World::start().await;
    for (wrong, sentence) in [
        (json!({ "outcome": {} }), "unknown field `outcome`"),
        (json!({ "outcomes": { "answerd": 1 } }), "unknown field `answerd`"),
        (json!({ "webhook": { "lose": 1 } }), "unknown field `lose`"),
        (json!({ "api": { "status": 42 } }), "api.status"),
        (json!({ "webhook": { "drop": 1.5 } }), "webhook.drop"),
        (json!([]), "invalid type"),
    ] {
        let (status, error) = world.control("PUT", "/behaviour", Some(wrong.clone())).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(error["error"].as_str().unwrap().contains(sentence), "{error}");
    }
    for (sid, body) in [
        ("AC1", json!({ "auth_token": "a".repeat(32) })),
        ("AC00000000000000000000000000000009", json!({})),
        (
            "AC00000000000000000000000000000009",
            json!({ "auth_token": "short" }),
        ),
        (
            "AC00000000000000000000000000000009",
            json!({ "auth_token": "a".repeat(32), "numbers": ["0612"] }),
        ),
        (
            "AC00000000000000000000000000000009",
            json!({ "auth_token": "a".repeat(32), "balance": 1 }),
        ),
    ] {
        let path = format!("/twilio/accounts/{sid}");
        assert_eq!(
            world.control("PUT", &path, Some(body.clone())).await.0,
            400,
            "{body}"
        );
    }
    assert_eq!(world.control("GET", "/requests?provider=x", None).await.0, 400);
    assert_eq!(world.control("GET", "/health", None).await.0, 200);
}

#[tokio::test]
async fn requests_are_written_down() {
    let world = World::start().await;
    world
        .vapi("POST", "/assistant", Some(json!({ "nonsense": 1 })))
        .await;
    world.vapi("GET", "/call?limit=5", None).await;
    world.twilio("GET", ".json", &[]).await;
    let (_, vapi) = world.control("GET", "/requests?provider=vapi", None).await;
    let vapi = vapi.as_array().unwrap();
    assert_eq!(vapi.len(), 2);
    assert_eq!(vapi[0]["method"], "POST");
    assert_eq!(vapi[0]["path"], "/assistant");
    assert_eq!(vapi[0]["body"], json!({ "nonsense": 1 }));
    assert_eq!(vapi[0]["status"], 400);
    assert!(vapi[0]["at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        (&vapi[1]["path"], &vapi[1]["body"]),
        (&json!("/call"), &Value::Null)
    );
    let (_, all) = world.control("GET", "/requests", None).await;
    assert_eq!(all.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn an_api_fails_as_often_as_it_is_told() {
    let world = World::start().await;
    world
        .behave(json!({ "api": { "status": 503, "times": 2 } }))
        .await;
    let statuses = [
        world.vapi("GET", "/assistant", None).await.0,
        world.twilio("GET", ".json", &[]).await.0,
        world.vapi("GET", "/assistant", None).await.0,
    ];
    assert_eq!(statuses, [503, 503, 200]);
    world
        .behave(json!({ "api": { "status": 429, "provider": "twilio" } }))
        .await;
    let (status, error) = world.twilio("GET", ".json", &[]).await;
    assert_eq!((status, &error["code"]), (429, &json!(20429)));
    assert_eq!(world.vapi("GET", "/assistant", None).await.0, 200);
    world.behave(json!({})).await;
    assert_eq!(
        world.twilio("GET", ".json", &[]).await.0,
        200,
        "left out is normal"
    );
}

#[tokio::test]
async fn a_call_can_be_placed_and_its_answer_lost() {
    let world = World::start().await;
    let order = world.order(&json!({}), CUSTOMER).await;
    world
        .behave(
            json!({ "api": { "status": 500, "after_accepting": true, "only": "POST /call", "times": 1 } }),
        )
        .await;
    assert_eq!(world.vapi("GET", "/call", None).await.0, 200, "only POST /call");
    assert_eq!(world.vapi("POST", "/call", Some(order.clone())).await.0, 500);
    assert_eq!(world.calls().await.len(), 1, "the call was placed");

    world
        .behave(json!({ "api": { "after_accepting": true, "only": "POST /call", "times": 1 } }))
        .await;
    let lost = world
        .vapi_request("POST", "/call", Some(order.clone()))
        .send()
        .await;
    assert!(lost.is_err(), "the connection is closed without an answer");
    assert_eq!(world.calls().await.len(), 2);
    let (_, requests) = world.control("GET", "/requests?provider=vapi", None).await;
    assert_eq!(requests.as_array().unwrap().last().unwrap()["status"], 0);

    world
        .behave(json!({ "api": { "status": 500, "only": "POST /call" } }))
        .await;
    assert_eq!(world.vapi("POST", "/call", Some(order)).await.0, 500);
    assert_eq!(world.calls().await.len(), 2, "refused before it was placed");
}

#[tokio::test]
async fn a_client_that_gives_up_has_still_placed_its_call() {
    let world = World::start().await;
    let order = world.order(&json!({}), CUSTOMER).await;
    world
        .behave(json!({ "api": { "latency_ms": 150, "only": "POST /call" } }))
        .await;
    let impatient = world
        .vapi_request("POST", "/call", Some(order))
        .timeout(Duration::from_millis(50))
        .send()
        .await;
    assert!(impatient.unwrap_err().is_timeout());
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(world.calls().await.len(), 1);
}

#[tokio::test]
async fn webhooks_are_doubled_lost_and_mixed() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let busy = json!({ "busy": 1 });
    world
        .behave(json!({ "outcomes": busy, "webhook": { "duplicate": 1 } }))
        .await;
    world.call(&listening(&receiver), CUSTOMER).await;
    receiver
        .wait_for(2, |message| message["type"] == "end-of-call-report")
        .await;
    assert_eq!(receiver.all().len(), 8);

    let mixed = Receiver::start().await;
    world
        .behave(json!({ "outcomes": busy, "webhook": { "shuffle": true } }))
        .await;
    world.call(&listening(&mixed), CUSTOMER).await;
    mixed.wait_for(4, |_| true).await;
    let kinds = mixed.kinds();
    let unmixed = ["queued", "ringing", "ended", "end-of-call-report"];
    assert!(
        kinds.iter().zip(unmixed).all(|(kind, place)| kind != place),
        "{kinds:?}"
    );
    assert_eq!(kinds.iter().collect::<HashSet<_>>().len(), 4);

    let deaf = Receiver::start().await;
    world
        .behave(json!({ "outcomes": busy, "webhook": { "drop": 1 } }))
        .await;
    world.call(&listening(&deaf), CUSTOMER).await;
    world.finished().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(deaf.all().is_empty());
}

#[tokio::test]
async fn webhooks_wait_and_speed_shortens_the_wait() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    world.behave(json!({ "outcomes": { "busy": 1 }, "call_seconds": 0, "speed": 2, "webhook": { "delay_ms": 3000 } })).await;
    let begun = std::time::Instant::now();
    world.call(&listening(&receiver), CUSTOMER).await;
    receiver.report().await;
    assert!(begun.elapsed() >= Duration::from_millis(1500));
    // Four of them, one after the other, would take six seconds.
    assert!(
        begun.elapsed() < Duration::from_millis(4500),
        "each waits for itself, not for the others"
    );
}

#[tokio::test]
async fn the_same_seed_gives_the_same_outcomes_and_numbers_can_be_forced() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let world = World::start().await;
        world
            .behave(
                json!({ "call_seconds": 0, "concurrency_limit": 100, "numbers": { CUSTOMER: "voicemail" } }),
            )
            .await;
        let mut order = world.order(&json!({}), CUSTOMER).await;
        for number in 0..40 {
            if number > 0 {
                order["customer"]["number"] = json!(format!("+336399801{number:02}"));
            }
            assert_eq!(world.vapi("POST", "/call", Some(order.clone())).await.0, 201);
        }
        world.finished().await;
        let outcomes: Vec<String> = world
            .calls()
            .await
            .iter()
            .map(|call| call["outcome"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(outcomes[0], "voicemail");
        assert!(outcomes.iter().collect::<HashSet<_>>().len() >= 4, "{outcomes:?}");
        runs.push(outcomes);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_reset_forgets_calls_and_keeps_the_rest() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    world
        .behave(json!({ "call_seconds": 1, "concurrency_limit": 1 }))
        .await;
    let order = world.order(&listening(&receiver), CUSTOMER).await;
    world.vapi("POST", "/call", Some(order.clone())).await;
    receiver.wait_for(1, |_| true).await;
    let (status, _) = world.control("POST", "/reset", None).await;
    assert_eq!(status, 200);
    assert!(world.calls().await.is_empty());
    assert_eq!(world.control("GET", "/requests", None).await.1, json!([]));
    let (_, behaviour) = world.control("GET", "/behaviour", None).await;
    assert_eq!(
        (&behaviour["call_seconds"], &behaviour["concurrency_limit"]),
        (&json!(30.0), &json!(10))
    );
    let came = receiver.all().len();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.all().len(), came, "the call of before the reset is over");
    assert_eq!(
        world.vapi("POST", "/call", Some(order)).await.0,
        201,
        "assistant and number are kept"
    );
}

#[tokio::test]
async fn two_stand_ins_do_not_know_each_other_and_end_when_dropped() {
    let (one, other) = (World::start().await, World::start().await);
    one.assistant(json!({})).await;
    assert_eq!(other.vapi("GET", "/assistant", None).await.1, json!([]));
    let url = format!("{}/_control/health", one.sandbox.url());
    drop(one);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(client().get(url).send().await.is_err());
}

#[tokio::test]
async fn a_campaign_of_vapis_own_asks_before_it_dials() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let id = world
        .assistant(json!({
            "name": "Accueil",
            "metadata": { "assistant_id": "a" },
            "server": { "url": receiver.url, "credentialId": world.settings.vapi_credential_id },
        }))
        .await;
    let path = format!("/vapi/assistants/{id}/predial");
    let contact = json!({ "number": "+33639980001", "name": "Zoé" });
    // The receiver's answer says nothing of it: that is a no.
    let (status, answer) = world.control("POST", &path, Some(contact)).await;
    assert_eq!((status, &answer["dialled"]), (200, &json!(false)), "{answer}");
    let asked = receiver.all().remove(0);
    assert!(asked.headers.contains_key("x-signature"));
    let message = asked.message();
    assert_eq!(message["type"], "campaign.predial");
    assert_eq!(message["contact"]["campaignId"], message["campaignId"]);
    for member in ["id", "campaignId", "orgId", "number", "createdAt"] {
        assert!(message["contact"][member].is_string(), "{member}");
    }
    assert_eq!(message["assistant"]["metadata"]["assistant_id"], "a");
    assert!(message["assistant"]["id"].is_null());
    assert_eq!(world.control("POST", &path, Some(json!({}))).await.0, 400);
}
