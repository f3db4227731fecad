//! What keeps a queued call from being placed.

use zencall::campaigns::{Step, lifecycle};

use super::*;

#[tokio::test]
async fn a_paused_campaign_takes_its_queued_calls_back() {
    let test = TestApp::alone().await;
    let (calling, campaign, body) = queued(&test).await;
    lifecycle::take(&test.app, &calling.organization.caller(), campaign, Step::Pause)
        .await
        .unwrap();

    dial(&test, &body).await.unwrap();

    assert_eq!(test.call_requests().await, 0);
    expect_waiting_uncounted(&test, &calling).await;
}

#[tokio::test]
async fn a_campaign_that_stopped_after_its_release_gives_the_attempt_back() {
    let test = TestApp::alone().await;
    for (status, contact) in [("paused", "waiting"), ("cancelled", "cancelled")] {
        let (calling, _, body) = queued(&test).await;
        calling
            .organization
            .sql("update campaigns set status = $1", &[&status])
            .await;

        dial(&test, &body).await.unwrap();

        let attempt = calling.attempts("status, released_reason").await.remove(0);
        assert_eq!(
            attempt,
            json!({ "status": "released", "released_reason": "campaign_not_running" })
        );
        assert_eq!(
            calling.contact().await["status"],
            contact,
            "nobody waits in a {status} campaign"
        );
        assert_eq!(calling.slots(&test).await, 0);
    }
    assert_eq!(test.call_requests().await, 0);
}

#[tokio::test]
async fn a_person_who_objects_after_the_release_is_not_called() {
    let test = TestApp::alone().await;
    let (calling, _, body) = queued(&test).await;
    calling
        .organization
        .sql("update contacts set do_not_call = true", &[])
        .await;

    dial(&test, &body).await.unwrap();

    assert_eq!(test.call_requests().await, 0);
    let contact = calling.contact().await;
    assert_eq!(contact["status"], "skipped");
    assert_eq!(contact["refusal_code"], "suppressed");
    let sql = "select allowed, code, attempt_id from gate_decisions where stage = 'dial'";
    let decisions = calling.organization.rows(sql, &[]).await;
    assert_eq!(
        decisions,
        [json!({ "allowed": false, "code": "suppressed", "attempt_id": body["attempt_id"] })]
    );
    assert_eq!(calling.slots(&test).await, 0);
    assert_eq!(
        calling.campaign_row().await["status"],
        "completed",
        "nobody is left"
    );
}

#[tokio::test]
async fn a_person_who_objects_to_everybody_after_the_release_is_not_called() {
    let test = TestApp::alone().await;
    let (calling, _, body) = queued(&test).await;
    let phone = calling.organization.rows("select phone from contacts", &[]).await;
    test.object_everywhere(phone[0]["phone"].as_str().unwrap()).await;

    dial(&test, &body).await.unwrap();

    assert_eq!(test.call_requests().await, 0);
    let contact = calling.contact().await;
    assert_eq!(
        (&contact["status"], &contact["refusal_code"]),
        (&json!("skipped"), &json!("suppressed"))
    );
    assert_eq!(calling.slots(&test).await, 0);
    let kept = calling.attempts("number_hash").await;
    assert_eq!(kept, [json!({ "number_hash": null })], "only while it waits");
}

#[tokio::test]
async fn a_number_that_changed_since_the_release_is_looked_for_again() {
    let test = TestApp::alone().await;
    let (calling, _, body) = queued(&test).await;
    test.object_everywhere("+33199009999").await;
    calling
        .organization
        .sql("update contacts set phone = '+33199009999'", &[])
        .await;

    dial(&test, &body).await.unwrap();

    assert_eq!(test.call_requests().await, 0);
    let attempts = calling.attempts("status, released_reason").await;
    assert_eq!(
        attempts,
        [json!({ "status": "released", "released_reason": "changed" })]
    );
    // The next release asked for the new number.
    assert_eq!(calling.contact().await["refusal_code"], "suppressed");
}

#[tokio::test]
async fn a_number_that_may_not_call_any_more_pauses_the_campaign() {
    let test = TestApp::alone().await;
    let (calling, _, body) = queued(&test).await;
    calling
        .organization
        .sql(
            "update organizations set twilio_phone_number = '+33612345678'",
            &[],
        )
        .await;

    dial(&test, &body).await.unwrap();

    assert_eq!(test.call_requests().await, 0);
    let campaign = calling.campaign_row().await;
    assert_eq!(campaign["status"], "paused");
    assert_eq!(campaign["pause_reason"], "caller_id_not_allowed");
    assert_eq!(calling.contact().await["status"], "waiting");
}

#[tokio::test]
async fn a_disconnected_organisation_pauses_the_campaign() {
    let test = TestApp::alone().await;
    let (calling, _, body) = queued(&test).await;
    calling
        .organization
        .sql("update organizations set vapi_phone_number_id = null", &[])
        .await;

    dial(&test, &body).await.unwrap();

    assert_eq!(
        calling.campaign_row().await["pause_reason"],
        "twilio_not_configured"
    );
    assert_eq!(calling.contact().await["status"], "waiting");
    assert_eq!(calling.slots(&test).await, 0);
}

#[tokio::test]
async fn an_attempt_that_waited_too_long_for_its_line_is_given_back_and_a_decision_says_so() {
    let test = TestApp::alone_at(Clock::system().now()).await;
    let (calling, _, body) = queued(&test).await;
    test.app.clock.advance(SignedDuration::from_mins(11));

    dial(&test, &body).await.unwrap();

    assert_eq!(test.call_requests().await, 0);
    let attempts = calling.attempts("status, released_reason").await;
    assert_eq!(attempts[0]["released_reason"], "no_slot");
    let sql = "select allowed, code, rule from gate_decisions where stage = 'dial'";
    assert_eq!(
        calling.organization.rows(sql, &[]).await,
        [json!({ "allowed": false, "code": "no_slot", "rule": "platform.slots" })]
    );
    assert_eq!(
        attempts[1]["status"], "queued",
        "the next release took it up at once"
    );
}
