//! Making a campaign, and reading it again.

use serde_json::{Value, json};

use crate::{Fixture, PATH, path};

#[tokio::test]
async fn as_member_makes_a_draft_with_everything_that_was_not_said() {
    let fixture = Fixture::start().await;
    let sql = "update organizations set name = 'Agence Réunion', company_registration = '35600000000048',
                                        timezone = 'Indian/Reunion'";
    fixture.organization.sql(sql, &[]).await;

    let campaign = fixture.make(fixture.least()).await;

    assert_eq!(campaign["status"], "draft");
    assert_eq!(
        campaign["advertiser"],
        json!({ "name": "Agence Réunion", "siren": "356000000" })
    );
    assert_eq!(campaign["sector"], "other");
    assert_eq!(campaign["total_contacts"], 0);
    assert_eq!(campaign["started_at"], Value::Null);
    let settings = json!({
        "timezone": "Indian/Reunion",
        "call_windows": [{ "days": ["mon", "tue", "wed", "thu", "fri", "sat"], "start": "08:00", "end": "20:00" }],
        "max_attempts": 3,
        "retry_delay_minutes": 60,
        "retry_on": ["no_answer", "busy", "voicemail", "failed"],
        "concurrent_calls": 5,
        "max_cost": null,
    });
    assert_eq!(campaign["settings"], settings);
    let read = fixture.member.get(&path(&campaign)).await.expect(200).json();
    assert_eq!(read, json!({ "campaign": campaign }));
    assert_eq!(fixture.actions().await, ["campaign.create"]);
}

#[tokio::test]
async fn as_member_says_everything() {
    let fixture = Fixture::start().await;
    let contacts = fixture.organization.contacts(3).await;
    fixture
        .organization
        .sql(
            "update contacts set tags = '{novembre}' where id = $1",
            &[&contacts[2]],
        )
        .await;
    let settings = json!({
        "timezone": "Europe/Brussels",
        "call_windows": [{ "days": ["mon"], "start": "00:00", "end": "24:00" }],
        "max_attempts": 1,
        "retry_delay_minutes": 0,
        "retry_on": ["busy"],
        "concurrent_calls": 1000,
        "max_cost": { "amount": "12.5", "currency": "USD" },
    });
    let body = fixture.least_with(json!({
        "advertiser": { "name": "La Banque", "siren": "356 000 000" },
        "sector": "press",
        "contact_ids": [contacts[0], contacts[1]],
        "tags": ["novembre"],
        "scheduled_at": "2030-01-02T08:00:00+01:00",
        "settings": settings,
    }));

    let campaign = fixture.make(body).await;

    assert_eq!(
        campaign["advertiser"],
        json!({ "name": "La Banque", "siren": "356000000" })
    );
    assert_eq!(campaign["sector"], "press");
    assert_eq!(campaign["total_contacts"], 3);
    assert_eq!(campaign["scheduled_at"], "2030-01-02T07:00:00Z");
    let mut expected = settings;
    expected["max_cost"] = json!({ "amount": "12.5000", "currency": "USD" });
    assert_eq!(campaign["settings"], expected);
    let read = fixture.member.get(&path(&campaign)).await.expect(200).json();
    assert_eq!(read["campaign"], campaign);
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    let fixture = Fixture::start().await;
    let body = json!({
        "name": "",
        "assistant_id": "seven",
        "legal_basis": "because",
        "advertiser": { "siren": "123" },
        "sector": "weapons",
        "contact_ids": ["nobody"],
        "tags": "all",
        "scheduled_at": "tomorrow",
        "settings": {
            "timezone": "Mars/Olympus",
            "call_windows": [{ "days": ["fun"], "start": "8", "end": "20:00" }],
            "max_attempts": 11,
            "retry_delay_minutes": -1,
            "retry_on": ["answered"],
            "concurrent_calls": 0,
            "max_cost": -3,
            "speed": "fast",
        },
    });

    let faults = fixture.member.post(PATH, body).await.expect(422).faults();

    let fields: Vec<_> = faults.iter().map(|(field, _)| field.as_str()).collect();
    let expected = [
        "advertiser.name",
        "advertiser.siren",
        "assistant_id",
        "contact_ids",
        "legal_basis",
        "name",
        "object",
        "scheduled_at",
        "sector",
        "settings.call_windows",
        "settings.concurrent_calls",
        "settings.max_attempts",
        "settings.max_cost",
        "settings.retry_delay_minutes",
        "settings.retry_on",
        "settings.speed",
        "settings.timezone",
        "tags",
    ];
    assert_eq!(fields, expected);
    assert!(faults.contains(&("settings.speed".to_owned(), "unknown_member".to_owned())));
    assert!(
        fixture
            .organization
            .rows("select id from campaigns", &[])
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn no_type_of_any_member_is_a_fault_of_ours() {
    let fixture = Fixture::start().await;
    let members = [
        "name",
        "assistant_id",
        "object",
        "legal_basis",
        "advertiser",
        "sector",
        "contact_ids",
        "tags",
    ];
    let settings = [
        "timezone",
        "call_windows",
        "max_attempts",
        "retry_delay_minutes",
        "retry_on",
        "concurrent_calls",
    ];
    let odd = [
        json!(7.5),
        json!(true),
        json!([[]]),
        json!({ "a": 1 }),
        json!("\u{0}"),
        json!(9_007_199_254_740_993_i64),
    ];
    for value in odd {
        for member in members {
            let status = fixture
                .member
                .post(PATH, fixture.least_with(json!({ member: value })))
                .await
                .status;
            assert_eq!(status, 422, "{member}: {value}");
        }
        for member in settings {
            let body = fixture.least_with(json!({ "settings": { member: value } }));
            let status = fixture.member.post(PATH, body).await.status;
            assert_eq!(status, 422, "settings.{member}: {value}");
        }
    }
    for body in [json!([]), json!(null), json!("campaign")] {
        assert_eq!(
            fixture.member.post(PATH, body.clone()).await.status,
            400,
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_is_another_tenants_does_not_exist() {
    let fixture = Fixture::start().await;
    let other = fixture.test.organization().await;
    let (assistant, contacts) = (other.assistant().await, other.contacts(1).await);
    let own = fixture.organization.contacts(1).await;

    let foreign_assistant = fixture.least_with(json!({ "assistant_id": assistant }));
    let faults = fixture
        .member
        .post(PATH, foreign_assistant)
        .await
        .expect(422)
        .faults();
    assert_eq!(
        faults,
        [("assistant_id".to_owned(), "assistant_not_found".to_owned())]
    );
    let foreign_contact = fixture.least_with(json!({ "contact_ids": [own[0], contacts[0]] }));
    let reply = fixture.member.post(PATH, foreign_contact).await.expect(422);
    assert_eq!(
        reply.faults(),
        [("contact_ids".to_owned(), "contact_not_found".to_owned())]
    );
    assert!(reply.text().contains(&contacts[0].to_string()));

    assert!(
        fixture
            .organization
            .rows("select id from campaigns", &[])
            .await
            .is_empty(),
        "nothing was half made"
    );
}

#[tokio::test]
async fn the_list_is_newest_first_page_by_page() {
    let fixture = Fixture::start().await;
    let mut made = Vec::new();
    for number in 0..5 {
        let body = fixture.least_with(json!({ "name": format!("Campagne {number}") }));
        made.insert(0, fixture.make(body).await);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let mut listed = Vec::new();
    let mut address = format!("{PATH}?limit=2");
    loop {
        let page = fixture.member.get(&address).await.expect(200).json();
        let data = page["data"].as_array().unwrap().clone();
        assert!(data.len() <= 2);
        listed.extend(data);
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        address = format!("{PATH}?limit=2&cursor={cursor}");
    }
    assert_eq!(listed, made);
    fixture.member.get(&format!("{PATH}?limit=0")).await.expect(422);
    fixture
        .member
        .get(&format!("{PATH}?cursor=%21"))
        .await
        .expect(422);
}

#[tokio::test]
async fn as_member_a_window_with_a_member_of_no_meaning_is_refused() {
    let fixture = Fixture::start().await;
    let body = fixture.least_with(json!({
        "settings": {
            "call_windows": [{ "days": ["mon"], "start": "08:00", "end": "20:00", "zone": "Europe/Paris" }],
        },
    }));

    let faults = fixture.member.post(PATH, body).await.expect(422).faults();

    assert_eq!(
        faults,
        [("settings.call_windows".to_owned(), "wrong_type".to_owned())]
    );
}

#[tokio::test]
async fn as_member_who_names_their_own_company_means_that_of_the_register() {
    let fixture = Fixture::start().await;
    let sql = "update organizations set name = 'Agence Réunion', company_registration = '35600000000048'";
    fixture.organization.sql(sql, &[]).await;
    for (name, siren) in [
        ("agence  réunion", json!("356000000")),
        ("Une autre", Value::Null),
    ] {
        let advertiser = json!({ "advertiser": { "name": name } });
        let campaign = fixture.make(fixture.least_with(advertiser.clone())).await;
        assert_eq!(campaign["advertiser"]["siren"], siren, "{name}");
        let changed = fixture
            .member
            .patch(&path(&campaign), advertiser)
            .await
            .expect(200);
        assert_eq!(changed.json()["campaign"]["advertiser"]["siren"], siren, "{name}");
    }
}
