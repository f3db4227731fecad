//! The report: each contact once, by its last outcome, and the sums add up.

use axum::body::Body;
use serde_json::{Value, json};

use crate::Fixture;

/// A campaign with a contact of every kind.
async fn mixed(fixture: &Fixture) -> String {
    let states = [
        "status = 'pending'",
        "status = 'waiting', last_outcome = 'busy', attempts = 1",
        "status = 'active', attempts = 1",
        "status = 'completed', last_outcome = 'answered', attempts = 2",
        "status = 'completed', last_outcome = 'transferred', attempts = 1",
        "status = 'failed', last_outcome = 'no_answer', attempts = 3",
        "status = 'failed', last_outcome = 'busy', attempts = 3",
        "status = 'failed', last_outcome = 'voicemail', attempts = 3",
        "status = 'failed', last_outcome = 'failed', attempts = 0",
        "status = 'cancelled'",
        "status = 'cancelled', last_outcome = 'no_answer', attempts = 1",
        "status = 'skipped', refusal_code = 'suppressed'",
        "status = 'skipped', refusal_code = 'suppressed'",
        "status = 'skipped', refusal_code = 'not_a_business', last_outcome = 'busy', attempts = 1",
    ];
    let contacts = fixture
        .organization
        .contacts(u16::try_from(states.len()).unwrap())
        .await;
    let campaign = fixture.organization.campaign(fixture.assistant, &contacts).await;
    for (contact, state) in contacts.iter().zip(states) {
        let sql = format!("update campaign_contacts set {state} where contact_id = $1");
        fixture.organization.sql(&sql, &[contact]).await;
    }
    let calls = "insert into calls (id, organization_id, campaign_id, direction, status, outcome, duration_seconds, cost,
                                    sentiment, created_at, updated_at)
                 select gen_random_uuid(), $1, $2, 'outbound', 'ended', q.outcome, q.seconds, q.cost, q.sentiment, $3, $3
                   from (values ('answered', 60, 0.1234, 'positive'), ('transferred', 121, 0.2, null),
                                ('busy', 0, 0.0006, null)) as q (outcome, seconds, cost, sentiment)";
    fixture
        .organization
        .sql(
            calls,
            &[&fixture.organization.id, &campaign, &fixture.test.app.clock.now()],
        )
        .await;
    fixture.set_status("running").await;
    format!("/api/v1/campaigns/{campaign}/report")
}

#[tokio::test]
async fn every_contact_counts_once() {
    let fixture = Fixture::start().await;
    let address = mixed(&fixture).await;

    let report = fixture.member.get(&address).await.expect(200).json();

    let expected = json!({
        "status": "running",
        "total_contacts": 14,
        "pending": 2,
        "in_progress": 1,
        "answered": 1,
        "transferred": 1,
        "no_answer": 1,
        "busy": 1,
        "voicemail": 1,
        "failed": 1,
        "cancelled": 2,
        "skipped": { "suppressed": 2, "not_a_business": 1 },
        "completed": 11,
        "attempts": 16,
        "success_rate": 0.2,
        "average_duration_seconds": 90.5,
        "total_cost": { "amount": "0.3240", "currency": "USD" },
        "sentiment": { "positive": 1, "neutral": 0, "negative": 0, "unknown": 1 },
        "appointments": 0,
        "estimated_end_at": report["estimated_end_at"],
    });
    assert_eq!(report, expected);
    let number = |name: &str| report[name].as_i64().unwrap();
    let each_once = [
        "pending",
        "in_progress",
        "answered",
        "transferred",
        "no_answer",
        "busy",
        "voicemail",
        "failed",
    ];
    let skipped: i64 = report["skipped"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_i64)
        .sum();
    let sum: i64 = each_once.into_iter().map(number).sum();
    assert_eq!(sum + number("cancelled") + skipped, number("total_contacts"));
}

#[tokio::test]
async fn of_a_draft_nothing_is_claimed() {
    let fixture = Fixture::start().await;
    let contacts = fixture.organization.contacts(2).await;
    let campaign = fixture.organization.campaign(fixture.assistant, &contacts).await;
    let report = fixture
        .member
        .get(&format!("/api/v1/campaigns/{campaign}/report"))
        .await
        .expect(200)
        .json();
    assert_eq!(report["pending"], 2);
    assert_eq!(report["skipped"], json!({}));
    for unknown in ["success_rate", "average_duration_seconds", "estimated_end_at"] {
        assert_eq!(report[unknown], Value::Null, "{unknown}");
    }
}

#[tokio::test]
async fn as_a_table_where_that_is_asked_for() {
    let fixture = Fixture::start().await;
    let address = mixed(&fixture).await;
    let request = axum::http::Request::get(&address)
        .header("accept", "text/csv")
        .body(Body::empty())
        .unwrap();

    let reply = fixture.member.request(request).await.expect(200);

    assert_eq!(reply.headers["content-type"], "text/csv; charset=utf-8");
    let text = reply.text();
    let lines: Vec<_> = text.split("\r\n").collect();
    assert_eq!(lines[0], "measure,value");
    for line in [
        "total_contacts,14",
        "skipped.suppressed,2",
        "total_cost.amount,0.3240",
        "sentiment.unknown,1",
    ] {
        assert!(lines.contains(&line), "{line}: {text}");
    }
}

/// Whatever happened to its contacts, in a campaign of any state, the counts add up.
#[tokio::test]
async fn the_counts_add_up_whatever_happened() {
    let fixture = Fixture::start().await;
    let contacts = fixture.organization.contacts(60).await;
    let campaign = fixture.organization.campaign(fixture.assistant, &contacts).await;
    let statuses = [
        "pending",
        "waiting",
        "active",
        "completed",
        "failed",
        "skipped",
        "cancelled",
    ];
    let outcomes = [
        "answered",
        "transferred",
        "no_answer",
        "busy",
        "voicemail",
        "failed",
        "cancelled",
    ];
    // Of each state those that lead to it; what comes before is any outcome that is tried again, or none.
    let mut seed = 7_u64;
    let mut draw = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for campaign_status in ["draft", "running", "paused", "completed", "cancelled"] {
        for contact in &contacts {
            let status = statuses[draw(statuses.len())];
            let outcome = match status {
                "completed" => Some(outcomes[draw(2)]),
                "failed" => Some(outcomes[2 + draw(4)]),
                _ => Some(outcomes[2 + draw(4)]).filter(|_| draw(2) == 0),
            };
            let code = Some(["suppressed", "outside_hours"][draw(2)])
                .filter(|_| draw(2) == 0 || status == "skipped");
            let attempts = i32::try_from(draw(4)).unwrap();
            fixture
                .organization
                .sql(
                    "update campaign_contacts set status = $2, last_outcome = $3, refusal_code = $4, attempts = $5
                      where contact_id = $1",
                    &[contact, &status, &outcome, &code, &attempts],
                )
                .await;
        }
        fixture.set_status(campaign_status).await;
        let address = format!("/api/v1/campaigns/{campaign}/report");

        let report = fixture.member.get(&address).await.expect(200).json();

        let number = |name: &str| report[name].as_i64().unwrap();
        let skipped: i64 = report["skipped"]
            .as_object()
            .unwrap()
            .values()
            .filter_map(Value::as_i64)
            .sum();
        let ended: i64 = [
            "answered",
            "transferred",
            "no_answer",
            "busy",
            "voicemail",
            "failed",
            "cancelled",
        ]
        .into_iter()
        .map(number)
        .sum::<i64>()
            + skipped;
        assert_eq!(number("total_contacts"), 60, "{report}");
        assert_eq!(number("pending") + number("in_progress") + ended, 60, "{report}");
        assert_eq!(number("completed"), ended, "{report}");
        if campaign_status == "cancelled" {
            assert_eq!(number("pending"), 0, "{report}");
        }
        let read = fixture
            .member
            .get(&format!("/api/v1/campaigns/{campaign}"))
            .await
            .expect(200)
            .json();
        assert_eq!(read["campaign"]["total_contacts"], 60);
    }
}
