//! A campaign that starts.

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::json;
use testkit::QueueKind;

use crate::{Fixture, PATH};

#[tokio::test]
async fn as_admin_starts_it_and_its_first_calls_are_queued() {
    let fixture = Fixture::start().await;
    let campaign = fixture.calling.campaign(12).await;

    let answer = fixture.start_campaign(campaign).await.expect(202).json();

    assert_eq!(answer["success"], true);
    assert_eq!(answer["message"], "La campagne est démarrée.");
    let expected = json!({ "id": campaign, "status": "running", "total_contacts": 12 });
    assert_eq!(answer["campaign"], expected);
    let mut asked: Vec<_> = fixture.test.queues.take(QueueKind::Calls).await;
    assert_eq!(asked.len(), 5, "as many as it may have at once");
    asked.sort_by_key(|message| message["attempt_id"].to_string());
    let mut attempts = fixture.calling.attempts("id, status").await;
    attempts.sort_by_key(|attempt| attempt["id"].to_string());
    for (message, attempt) in asked.iter().zip(&attempts) {
        assert_eq!(message["attempt_id"], attempt["id"]);
        assert_eq!(
            message["organization_id"],
            fixture.calling.organization.id.to_string()
        );
        assert_eq!(attempt["status"], "queued");
    }
    let audit = fixture
        .calling
        .organization
        .rows(
            "select details from gdpr_audit_logs where action = 'campaign.start'",
            &[],
        )
        .await;
    assert_eq!(
        audit[0]["details"],
        json!({
            "campaign_id": campaign,
            "contacts": 12,
            "before": { "status": "draft" },
            "after": { "status": "running" },
        })
    );
}

#[tokio::test]
async fn as_member_under_the_address_that_existing_frontends_use() {
    let fixture = Fixture::start().await;
    let campaign = fixture.calling.campaign(1).await;
    let router = fixture.test.serving(campaigns_start::routes());
    let member = fixture.calling.organization.member(router).await;
    let answer = member
        .post("/api/campaigns/start", json!({ "campaign_id": campaign }))
        .await;
    assert_eq!(answer.expect(202).json()["success"], true);
}

#[tokio::test]
async fn started_twenty_times_at_once_it_runs_once() {
    let fixture = Fixture::start().await;
    let campaign = fixture.calling.campaign(12).await;

    let answers = join_all((0..20).map(|_| fixture.start_campaign(campaign))).await;

    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 202);
    assert_eq!(statuses[1..], [409; 19]);
    for refused in answers.into_iter().filter(|answer| answer.status == 409) {
        refused.expect_problem(409, "campaign_not_startable");
    }
    assert_eq!(fixture.calling.attempts("id").await.len(), 5);
    assert_eq!(fixture.test.queues.take(QueueKind::Calls).await.len(), 5);
}

#[tokio::test]
async fn at_a_time_to_come_it_waits_for_it() {
    let fixture = Fixture::start().await;
    let campaign = fixture.calling.campaign(1).await;
    let at = fixture.test.app.clock.now() + SignedDuration::from_hours(1);
    fixture
        .calling
        .organization
        .sql("update campaigns set scheduled_at = $1", &[&at])
        .await;

    let answer = fixture.start_campaign(campaign).await.expect(202).json();

    assert_eq!(answer["campaign"]["status"], "scheduled");
    assert!(fixture.calling.attempts("id").await.is_empty());
    assert_eq!(fixture.calling.campaign_row().await["started_at"], json!(null));
    fixture
        .start_campaign(campaign)
        .await
        .expect_problem(409, "campaign_not_startable");
}

#[tokio::test]
async fn people_who_must_not_be_called_are_passed_over_at_once_with_their_reason() {
    let fixture = Fixture::start().await;
    let campaign = fixture.calling.campaign(200).await;
    let sql = "update contacts set do_not_call = true where phone < '+33639980190'";
    fixture.calling.organization.sql(sql, &[]).await;
    // Another campaign without anybody due must not slow this one down.
    let idle = fixture
        .calling
        .organization
        .campaign(fixture.calling.assistant, &[])
        .await;
    fixture
        .calling
        .organization
        .sql("update campaigns set status = 'running' where id = $1", &[&idle])
        .await;

    fixture
        .admin
        .post(PATH, json!({ "campaign_id": campaign }))
        .await
        .expect(202);

    let sql = "select status, refusal_code as code, count(*) from campaign_contacts group by 1, 2 order by 1";
    let counts = fixture.calling.organization.rows(sql, &[]).await;
    let skipped = counts.iter().find(|row| row["status"] == "skipped").unwrap();
    assert_eq!(skipped["code"], "suppressed");
    assert!(skipped["count"].as_i64().unwrap() > 100, "{counts:?}");
    let active = counts.iter().find(|row| row["status"] == "active").unwrap();
    assert_eq!(active["count"], 5, "{counts:?}");
}
