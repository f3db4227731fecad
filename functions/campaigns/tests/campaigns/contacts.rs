//! Whom a campaign calls: added by id or tag, listed with where each stands and why.

use serde_json::{Value, json};

use crate::{Fixture, path};

#[tokio::test]
async fn as_member_adds_by_id_and_by_tag_and_each_only_once() {
    let fixture = Fixture::start().await;
    let contacts = fixture.organization.contacts(6).await;
    let sql = "update contacts set tags = '{a,b}' where id = any ($1)";
    fixture.organization.sql(sql, &[&contacts[3..].to_vec()]).await;
    fixture
        .organization
        .sql(
            "update contacts set do_not_call = true where id = $1",
            &[&contacts[1]],
        )
        .await;
    let campaign = fixture.make(fixture.least()).await;
    let address = format!("{}/contacts", path(&campaign));

    let added = fixture
        .member
        .post(&address, json!({ "contact_ids": contacts[..2] }))
        .await
        .expect(200)
        .json();

    assert_eq!(added["added"], 1);
    assert_eq!(added["already_present"], 0);
    assert_eq!(added["skipped"].as_array().unwrap().len(), 1, "each counts once");
    assert_eq!(added["skipped"][0]["contact_id"], contacts[1].to_string());
    assert_eq!(added["skipped"][0]["code"], "suppressed");
    assert!(added["skipped"][0]["rule"].as_str().unwrap().contains("RGPD"));
    let body = json!({ "contact_ids": [contacts[0], contacts[2], contacts[2]], "tags": ["b", "c"] });
    let added = fixture.member.post(&address, body).await.expect(200).json();
    assert_eq!(added, json!({ "added": 4, "already_present": 1, "skipped": [] }));
    let read = fixture.member.get(&path(&campaign)).await.expect(200).json();
    assert_eq!(read["campaign"]["total_contacts"], 6);
}

#[tokio::test]
async fn nonsense_and_strangers_are_not_added() {
    let fixture = Fixture::start().await;
    let campaign = fixture.make(fixture.least()).await;
    let address = format!("{}/contacts", path(&campaign));
    let stranger = fixture.test.organization().await.contacts(1).await;
    for body in [
        json!({}),
        json!({ "contact_ids": [], "tags": [] }),
        json!({ "tags": ["a\0b"] }),
        json!({ "tags": ["x".repeat(51)] }),
        json!({ "contact_ids": stranger }),
    ] {
        fixture.member.post(&address, body).await.expect(422);
    }
    fixture
        .member
        .post(&address, json!({ "tags": ["nobody"] }))
        .await
        .expect(200);
    let read = fixture.member.get(&path(&campaign)).await.expect(200).json();
    assert_eq!(read["campaign"]["total_contacts"], 0);
}

#[tokio::test]
async fn nobody_is_added_to_a_campaign_that_is_over() {
    let fixture = Fixture::start().await;
    let contacts = fixture.organization.contacts(1).await;
    let campaign = fixture.make(fixture.least()).await;
    let address = format!("{}/contacts", path(&campaign));
    for status in ["completed", "cancelled"] {
        fixture.set_status(status).await;
        let refused = fixture
            .member
            .post(&address, json!({ "contact_ids": contacts }))
            .await;
        refused.expect_problem(409, "campaign_state");
    }
}

#[tokio::test]
async fn whoever_is_added_to_a_running_campaign_is_called_at_once() {
    let fixture = Fixture::start().await;
    fixture.organization.connect_twilio().await;
    let contacts = fixture.organization.contacts(2).await;
    let windows = [
        json!({ "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00" }),
    ];
    let campaign = fixture
        .make(fixture.least_with(json!({ "settings": { "call_windows": windows } })))
        .await;
    fixture.set_status("running").await;

    let address = format!("{}/contacts", path(&campaign));
    fixture
        .member
        .post(&address, json!({ "contact_ids": contacts }))
        .await
        .expect(200);

    let queued = fixture
        .organization
        .rows("select status from call_attempts", &[])
        .await;
    assert_eq!(queued.len(), 2);
}

#[tokio::test]
async fn each_contact_is_listed_with_where_it_stands() {
    let fixture = Fixture::start().await;
    let contacts = fixture.organization.contacts(3).await;
    let campaign = fixture.organization.campaign(fixture.assistant, &contacts).await;
    for (contact, change) in contacts.iter().zip([
        "status = 'waiting', due_at = '2030-01-02T08:00:00Z', attempts = 1, last_outcome = 'busy'",
        "status = 'skipped', refusal_code = 'suppressed', refusal_rule = 'art. 21(2) RGPD'",
        "status = 'failed', attempts = 1, tries = 1, last_outcome = 'failed'",
    ]) {
        let sql = format!("update campaign_contacts set {change} where contact_id = $1");
        fixture.organization.sql(&sql, &[contact]).await;
    }
    let sql = "insert into call_attempts (id, organization_id, campaign_id, contact_id, assistant_id, number, status,
                                          released_reason, queued_at)
               values ($1, $2, $3, $4, $5, 1, 'released', 'vapi_customer_number_refused', $6)";
    let clock = &fixture.test.app.clock;
    let id = fixture.organization.id;
    fixture
        .organization
        .sql(
            sql,
            &[
                &clock.uuid(),
                &id,
                &campaign,
                &contacts[2],
                &fixture.assistant,
                &clock.now(),
            ],
        )
        .await;

    let address = format!("/api/v1/campaigns/{campaign}/contacts");
    let mut listed = Vec::new();
    let mut page = fixture
        .member
        .get(&format!("{address}?limit=2"))
        .await
        .expect(200)
        .json();
    listed.extend(page["data"].as_array().unwrap().clone());
    let cursor = page["next_cursor"].as_str().unwrap();
    page = fixture
        .member
        .get(&format!("{address}?limit=2&cursor={cursor}"))
        .await
        .expect(200)
        .json();
    listed.extend(page["data"].as_array().unwrap().clone());
    assert_eq!(page["next_cursor"], Value::Null);

    let of = |contact: usize| {
        let id = contacts[contact].to_string();
        listed
            .iter()
            .find(|row| row["contact_id"] == id.as_str())
            .unwrap()
    };
    assert_eq!(listed.len(), 3);
    assert_eq!(of(0)["next_attempt_at"], "2030-01-02T08:00:00Z");
    assert_eq!(of(0)["last_outcome"], "busy");
    assert_eq!(of(1)["refusal_code"], "suppressed");
    assert_eq!(of(1)["refusal_rule"], "art. 21(2) RGPD");
    assert_eq!(of(2)["status"], "failed");
    assert_eq!(of(2)["failure_reason"], "vapi_customer_number_refused");
    assert_eq!(of(2)["next_attempt_at"], Value::Null);
}

#[tokio::test]
async fn each_decision_about_a_contact_can_be_read() {
    let fixture = Fixture::start().await;
    fixture.organization.connect_twilio().await;
    let contacts = fixture.organization.contacts(1).await;
    let campaign = fixture.organization.campaign(fixture.assistant, &contacts).await;
    let sql = "update contacts set do_not_call = true";
    fixture.organization.sql(sql, &[]).await;
    fixture.set_status("running").await;
    zencall::campaigns::release::release(&fixture.test.app, fixture.organization.id)
        .await
        .unwrap();

    let address = format!("/api/v1/campaigns/{campaign}/contacts/{}/decisions", contacts[0]);
    let decisions = fixture.member.get(&address).await.expect(200).json();

    assert_eq!(decisions["data"].as_array().unwrap().len(), 1);
    let decision = &decisions["data"][0];
    assert_eq!(decision["stage"], "release");
    assert_eq!(decision["allowed"], false);
    assert_eq!(decision["code"], "suppressed");
    assert!(decision["rule"].as_str().unwrap().contains("RGPD"));
    assert_eq!(decision["inputs"]["contact"]["do_not_call"], true);
    assert_eq!(decision["inputs_hash"].as_str().unwrap().len(), 64);
    let elsewhere = fixture.organization.contact("+33639989999").await;
    let address = format!("/api/v1/campaigns/{campaign}/contacts/{elsewhere}/decisions");
    fixture.member.get(&address).await.expect(404);
}
