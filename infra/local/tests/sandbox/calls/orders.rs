//! What may be ordered, and what is refused.

use super::*;
use crate::support::{ACCOUNT, NUMBER};

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
