//! Attempts of which nothing is heard: found at Vapi and attached, or never there and called again; never both.

use jiff::SignedDuration;
use serde_json::json;
use testkit::QueueKind;

use crate::Fixture;

#[tokio::test]
async fn a_call_that_vapi_accepted_is_found_by_our_id_and_not_placed_again() {
    let fixture = Fixture::start().await;
    let (_, body) = fixture.queued().await;
    let lost = json!({ "status": 500, "after_accepting": true, "times": 1, "only": "POST /call" });
    fixture
        .test
        .set_behaviour(json!({ "api": lost, "call_seconds": 600 }))
        .await;
    fixture.dial(&body).await;
    assert_eq!(fixture.calling.attempts("status").await[0]["status"], "unknown");

    // Too early: it may yet appear.
    fixture.test.app.clock.advance(SignedDuration::from_mins(4));
    minute_tick::run(&fixture.test.app).await.unwrap();
    assert_eq!(fixture.calling.attempts("status").await[0]["status"], "unknown");

    fixture.test.app.clock.advance(SignedDuration::from_mins(2));
    fixture
        .tick_until("the call is attached", async || {
            fixture.calling.attempts("status").await[0]["status"] == "in_call"
        })
        .await;

    let placed = fixture.test.placed_calls().await;
    assert_eq!(placed.len(), 1);
    let attempts = fixture.calling.attempts("vapi_call_id").await;
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0]["vapi_call_id"], placed[0]["id"]);
    assert_eq!(fixture.test.call_requests().await, 1);
    assert_eq!(fixture.calling.slots(&fixture.test).await, 1);
    assert_eq!(
        fixture
            .calling
            .organization
            .rows("select 1 as one from calls", &[])
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn a_call_that_an_event_made_without_knowing_whose_it_is_stops_nothing() {
    let fixture = Fixture::start().await;
    let (_, body) = fixture.queued().await;
    let lost = json!({ "status": 500, "after_accepting": true, "times": 1, "only": "POST /call" });
    fixture
        .test
        .set_behaviour(json!({ "api": lost, "call_seconds": 600 }))
        .await;
    fixture.dial(&body).await;
    let placed = fixture.test.placed_calls().await;
    let organization = &fixture.calling.organization;
    organization
        .sql(
            "insert into calls (id, organization_id, vapi_call_id, direction, status, created_at, updated_at)
             values (gen_random_uuid(), $1, $2, 'outbound', 'ringing', now(), now())",
            &[&organization.id, &placed[0]["id"].as_str().unwrap()],
        )
        .await;

    fixture.test.app.clock.advance(SignedDuration::from_mins(6));
    zencall::campaigns::reconcile::reconcile_organization(&fixture.test.app, organization.id)
        .await
        .unwrap();

    assert_eq!(
        fixture.calling.attempts("status, vapi_call_id").await,
        [json!({ "status": "in_call", "vapi_call_id": placed[0]["id"] })]
    );
}

#[tokio::test]
async fn a_call_that_vapi_never_had_is_made_once_more_and_does_not_count() {
    let fixture = Fixture::start().await;
    let (_, body) = fixture.queued().await;
    fixture
        .test
        .set_behaviour(json!({ "api": { "status": 500, "times": 1, "only": "POST /call" } }))
        .await;
    fixture.dial(&body).await;
    assert_eq!(fixture.calling.attempts("status").await[0]["status"], "unknown");
    assert_eq!(fixture.calling.contact().await["attempts"], 1);

    fixture.test.app.clock.advance(SignedDuration::from_mins(6));
    fixture
        .tick_until("it is called again", async || {
            fixture.calling.attempts("id").await.len() == 2
        })
        .await;

    let attempts = fixture.calling.attempts("status, released_reason, number").await;
    assert_eq!(attempts[0]["status"], "released");
    assert_eq!(attempts[0]["released_reason"], "vapi_never_had_it");
    assert_eq!(attempts[1]["status"], "queued");
    assert_eq!(fixture.calling.contact().await["attempts"], 0);
    fixture.dial(&fixture.queued_message().await).await;
    assert_eq!(fixture.test.placed_calls().await.len(), 1);
    assert_eq!(fixture.calling.slots(&fixture.test).await, 1);
    assert_eq!(fixture.calling.contact().await["attempts"], 1);
}

#[tokio::test]
async fn nothing_is_decided_while_vapi_cannot_be_asked() {
    let fixture = Fixture::start().await;
    let (_, body) = fixture.queued().await;
    fixture
        .test
        .set_behaviour(json!({ "api": { "status": 503 } }))
        .await;
    fixture.dial(&body).await;
    fixture.test.app.clock.advance(SignedDuration::from_mins(6));

    let organization = fixture.calling.organization.id;
    zencall::campaigns::reconcile::reconcile_organization(&fixture.test.app, organization)
        .await
        .unwrap();

    assert_eq!(fixture.calling.attempts("status").await[0]["status"], "unknown");
    assert_eq!(fixture.calling.slots(&fixture.test).await, 1);
}

#[tokio::test]
async fn a_dialler_that_died_before_the_request_leaves_nobody_waiting() {
    let fixture = Fixture::start().await;
    fixture.queued().await;
    fixture
        .calling
        .organization
        .sql(
            "with dialing as (update call_attempts set status = 'dialing', dialing_at = $1)
             update campaign_contacts set attempts = 1, tries = 1",
            &[&fixture.test.app.clock.now()],
        )
        .await;

    fixture.test.app.clock.advance(SignedDuration::from_mins(6));
    fixture
        .tick_until("the contact is queued again", async || {
            fixture.calling.attempts("id").await.len() == 2
        })
        .await;

    fixture.dial(&fixture.queued_message().await).await;
    assert_eq!(fixture.test.placed_calls().await.len(), 1);
    assert_eq!(fixture.calling.contact().await["attempts"], 1);
}

#[tokio::test]
async fn a_message_that_was_lost_is_sent_again() {
    let fixture = Fixture::start().await;
    let (_, body) = fixture.queued().await;
    assert!(
        fixture.test.queues.take(QueueKind::Calls).await.is_empty(),
        "taken, and lost"
    );

    fixture.test.app.clock.advance(SignedDuration::from_secs(61));
    fixture
        .tick_until("the message is there", async || {
            fixture.test.queues.take(QueueKind::Calls).await.contains(&body)
        })
        .await;

    fixture.dial(&body).await;
    assert_eq!(fixture.test.placed_calls().await.len(), 1);
}

#[tokio::test]
async fn a_call_whose_end_nobody_told_ends_as_vapi_says() {
    let fixture = Fixture::start().await;
    fixture
        .calling
        .organization
        .sql("update assistants set max_duration_seconds = 10", &[])
        .await;
    let (_, body) = fixture.queued().await;
    fixture
        .test
        .set_behaviour(json!({ "outcomes": { "busy": 1 }, "call_seconds": 1, "speed": 100 }))
        .await;
    fixture.dial(&body).await;

    fixture.test.app.clock.advance(SignedDuration::from_secs(320));
    fixture
        .tick_until("the attempt ended", async || {
            fixture.calling.attempts("status").await[0]["status"] == "ended"
        })
        .await;

    let contact = fixture.calling.contact().await;
    assert_eq!(
        (contact["status"].as_str(), contact["last_outcome"].as_str()),
        (Some("waiting"), Some("busy"))
    );
    assert_eq!(contact["attempts"], 1);
    let calls = fixture
        .calling
        .organization
        .rows("select status, outcome, ended_reason from calls", &[])
        .await;
    assert_eq!(
        calls,
        [json!({ "status": "ended", "outcome": "busy", "ended_reason": "customer-busy" })]
    );
    assert_eq!(fixture.calling.slots(&fixture.test).await, 0);
}

#[tokio::test]
async fn a_call_that_vapi_never_lets_end_is_over_in_the_end() {
    let fixture = Fixture::start().await;
    fixture
        .calling
        .organization
        .sql("update assistants set max_duration_seconds = 10", &[])
        .await;
    fixture
        .calling
        .organization
        .sql("update campaigns set max_attempts = 1", &[])
        .await;
    let (_, body) = fixture.queued().await;
    fixture
        .test
        .set_behaviour(json!({ "outcomes": { "answered": 1 }, "call_seconds": 80_000 }))
        .await;
    fixture.dial(&body).await;

    fixture.test.app.clock.advance(SignedDuration::from_mins(30));
    let (app, organization) = (&fixture.test.app, fixture.calling.organization.id);
    zencall::campaigns::reconcile::reconcile_organization(app, organization)
        .await
        .unwrap();
    assert_eq!(
        fixture.calling.attempts("status").await[0]["status"],
        "in_call",
        "Vapi may be right"
    );

    fixture.test.app.clock.advance(SignedDuration::from_mins(31));
    zencall::campaigns::reconcile::reconcile_organization(app, organization)
        .await
        .unwrap();
    assert_eq!(
        fixture.calling.attempts("status, outcome").await[0],
        json!({ "status": "ended", "outcome": "failed" })
    );
    assert_eq!(fixture.status().await, "waiting");
}

#[tokio::test]
async fn a_slot_whose_holder_was_lost_is_free_again_when_its_lease_runs_out() {
    let fixture = Fixture::start().await;
    fixture
        .calling
        .organization
        .sql("update assistants set max_duration_seconds = 10", &[])
        .await;
    fixture.queued().await;
    assert_eq!(fixture.calling.slots(&fixture.test).await, 1);

    fixture.test.app.clock.advance(SignedDuration::from_secs(911));
    assert_eq!(fixture.calling.slots(&fixture.test).await, 0);

    // Its message comes after all: it must not call without a slot.
    fixture.dial(&fixture.queued_message().await).await;
    assert_eq!(fixture.test.call_requests().await, 0);
    assert_eq!(fixture.calling.attempts("status").await[0]["status"], "released");
}
