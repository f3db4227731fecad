//! A campaign that does not start, and why.

use serde_json::json;
use testkit::{Client, QueueKind};

use crate::{Fixture, PATH};

#[tokio::test]
async fn one_that_was_started_paused_ended_or_cancelled() {
    let fixture = Fixture::start().await;
    let campaign = fixture.calling.campaign(1).await;
    for status in ["scheduled", "running", "paused", "completed", "cancelled"] {
        fixture
            .calling
            .organization
            .sql("update campaigns set status = $1", &[&status])
            .await;
        let problem = fixture
            .start_campaign(campaign)
            .await
            .expect_problem(409, "campaign_not_startable");
        assert!(problem["detail"].as_str().unwrap().contains(status), "{problem}");
    }
}

#[tokio::test]
async fn without_twilio() {
    let fixture = Fixture::start().await;
    let campaign = fixture.calling.campaign(1).await;
    for missing in [
        "update organizations set vapi_phone_number_id = null",
        "update organizations set twilio_configured = false, twilio_phone_number = null",
    ] {
        fixture.calling.organization.sql(missing, &[]).await;
        fixture
            .start_campaign(campaign)
            .await
            .expect_problem(409, "twilio_not_configured");
    }
}

#[tokio::test]
async fn from_a_number_that_automated_calls_may_not_show() {
    let fixture = Fixture::start().await;
    let campaign = fixture.calling.campaign(1).await;
    let sql = "update organizations set twilio_phone_number = '+33199001234'";
    fixture.calling.organization.sql(sql, &[]).await;
    let problem = fixture
        .start_campaign(campaign)
        .await
        .expect_problem(409, "caller_id_not_allowed");
    assert!(problem["detail"].as_str().unwrap().contains("ARCEP"), "{problem}");
}

#[tokio::test]
async fn with_an_assistant_that_was_deleted() {
    let fixture = Fixture::start().await;
    let campaign = fixture.calling.campaign(1).await;
    fixture
        .calling
        .organization
        .sql(
            "update assistants set deleted_at = $1",
            &[&fixture.test.app.clock.now()],
        )
        .await;
    fixture
        .start_campaign(campaign)
        .await
        .expect_problem(409, "assistant_not_ready");
}

#[tokio::test]
async fn without_contacts() {
    let fixture = Fixture::start().await;
    let campaign = fixture.calling.campaign(0).await;
    fixture
        .start_campaign(campaign)
        .await
        .expect_problem(409, "campaign_empty");
    assert_eq!(fixture.calling.campaign_row().await["status"], "draft");
}

#[tokio::test]
async fn as_stranger_or_without_an_id_of_one() {
    let fixture = Fixture::start().await;
    let campaign = fixture.calling.campaign(1).await;
    let router = fixture.test.serving(campaigns_start::routes());
    let stranger = fixture.test.organization().await.admin(router.clone()).await;
    let body = json!({ "campaign_id": campaign });

    stranger
        .post(PATH, body.clone())
        .await
        .expect_problem(404, "campaign_not_found");
    Client::anonymous(router).post(PATH, body).await.expect(401);
    for nonsense in [
        json!({}),
        json!({ "campaign_id": 7 }),
        json!({ "campaign_id": "seven" }),
        json!([]),
    ] {
        let status = fixture.admin.post(PATH, nonsense.clone()).await.status.as_u16();
        assert!([400, 422].contains(&status), "{nonsense}: {status}");
    }
    let nobody = json!({ "campaign_id": "01890000-0000-7000-8000-000000000000" });
    fixture
        .admin
        .post(PATH, nobody)
        .await
        .expect_problem(404, "campaign_not_found");
    assert_eq!(fixture.calling.campaign_row().await["status"], "draft");
    assert!(fixture.test.queues.take(QueueKind::Calls).await.is_empty());
}

#[tokio::test]
async fn with_an_assistant_that_somebody_changed_at_vapi_or_that_is_gone_there() {
    // looked at before it calls, where nobody has looked lately.
    let fixture = Fixture::start().await;
    let campaign = fixture.calling.campaign(1).await;
    for before in [
        // The stand-in's assistant is not what the row says that it was told.
        "update assistants set told_hash = '1:00', checked_at = null",
        "update assistants set told_hash = '1:00', drifted_at = now()",
        "update assistants set vapi_assistant_id = gen_random_uuid(), drifted_at = null, checked_at = null",
    ] {
        fixture.calling.organization.sql(before, &[]).await;
        let problem = fixture
            .start_campaign(campaign)
            .await
            .expect_problem(409, "assistant_not_ready");
        assert!(
            problem["detail"].as_str().unwrap().contains("synchronis"),
            "{problem}"
        );
        assert_eq!(fixture.calling.campaign_row().await["status"], "draft");
    }
}

#[tokio::test]
async fn where_the_look_before_still_serves_vapi_need_not_answer() {
    let fixture = Fixture::start().await;
    let campaign = fixture.calling.campaign(1).await;
    let down = json!({ "api": { "status": 503, "times": 3, "only": "GET /assistant*" } });
    fixture.test.set_behaviour(down.clone()).await;
    let sql = "update assistants set checked_at = $1";
    let now = fixture.test.app.clock.now();
    let ago = |minutes| now - jiff::SignedDuration::from_mins(minutes);
    fixture.calling.organization.sql(sql, &[&ago(61)]).await;
    fixture
        .start_campaign(campaign)
        .await
        .expect_problem(409, "assistant_not_ready");
    fixture.test.set_behaviour(down).await;
    fixture.calling.organization.sql(sql, &[&ago(30)]).await;
    fixture.start_campaign(campaign).await.expect(202);
}
