//! One message is one attempt: placed at most once, given back where nobody was rung, unknown where nobody knows.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::vapi::message;
use testkit::{CallingOrganization, Options, QueueKind, TestApp};
use zencall::campaigns::{Step, lifecycle, release};
use zencall::kernel::Clock;
use zencall::kernel::ids::CampaignId;
use zencall::worker::NotHandled;

async fn dial(test: &TestApp, body: &Value) -> Result<(), NotHandled> {
    call_dialer::handle(&test.app, &message(body)).await
}

/// An organisation whose campaign has queued its only contact, and the message.
async fn queued(test: &TestApp) -> (CallingOrganization, CampaignId, Value) {
    let calling = CallingOrganization::create(test).await;
    let (campaign, mut messages) = calling.running(test, 1).await;
    assert_eq!(messages.len(), 1);
    (calling, campaign, messages.remove(0))
}

mod placing {
    use super::*;

    #[tokio::test]
    async fn a_message_becomes_one_call_that_carries_the_attempts_id() {
        let test = TestApp::alone().await;
        let (calling, campaign, body) = queued(&test).await;

        dial(&test, &body).await.unwrap();

        let placed = test.placed_calls().await;
        assert_eq!(placed.len(), 1);
        assert_eq!(placed[0]["external_id"], body["attempt_id"]);
        let attempts = calling.attempts("id, status, vapi_call_id, dialing_at").await;
        assert_eq!(attempts[0]["status"], "in_call");
        assert_eq!(attempts[0]["vapi_call_id"], placed[0]["id"]);
        let calls = calling.organization.rows("select * from calls", &[]).await;
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0]["id"], body["attempt_id"]);
        assert_eq!(calls[0]["campaign_id"], campaign.to_string());
        assert_eq!(calls[0]["direction"], "outbound");
        let contact = calling.contact().await;
        assert_eq!(
            (contact["status"].as_str(), contact["attempts"].as_i64()),
            (Some("active"), Some(1))
        );
        assert_eq!(calling.slots(&test).await, 1);
        let stages = calling
            .organization
            .rows("select stage, allowed from gate_decisions order by id", &[])
            .await;
        assert_eq!(
            stages,
            [
                json!({ "stage": "release", "allowed": true }),
                json!({ "stage": "dial", "allowed": true })
            ]
        );
    }

    #[tokio::test]
    async fn the_same_message_ten_times_at_once_is_one_call() {
        let test = TestApp::alone().await;
        let (_calling, _, body) = queued(&test).await;
        let containers: Vec<_> = (0..10).map(|_| test.another_container()).collect();
        let message = message(&body);

        let handled = join_all(containers.iter().map(|app| call_dialer::handle(app, &message))).await;

        assert!(handled.iter().all(Result::is_ok));
        assert_eq!(test.call_requests().await, 1);
    }

    #[tokio::test]
    async fn a_late_message_changes_nothing() {
        let test = TestApp::alone().await;
        let (calling, _, body) = queued(&test).await;
        dial(&test, &body).await.unwrap();
        calling
            .organization
            .sql("update call_attempts set status = 'ended', outcome = 'busy'", &[])
            .await;

        dial(&test, &body).await.unwrap();

        assert_eq!(test.call_requests().await, 1);
        assert_eq!(calling.attempts("status").await[0]["status"], "ended");
    }

    #[tokio::test]
    async fn a_message_about_nothing_we_know_is_done_with() {
        let test = TestApp::alone().await;
        let (_calling, _, mut body) = queued(&test).await;
        body["attempt_id"] = json!("01890000-0000-7000-8000-000000000000");
        dial(&test, &body).await.unwrap();
        assert_eq!(test.call_requests().await, 0);
    }

    #[tokio::test]
    async fn an_unreadable_message_is_not_done_with() {
        let test = TestApp::alone().await;
        assert!(dial(&test, &json!({ "attempt_id": 7 })).await.is_err());
    }
}

mod stopping {
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
        let contact = calling.contact().await;
        assert_eq!(
            (contact["status"].as_str(), contact["attempts"].as_i64()),
            (Some("waiting"), Some(0))
        );
        assert_eq!(calling.slots(&test).await, 0);
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
    async fn an_attempt_that_waited_too_long_is_given_back_before_its_slot_is_lost() {
        let test = TestApp::alone_at(Clock::system().now()).await;
        let (calling, _, body) = queued(&test).await;
        test.app.clock.advance(SignedDuration::from_mins(11));

        dial(&test, &body).await.unwrap();

        assert_eq!(test.call_requests().await, 0);
        let attempts = calling.attempts("status, released_reason").await;
        assert_eq!(attempts[0]["released_reason"], "waited_too_long");
        assert_eq!(
            attempts[1]["status"], "queued",
            "the next release took it up at once"
        );
    }
}

mod refusals {
    use super::*;

    /// Vapi behaves so; the message is handled; the contact, its attempt and what the campaign is afterwards.
    async fn after(behaviour: Value) -> (TestApp, CallingOrganization, Value) {
        let test = TestApp::alone().await;
        let (calling, _, body) = queued(&test).await;
        test.set_behaviour(behaviour).await;
        dial(&test, &body).await.unwrap();
        // Nobody dials the same attempt twice, whatever became of it.
        dial(&test, &body).await.unwrap();
        assert_eq!(test.call_requests().await, 1);
        let attempt = calling.attempts("status, released_reason").await.remove(0);
        (test, calling, attempt)
    }

    #[tokio::test]
    async fn a_busy_vapi_costs_the_contact_nothing() {
        let blocked = json!({ "concurrency_limit": 0 });
        let over_limit = json!({ "concurrency_limit": 0, "concurrency_mode": "error_400" });
        for behaviour in [json!({ "api": { "status": 429 } }), blocked, over_limit] {
            let (test, calling, attempt) = after(behaviour.clone()).await;
            assert_eq!(
                attempt,
                json!({ "status": "released", "released_reason": "vapi_busy" }),
                "{behaviour}"
            );
            let contact = calling.contact().await;
            assert_eq!(contact["status"], "waiting", "{behaviour}");
            assert_eq!(contact["attempts"], 0, "{behaviour}");
            assert_eq!(calling.slots(&test).await, 0, "{behaviour}");
            assert!(test.placed_calls().await.is_empty());
        }
    }

    #[tokio::test]
    async fn a_call_that_vapi_will_never_place_ends_the_contact_with_its_reason() {
        let (test, calling, attempt) = after(json!({ "api": { "status": 400 } })).await;
        assert_eq!(attempt["released_reason"], "vapi_call_refused");
        let contact = calling.contact().await;
        assert_eq!(contact["status"], "failed");
        assert_eq!(contact["last_outcome"], "failed");
        assert_eq!(calling.slots(&test).await, 0);
        assert_eq!(calling.campaign_row().await["status"], "completed");
    }

    #[tokio::test]
    async fn a_refused_key_pauses_the_campaign() {
        let (test, calling, attempt) = after(json!({ "api": { "status": 401 } })).await;
        assert_eq!(attempt["released_reason"], "vapi_key_refused");
        let campaign = calling.campaign_row().await;
        assert_eq!(campaign["status"], "paused");
        assert_eq!(campaign["pause_reason"], "vapi_key_refused");
        let contact = calling.contact().await;
        assert_eq!(
            (contact["status"].as_str(), contact["attempts"].as_i64()),
            (Some("waiting"), Some(0))
        );
        assert_eq!(calling.slots(&test).await, 0);
    }

    #[tokio::test]
    async fn calls_that_are_refused_at_once_do_not_stand_in_each_others_way() {
        let test = TestApp::alone().await;
        let calling = CallingOrganization::create(&test).await;
        let (_, messages) = calling.running(&test, 5).await;
        test.set_behaviour(json!({ "api": { "status": 401, "latency_ms": 100 } }))
            .await;
        let containers: Vec<_> = messages.iter().map(|_| test.another_container()).collect();
        let messages: Vec<_> = messages.iter().map(message).collect();

        let handled = join_all(
            containers
                .iter()
                .zip(&messages)
                .map(|(app, message)| call_dialer::handle(app, message)),
        );
        assert!(handled.await.iter().all(Result::is_ok));

        // PostgreSQL counts what a connection met when it ends. A second run of the transaction would hide a deadlock.
        drop(containers);
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let met = "select deadlocks from pg_stat_database where datname = current_database()";
        let met = calling.organization.rows(met, &[]).await;
        assert_eq!(met, [json!({ "deadlocks": 0 })]);
        assert_eq!(calling.slots(&test).await, 0);
        let released = calling.attempts("status").await;
        assert!(released.iter().all(|attempt| attempt["status"] == "released"));
    }

    #[tokio::test]
    async fn an_unknown_outcome_is_not_tried_again() {
        for behaviour in [
            json!({ "api": { "status": 500, "times": 1 } }),
            json!({ "api": { "status": 502, "after_accepting": true, "times": 1 } }),
            json!({ "api": { "after_accepting": true, "times": 1 } }),
        ] {
            let (test, calling, attempt) = after(behaviour.clone()).await;
            assert_eq!(attempt["status"], "unknown", "{behaviour}");
            let contact = calling.contact().await;
            assert_eq!(contact["status"], "active", "{behaviour}");
            assert_eq!(contact["attempts"], 1, "it counts until somebody knows");
            assert_eq!(calling.slots(&test).await, 1, "its slot may be in use");
            assert_eq!(
                release::release(&test.app, calling.organization.id)
                    .await
                    .unwrap(),
                0
            );
        }
    }
}

mod outages {
    use super::*;

    #[tokio::test]
    async fn a_request_that_never_left_is_given_back() {
        let configure = |config: &mut zencall::config::Config| {
            config.vapi_api_url = "http://127.0.0.1:9/vapi".to_owned();
        };
        let test = TestApp::with(Options {
            alone: true,
            configure: Some(Box::new(configure)),
            ..Options::default()
        })
        .await;
        let (calling, _, body) = queued(&test).await;

        dial(&test, &body).await.unwrap();

        let attempt = calling.attempts("status, released_reason").await.remove(0);
        assert_eq!(
            attempt,
            json!({ "status": "released", "released_reason": "vapi_not_reached" })
        );
        let contact = calling.contact().await;
        assert_eq!(
            (contact["status"].as_str(), contact["attempts"].as_i64()),
            (Some("waiting"), Some(0))
        );
        assert_eq!(calling.slots(&test).await, 0);
    }

    #[tokio::test]
    async fn without_a_database_the_message_goes_back() {
        let test = TestApp::alone().await;
        let (_calling, _, body) = queued(&test).await;
        let url = Some("postgres://nobody@127.0.0.1:9/nowhere".to_owned());
        let other = TestApp::with(Options {
            database_url: url,
            ..Options::default()
        })
        .await;

        let error = dial(&other, &body).await.unwrap_err();

        assert!(error.is_worth_retrying());
        assert_eq!(other.call_requests().await, 0);
    }

    #[tokio::test]
    async fn what_waits_is_called_when_its_time_comes() {
        let test = TestApp::alone_at(Clock::system().now()).await;
        let (calling, _, body) = queued(&test).await;
        test.set_behaviour(json!({ "api": { "status": 429 } })).await;
        dial(&test, &body).await.unwrap();
        test.set_behaviour(json!({})).await;
        assert_eq!(
            release::release(&test.app, calling.organization.id)
                .await
                .unwrap(),
            0,
            "not yet"
        );

        test.app.clock.advance(SignedDuration::from_secs(31));
        assert_eq!(
            release::release(&test.app, calling.organization.id)
                .await
                .unwrap(),
            1
        );
        let again = test.queues.take(QueueKind::Calls).await;
        dial(&test, &again[0]).await.unwrap();

        assert_eq!(test.placed_calls().await.len(), 1);
        assert_eq!(calling.contact().await["attempts"], 1);
    }
}
