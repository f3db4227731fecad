//! What becomes due with time: windows that open, campaigns that begin, campaigns that are through, messages left behind.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use testkit::QueueKind;
use zencall::campaigns::{release, start};

use crate::Fixture;

/// A zone where it is a quarter past noon to a quarter past one, and the minute of its day.
pub(crate) fn zone_at_noon(now: Timestamp) -> (String, i32) {
    let utc = Offset::UTC.to_datetime(now);
    let ahead = 12 - i32::from(utc.hour());
    // POSIX counts westwards.
    (format!("Etc/GMT{:+}", -ahead), 12 * 60 + i32::from(utc.minute()))
}

#[tokio::test]
async fn a_campaign_outside_its_hours_waits_and_calls_when_they_begin() {
    let fixture = Fixture::start().await;
    let calling = &fixture.calling;
    let (zone, minute) = zone_at_noon(fixture.test.app.clock.now());
    let opens = minute + 5;
    let opens = format!("{:02}:{:02}", opens / 60, opens % 60);
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let windows = json!([{ "days": days, "start": opens, "end": "24:00" }]);
    let campaign = calling.campaign(1).await;
    calling
        .organization
        .sql("update contacts set timezone = $1", &[&zone])
        .await;
    calling
        .organization
        .sql("update campaigns set call_windows = $1", &[&windows])
        .await;

    start::start(&fixture.test.app, &calling.organization.caller(), campaign)
        .await
        .unwrap();

    let contact = calling.contact().await;
    assert_eq!(contact["status"], "waiting", "{contact}");
    assert_eq!(contact["refusal_code"], "outside_hours");
    let due_at: Timestamp = contact["due_at"].as_str().unwrap().parse().unwrap();
    let wait = due_at.duration_since(fixture.test.app.clock.now());
    assert!(
        wait > SignedDuration::from_mins(4) && wait <= SignedDuration::from_mins(5),
        "{wait}"
    );

    assert_eq!(
        release::release(&fixture.test.app, calling.organization.id)
            .await
            .unwrap(),
        0,
        "not yet"
    );
    fixture.test.app.clock.advance(wait);
    fixture
        .tick_until("the contact is called", async || {
            fixture.status().await == "active"
        })
        .await;

    assert_eq!(calling.contact().await["refusal_code"], json!(null));
    let decisions = calling
        .organization
        .rows("select allowed from gate_decisions order by id", &[])
        .await;
    assert_eq!(
        decisions,
        [json!({ "allowed": false }), json!({ "allowed": true })]
    );
}

#[tokio::test]
async fn a_scheduled_campaign_begins_at_its_time() {
    let fixture = Fixture::start().await;
    let calling = &fixture.calling;
    let campaign = calling.campaign(1).await;
    let at = fixture.test.app.clock.now() + SignedDuration::from_mins(3);
    calling
        .organization
        .sql("update campaigns set scheduled_at = $1", &[&at])
        .await;
    start::start(&fixture.test.app, &calling.organization.caller(), campaign)
        .await
        .unwrap();
    assert_eq!(calling.campaign_row().await["status"], "scheduled");
    minute_tick::run(&fixture.test.app).await.unwrap();
    assert_eq!(fixture.status().await, "pending");

    fixture.test.app.clock.advance(SignedDuration::from_mins(3));
    fixture
        .tick_until("the contact is called", async || {
            fixture.status().await == "active"
        })
        .await;

    let row = calling.campaign_row().await;
    assert_eq!(row["status"], "running");
    assert_eq!(
        row["started_at"].as_str().unwrap().parse::<Timestamp>().unwrap(),
        at
    );
}

#[tokio::test]
async fn a_campaign_is_completed_when_its_last_contact_is_final_and_not_before() {
    let fixture = Fixture::start().await;
    let calling = &fixture.calling;
    fixture.queued().await;
    release::release(&fixture.test.app, calling.organization.id)
        .await
        .unwrap();
    assert_eq!(
        calling.campaign_row().await["status"],
        "running",
        "a call is under way"
    );

    calling
        .organization
        .sql(
            "update campaign_contacts set status = 'waiting', due_at = 'infinity'",
            &[],
        )
        .await;
    release::release(&fixture.test.app, calling.organization.id)
        .await
        .unwrap();
    assert_eq!(
        calling.campaign_row().await["status"],
        "running",
        "somebody waits"
    );

    // The crash of whoever ended the last call must not keep it open.
    calling
        .organization
        .sql(
            "update campaign_contacts set status = 'completed', last_outcome = 'answered'",
            &[],
        )
        .await;
    fixture
        .tick_until("the campaign is completed", async || {
            calling.campaign_row().await["status"] == "completed"
        })
        .await;
    assert!(calling.campaign_row().await["ended_at"].is_string());
}

#[tokio::test]
async fn a_promise_that_a_crash_left_behind_is_kept() {
    let fixture = Fixture::start().await;
    let organization = &fixture.calling.organization;
    let clock = &fixture.test.app.clock;
    let body = json!({ "for": organization.id });
    organization
        .sql(
            "insert into outbox (id, organization_id, queue, body, created_at) values ($1, $2, 'mail', $3, $4)",
            &[&clock.uuid(), &organization.id, &body, &clock.now()],
        )
        .await;
    clock.advance(SignedDuration::from_secs(61));

    fixture
        .tick_until("the message is sent", async || {
            fixture.test.queues.take(QueueKind::Mail).await.contains(&body)
        })
        .await;

    assert!(organization.rows("select id from outbox", &[]).await.is_empty());
}
