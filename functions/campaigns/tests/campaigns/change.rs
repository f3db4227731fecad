//! Changing and deleting: only where nobody is being called.

use serde_json::{Value, json};

use crate::{Fixture, path};

#[tokio::test]
async fn what_is_not_said_stays() {
    let fixture = Fixture::start().await;
    let body =
        json!({ "scheduled_at": "2030-01-02T08:00:00Z", "settings": { "max_attempts": 7, "max_cost": 10 } });
    let mut campaign = fixture.make(fixture.least_with(body)).await;

    let change = json!({ "name": "Rappels de décembre", "settings": { "concurrent_calls": 9 } });
    let changed = fixture
        .member
        .patch(&path(&campaign), change)
        .await
        .expect(200)
        .json()["campaign"]
        .clone();

    campaign["name"] = json!("Rappels de décembre");
    campaign["settings"]["concurrent_calls"] = json!(9);
    campaign["updated_at"] = changed["updated_at"].clone();
    assert_eq!(changed, campaign);
    let read = fixture.member.get(&path(&campaign)).await.expect(200).json();
    assert_eq!(read["campaign"], campaign);

    let none = json!({ "scheduled_at": null, "settings": { "max_cost": null } });
    let changed = fixture
        .member
        .patch(&path(&campaign), none)
        .await
        .expect(200)
        .json()["campaign"]
        .clone();
    assert_eq!(changed["scheduled_at"], Value::Null);
    assert_eq!(changed["settings"]["max_cost"], Value::Null);
    assert_eq!(changed["settings"]["max_attempts"], 7);
}

#[tokio::test]
async fn faults_of_a_change_are_told_at_once() {
    let fixture = Fixture::start().await;
    let campaign = fixture.make(fixture.least()).await;
    let change = json!({ "name": null, "legal_basis": 7, "settings": { "max_attempts": 0, "tempo": 1 } });
    let faults = fixture
        .member
        .patch(&path(&campaign), change)
        .await
        .expect(422)
        .faults();
    let fields: Vec<_> = faults.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        fields,
        ["legal_basis", "name", "settings.max_attempts", "settings.tempo"]
    );

    let stranger = fixture.test.organization().await.assistant().await;
    let change = json!({ "assistant_id": stranger });
    let faults = fixture
        .member
        .patch(&path(&campaign), change)
        .await
        .expect(422)
        .faults();
    assert_eq!(
        faults,
        [("assistant_id".to_owned(), "assistant_not_found".to_owned())]
    );
}

#[tokio::test]
async fn only_a_draft_or_a_paused_campaign_is_changed() {
    let fixture = Fixture::start().await;
    let campaign = fixture.make(fixture.least()).await;
    for status in ["scheduled", "running", "completed", "cancelled"] {
        fixture.set_status(status).await;
        let refused = fixture
            .member
            .patch(&path(&campaign), json!({ "name": "Autre" }))
            .await;
        let problem = refused.expect_problem(409, "campaign_state");
        assert!(problem["detail"].as_str().unwrap().contains(status), "{problem}");
    }
    fixture.set_status("paused").await;
    fixture
        .member
        .patch(&path(&campaign), json!({ "name": "Autre" }))
        .await
        .expect(200);
}

#[tokio::test]
async fn only_a_campaign_that_calls_nobody_is_deleted() {
    let fixture = Fixture::start().await;
    for status in ["scheduled", "running", "paused"] {
        let campaign = fixture.make(fixture.least()).await;
        fixture.set_status(status).await;
        fixture
            .member
            .delete(&path(&campaign))
            .await
            .expect_problem(409, "campaign_state");
    }
    for status in ["draft", "completed", "cancelled"] {
        fixture.set_status(status).await;
        let campaigns = fixture
            .organization
            .rows("select id from campaigns order by id limit 1", &[])
            .await;
        fixture.member.delete(&path(&campaigns[0])).await.expect(204);
        fixture
            .member
            .get(&path(&campaigns[0]))
            .await
            .expect_problem(404, "campaign_not_found");
    }
    let deletions = fixture
        .actions()
        .await
        .into_iter()
        .filter(|action| action == "campaign.delete");
    assert_eq!(deletions.count(), 3);
}

#[tokio::test]
async fn the_gates_decisions_outlive_the_campaign() {
    let fixture = Fixture::start().await;
    let contacts = fixture.organization.contacts(1).await;
    let campaign = fixture
        .make(fixture.least_with(json!({ "contact_ids": contacts })))
        .await;
    let sql =
        "insert into gate_decisions (id, organization_id, campaign_id, contact_id, stage, allowed, inputs,
                                           inputs_hash, decided_at)
               select $1, organization_id, campaign_id, contact_id, 'release', true, '{}', 'hash', created_at
                 from campaign_contacts";
    fixture
        .organization
        .sql(sql, &[&fixture.test.app.clock.uuid()])
        .await;

    fixture.member.delete(&path(&campaign)).await.expect(204);

    let kept = fixture
        .organization
        .rows("select campaign_id from gate_decisions", &[])
        .await;
    assert_eq!(kept, [json!({ "campaign_id": campaign["id"] })]);
}

#[tokio::test]
async fn a_cancelled_campaign_is_deleted_when_its_calls_are_over() {
    let fixture = Fixture::start().await;
    let contacts = fixture.organization.contacts(1).await;
    let campaign = fixture.organization.campaign(fixture.assistant, &contacts).await;
    fixture.set_status("cancelled").await;
    let stands = "update campaign_contacts set status = $1";
    fixture.organization.sql(stands, &[&"active"]).await;
    let address = format!("/api/v1/campaigns/{campaign}");
    fixture
        .member
        .delete(&address)
        .await
        .expect_problem(409, "campaign_calling");
    fixture.organization.sql(stands, &[&"completed"]).await;
    fixture.member.delete(&address).await.expect(204);
}
