//! Everything at once: releases, diallers, ends, and a person who pauses or cancels. Whatever the order, nobody is left
//! waiting in a campaign that is over, and every slot belongs to an attempt that is open.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::vapi::message;
use testkit::{CallingOrganization, TestApp};
use zencall::App;
use zencall::campaigns::end::{self, AttemptEnd};
use zencall::campaigns::{CampaignError, Step, lifecycle, release, start};
use zencall::db::{Claims, DbError};
use zencall::kernel::ended_reason::{Action, Outcome};
use zencall::kernel::ids::AttemptId;

const CONTACTS: u16 = 40;

/// Dials what is queued, as a container that polls the queue does, until nothing is.
async fn dial_all(app: &App, calling: &CallingOrganization) {
    for _ in 0..8 {
        let queued = calling.attempts("id, status").await;
        for attempt in queued.iter().filter(|attempt| attempt["status"] == "queued") {
            let body =
                json!({ "v": 1, "organization_id": calling.organization.id, "attempt_id": attempt["id"] });
            call_dialer::handle(app, &message(&body)).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Ends what is in a call, each a little differently.
async fn end_all(app: &App, calling: &CallingOrganization) {
    let outcomes = [
        Outcome::Answered,
        Outcome::NoAnswer,
        Outcome::Busy,
        Outcome::Failed,
    ];
    for round in 0..8 {
        let open = calling.attempts("id, status").await;
        for (index, attempt) in open
            .iter()
            .enumerate()
            .filter(|(_, attempt)| attempt["status"] == "in_call")
        {
            let ended = AttemptEnd {
                attempt: AttemptId::parse(attempt["id"].as_str().unwrap()).unwrap(),
                outcome: outcomes[(index + round) % outcomes.len()],
                action: Action::Redial,
                was_answered: false,
                at: app.clock.now(),
            };
            let ended = &ended;
            let claims = &Claims::platform(calling.organization.id);
            app.db
                .write("tests.end", claims, async |tx| {
                    end::attempt_ended(tx, app, ended).await
                })
                .await
                .unwrap_or_else(|error: DbError| panic!("{error:?}"));
        }
        release::release(app, calling.organization.id).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What must hold whenever nothing is under way.
async fn check(test: &TestApp, calling: &CallingOrganization) {
    let attempts = calling.attempts("contact_id, status").await;
    let open = |status: &Value| {
        ["queued", "dialing", "in_call", "unknown"]
            .iter()
            .any(|open| status == open)
    };
    let open: Vec<_> = attempts
        .iter()
        .filter(|attempt| open(&attempt["status"]))
        .collect();
    assert_eq!(
        calling.slots(test).await,
        i64::try_from(open.len()).unwrap(),
        "a slot for each open attempt"
    );
    let contacts = calling
        .organization
        .rows("select contact_id, status from campaign_contacts", &[])
        .await;
    for contact in &contacts {
        let active = contact["status"] == "active";
        let called = open
            .iter()
            .filter(|attempt| attempt["contact_id"] == contact["contact_id"])
            .count();
        assert_eq!(called, usize::from(active), "{contact}");
    }
    let placed = test.placed_calls().await;
    let mut ids: Vec<_> = placed
        .iter()
        .map(|call| call["external_id"].to_string())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), placed.len(), "no attempt was placed twice");
}

async fn begin(test: &TestApp) -> CallingOrganization {
    test.set_behaviour(json!({ "concurrency_limit": 1000, "call_seconds": 600, "api": { "latency_ms": 3 } }))
        .await;
    let calling = CallingOrganization::create(test).await;
    let campaign = calling.campaign(CONTACTS).await;
    calling
        .organization
        .sql(
            "update campaigns set retry_delay_minutes = 0, concurrent_calls = 10",
            &[],
        )
        .await;
    start::start(&test.app, &calling.organization.caller(), campaign)
        .await
        .unwrap();
    calling
}

async fn take(app: &App, calling: &CallingOrganization, step: Step) {
    let row = calling.campaign_row().await;
    let id = row["id"]
        .as_str()
        .unwrap()
        .parse()
        .map(zencall::kernel::ids::CampaignId)
        .unwrap();
    match lifecycle::take(app, &calling.organization.caller(), id, step).await {
        Ok(_) | Err(CampaignError::State(_)) => {}
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_campaign_leaves_nobody_waiting() {
    let test = TestApp::alone().await;
    for wait in [0, 10, 25, 60, 120] {
        let calling = begin(&test).await;
        let containers: Vec<_> = (0..6).map(|_| test.another_container()).collect();
        let diallers = join_all(containers[..3].iter().map(|app| dial_all(app, &calling)));
        let enders = join_all(containers[3..5].iter().map(|app| end_all(app, &calling)));
        let cancel = async {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            take(&containers[5], &calling, Step::Cancel).await;
        };
        tokio::join!(diallers, enders, cancel);

        check(&test, &calling).await;
        assert_eq!(calling.campaign_row().await["status"], "cancelled");
        zencall::campaigns::upkeep::look_after(&test.app, calling.organization.id)
            .await
            .unwrap();
        let sql = "select contact_id from campaign_contacts where status in ('pending', 'waiting')";
        assert!(
            calling.organization.rows(sql, &[]).await.is_empty(),
            "after {wait} ms"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_that_is_paused_and_resumed_all_the_time_loses_nobody() {
    let test = TestApp::alone().await;
    let calling = begin(&test).await;
    let containers: Vec<_> = (0..6).map(|_| test.another_container()).collect();
    let diallers = join_all(containers[..3].iter().map(|app| dial_all(app, &calling)));
    let enders = join_all(containers[3..5].iter().map(|app| end_all(app, &calling)));
    let fickle = async {
        for step in [Step::Pause, Step::Resume].into_iter().cycle().take(20) {
            take(&containers[5], &calling, step).await;
            tokio::time::sleep(Duration::from_millis(7)).await;
        }
    };
    tokio::join!(diallers, enders, fickle);
    check(&test, &calling).await;

    // After the last pause nothing moves, and after the last resumption everything does.
    take(&test.app, &calling, Step::Pause).await;
    let before = test.call_requests().await;
    dial_all(&test.app, &calling).await;
    assert_eq!(test.call_requests().await, before, "no call after a pause");
    check(&test, &calling).await;
    take(&test.app, &calling, Step::Resume).await;
    for _ in 0..60 {
        if calling.campaign_row().await["status"] == "completed" {
            break;
        }
        dial_all(&test.app, &calling).await;
        end_all(&test.app, &calling).await;
    }
    check(&test, &calling).await;
    assert_eq!(calling.campaign_row().await["status"], "completed");
}
