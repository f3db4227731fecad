//! Pausing, resuming, cancelling: from where it is legal, and to where.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{Fixture, path};

#[tokio::test]
async fn every_legal_step_and_no_other() {
    let fixture = Fixture::start().await;
    let campaign = fixture.make(fixture.least()).await;
    // So that a resumed campaign has somebody to call and is not completed at once.
    let contacts = fixture.organization.contacts(1).await;
    let address = format!("{}/contacts", path(&campaign));
    fixture
        .member
        .post(&address, json!({ "contact_ids": contacts }))
        .await
        .expect(200);
    fixture
        .organization
        .sql("update campaign_contacts set due_at = 'infinity'", &[])
        .await;
    let legal = [
        ("pause", "running", "paused"),
        ("pause", "scheduled", "paused"),
        ("resume", "paused", "running"),
        ("cancel", "scheduled", "cancelled"),
        ("cancel", "running", "cancelled"),
        ("cancel", "paused", "cancelled"),
    ];
    for step in ["pause", "resume", "cancel"] {
        for status in [
            "draft",
            "scheduled",
            "running",
            "paused",
            "completed",
            "cancelled",
        ] {
            fixture.set_status(status).await;
            let reply = fixture
                .member
                .post(&format!("{}/{step}", path(&campaign)), json!({}))
                .await;
            match legal
                .iter()
                .find(|(name, from, _)| (*name, *from) == (step, status))
            {
                Some((_, _, to)) => {
                    assert_eq!(
                        reply.expect(202).json()["campaign"]["status"],
                        *to,
                        "{step} from {status}"
                    );
                    let read = fixture.member.get(&path(&campaign)).await.expect(200).json();
                    assert_eq!(read["campaign"]["status"], *to, "{step} from {status}");
                }
                None => {
                    let problem = reply.expect_problem(409, "campaign_state");
                    assert!(
                        problem["detail"].as_str().unwrap().contains(status),
                        "{step} from {status}"
                    );
                }
            }
            fixture
                .organization
                .sql("update campaign_contacts set status = 'pending'", &[])
                .await;
        }
    }
    let steps: Vec<_> = fixture.actions().await;
    assert_eq!(
        steps.iter().filter(|action| *action == "campaign.pause").count(),
        2
    );
    assert_eq!(
        steps.iter().filter(|action| *action == "campaign.cancel").count(),
        3
    );
}

#[tokio::test]
async fn a_campaign_paused_before_its_time_waits_for_it_again() {
    let fixture = Fixture::start().await;
    let campaign = fixture.make(fixture.least()).await;
    let at = fixture.test.app.clock.now() + SignedDuration::from_hours(1);
    fixture
        .organization
        .sql(
            "update campaigns set status = 'scheduled', scheduled_at = $1",
            &[&at],
        )
        .await;
    fixture
        .member
        .post(&format!("{}/pause", path(&campaign)), json!({}))
        .await
        .expect(202);

    let resumed = fixture
        .member
        .post(&format!("{}/resume", path(&campaign)), json!({}))
        .await
        .expect(202)
        .json();

    assert_eq!(resumed["campaign"]["status"], "scheduled");
    assert_eq!(resumed["campaign"]["started_at"], Value::Null);
}

#[tokio::test]
async fn what_was_queued_stops_and_what_is_under_way_does_not() {
    let fixture = Fixture::start().await;
    fixture.organization.connect_twilio().await;
    let contacts = fixture.organization.contacts(8).await;
    let campaign = fixture.organization.campaign(fixture.assistant, &contacts).await;
    fixture.set_status("running").await;
    zencall::campaigns::release::release(&fixture.test.app, fixture.organization.id)
        .await
        .unwrap();
    let sql = "update call_attempts set status = 'in_call'
                where id = (select min(id::text)::uuid from call_attempts)";
    fixture.organization.sql(sql, &[]).await;
    let counts = async || -> Vec<(String, i64)> {
        let sql = "select status, count(*) from campaign_contacts group by 1 order by 1";
        let rows = fixture.organization.rows(sql, &[]).await;
        let pair = |row: &Value| {
            (
                row["status"].as_str().unwrap().to_owned(),
                row["count"].as_i64().unwrap(),
            )
        };
        rows.iter().map(pair).collect()
    };
    let expect = |pairs: &[(&str, i64)]| -> Vec<(String, i64)> {
        pairs
            .iter()
            .map(|(status, count)| ((*status).to_owned(), *count))
            .collect()
    };

    let address = format!("/api/v1/campaigns/{campaign}");
    fixture
        .member
        .post(&format!("{address}/pause"), json!({}))
        .await
        .expect(202);
    assert_eq!(
        counts().await,
        expect(&[("active", 1), ("pending", 3), ("waiting", 4)])
    );

    let cancelled = fixture
        .member
        .post(&format!("{address}/cancel"), json!({}))
        .await
        .expect(202)
        .json();
    assert!(cancelled["campaign"]["ended_at"].is_string());
    // Who waits is marked by and by; the report says it at once.
    let report = fixture
        .member
        .get(&format!("{address}/report"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (report["in_progress"].as_i64(), report["cancelled"].as_i64()),
        (Some(1), Some(7))
    );
    zencall::campaigns::upkeep::look_after(&fixture.test.app, fixture.organization.id)
        .await
        .unwrap();
    assert_eq!(counts().await, expect(&[("active", 1), ("cancelled", 7)]));
}
