//! Events change the rows of their owner alone.

use serde_json::{Value, json};
use testkit::TestApp;

use crate::fixture::{Dialled, tell};

async fn everything(call: &Dialled) -> Value {
    json!({
        "calls": call.organization.rows("select * from calls", &[]).await,
        "attempt": call.attempt().await,
        "contact": call.campaign_contact().await,
        "events": call.events().await,
    })
}

#[tokio::test]
async fn an_event_that_claims_another_organisation_changes_nothing_there() {
    //
    let test = TestApp::alone().await;
    let (ours, theirs) = (Dialled::new(&test).await, Dialled::new(&test).await);
    let before = everything(&theirs).await;
    let claims = |metadata: Value, customer: Value| {
        let mut message = ours.report("customer-busy", json!({ "customer": customer }));
        message["call"]["assistantOverrides"] = json!({ "metadata": metadata });
        message
    };
    let their_organization = json!(theirs.organization.id);
    for message in [
        // In words that we do not read.
        claims(
            json!({ "organization_id": their_organization, "campaign_id": theirs.campaign }),
            json!({}),
        ),
        // With their attempt, from our assistant.
        claims(
            json!({ "organization_id": their_organization, "attempt_id": theirs.attempt }),
            json!({}),
        ),
        claims(json!({}), json!({ "externalId": theirs.attempt })),
    ] {
        tell(&test.app, message).await.unwrap();
        assert_eq!(everything(&theirs).await, before);
    }
    // And their call is not to be had by our assistant either.
    theirs.tell(theirs.status("ringing", 3)).await;
    let before = everything(&theirs).await;
    let mut stolen = ours.report("customer-busy", json!({}));
    stolen["call"]["id"] = json!(theirs.vapi_call_id);
    tell(&test.app, stolen).await.unwrap();
    let mut bound = theirs.report("customer-busy", json!({}));
    bound["call"]["id"] = json!(ours.vapi_call_id);
    bound["call"]["assistantId"] = json!(ours.vapi_assistant_id);
    tell(&test.app, bound).await.unwrap();
    assert_eq!(everything(&theirs).await, before);
}

#[tokio::test]
async fn an_attempt_that_is_bound_to_a_call_does_not_take_the_events_of_another() {
    let test = TestApp::alone().await;
    let call = Dialled::new(&test).await;
    call.tell(call.status("ringing", 3)).await;
    let mut other = call.report("customer-busy", json!({}));
    other["call"]["id"] = json!(format!("other-{}", call.vapi_call_id));
    call.tell(other).await;
    assert_eq!(call.call().await["status"], "ringing");
    assert_eq!(call.attempt().await["status"], "in_call");
}
