//! What keeps a queued call from being placed.

use testkit::QueueKind;
use zencall::campaigns::{Step, lifecycle};
use zencall::consents::{self, NewWithdrawal};
use zencall::db::Claims;
use zencall::kernel::ids::ContactId;
use zencall::kernel::number_key::NumberKey;
use zencall::kernel::{Country, PhoneNumber};
use zencall::oppositions::platform;

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
async fn who_objected_to_everybody_is_called_again_once_they_agreed_anew_and_as_long_as_they_do() {
    let test = TestApp::alone_at("2026-11-24T11:00:00Z".parse().unwrap()).await;
    let (calling, _, body) = queued(&test).await;
    let organization = &calling.organization;
    let contact = organization.rows("select id, phone from contacts", &[]).await;
    test.object_everywhere(contact[0]["phone"].as_str().unwrap())
        .await;
    let contact = ContactId(contact[0]["id"].as_str().unwrap().parse().unwrap());
    // A Monday, when the silence is over; what they agree to is something else, and the campaign sells nothing.
    test.app.clock.advance(SignedDuration::from_hours(62 * 24));
    let agreed = testkit::consent(
        testkit::advertiser("Agence", None),
        "Chaudière",
        test.app.clock.now(),
    );
    let consent = organization.record_consent(contact, &agreed).await;
    let dialled = async |body: &Value| {
        dial(&test, body).await.unwrap();
        test.call_requests().await
    };
    // Its line is given back meanwhile, and the next release takes another one for it.
    assert_eq!(dialled(&body).await, 0);
    let again = test.queues.take(QueueKind::Calls).await.remove(0);

    let (clock, withdrawal) = (&test.app.clock, &NewWithdrawal::default());
    let withdrawn = test
        .app
        .db
        .write("test.withdraw", &Claims::platform(organization.id), async |tx| {
            consents::withdraw(tx, clock, (contact, consent.id), withdrawal, clock.now()).await
        })
        .await;
    assert!(withdrawn.unwrap().is_some());
    assert_eq!(dialled(&again).await, 0, "what was taken back opens nothing");
    let decisions = organization
        .rows(
            "select inputs -> 'contact' ->> 'objected_at' as objected_at, jsonb_array_length(inputs -> 'contact' -> 'consents') as known, code
               from gate_decisions where stage = 'dial' order by code",
            &[],
        )
        .await;
    // Of the objection its day is told, and no instant by which two organisations would know that they know the same person.
    let day = "2026-11-24T23:00:00Z";
    assert_eq!(
        decisions,
        [
            json!({ "objected_at": day, "known": 1, "code": "no_slot" }),
            json!({ "objected_at": day, "known": 2, "code": "suppressed" }),
        ]
    );
}

#[tokio::test]
async fn under_another_key_nobody_is_called_since_nobody_would_know_who_objects() {
    let test = TestApp::alone().await;
    let (calling, _, _) = queued(&test).await;
    test.object_everywhere("+33199009998").await;
    let (phone, db) = (
        &PhoneNumber::parse("+33199009998", Country::FR).unwrap(),
        &test.app.db,
    );
    let other = &NumberKey::new(Box::new([8; 32]));
    let claims = &Claims::platform(calling.organization.id);
    let asked = db
        .read("test.other_key", claims, async |tx| {
            platform::objects(tx, other, phone, test.app.clock.now()).await
        })
        .await;
    assert!(asked.is_err(), "{asked:?}");
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
