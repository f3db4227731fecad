//! A forecast calls nobody, and counts every contact that waits once.

use serde_json::{Value, json};
use testkit::{CountingProxy, Environment, Options, TestApp};

use crate::Fixture;

#[tokio::test]
async fn as_member_whoever_can_be_called_and_who_cannot_and_why() {
    let fixture = Fixture::start().await;
    fixture.organization.connect_twilio().await;
    let contacts = fixture.organization.contacts(5).await;
    let campaign = fixture.organization.campaign(fixture.assistant, &contacts).await;
    for (contact, change) in [
        (contacts[0], "do_not_call = true"),
        (contacts[1], "postal_code = '97400'"),
        (contacts[2], "timezone = 'America/Martinique'"),
    ] {
        let sql = format!("update contacts set {change} where id = $1");
        fixture.organization.sql(&sql, &[&contact]).await;
    }
    fixture
        .organization
        .sql(
            "update campaign_contacts set status = 'completed', last_outcome = 'answered' where contact_id = $1",
            &[&contacts[4]],
        )
        .await;
    let address = format!("/api/v1/campaigns/{campaign}/forecast");

    let forecast = fixture.member.post(&address, json!({})).await.expect(200).json();

    assert_eq!(forecast["callable"], 3, "{forecast}");
    assert_eq!(
        forecast["refused"],
        json!([{ "code": "suppressed", "rule": forecast["refused"][0]["rule"], "count": 1, "retry_at": null }])
    );
    assert!(forecast["first_call_at"].is_string() && forecast["estimated_end_at"].is_string());
    // Three contacts of a minute, one and three quarters attempts each.
    assert_eq!(forecast["estimated_minutes"], 5.3);
    assert_eq!(forecast["estimated_cost"]["currency"], "USD");
    let zones = forecast["zones"].as_array().unwrap();
    let sum = |name: &str| zones.iter().filter_map(|zone| zone[name].as_i64()).sum::<i64>();
    assert_eq!((sum("callable"), sum("refused")), (3, 1));
    assert!(zones.iter().any(|zone| zone["zone"] == "America/Martinique"));
    let warned: Vec<_> = forecast["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| &warning["code"])
        .collect();
    assert!(warned.contains(&&json!("mandate_missing")), "{warned:?}");
    fixture
        .organization
        .sql(
            "update organizations set caller_number_mandate = 'Classeur 3', caller_number_mandate_signed_on = '2026-01-05'",
            &[],
        )
        .await;
    let entitled = fixture.member.post(&address, json!({})).await.expect(200).text();
    assert!(!entitled.contains("mandate_missing"), "{entitled}");

    // Nothing was written, and nobody queued.
    let untouched = "select (select count(*) from gate_decisions) as decisions, (select count(*) from call_attempts) as attempts,
                            (select status from campaigns) as status";
    assert_eq!(
        fixture.organization.rows(untouched, &[]).await,
        [json!({ "decisions": 0, "attempts": 0, "status": "draft" })]
    );
}

#[tokio::test]
async fn who_told_everybody_to_leave_them_alone_is_refused_where_nobody_knew_them() {
    let fixture = Fixture::start().await;
    fixture.organization.connect_twilio().await;
    let objected = "+33199887766";
    fixture.test.object_everywhere(objected).await;
    let contacts = [
        fixture.organization.contact(objected).await,
        fixture.organization.contact("+33199887767").await,
    ];
    let campaign = fixture.organization.campaign(fixture.assistant, &contacts).await;
    let address = format!("/api/v1/campaigns/{campaign}/forecast");
    let forecast = fixture.member.post(&address, json!({})).await.expect(200).json();
    assert_eq!(forecast["callable"], 1, "{forecast}");
    assert_eq!(
        (&forecast["refused"][0]["code"], &forecast["refused"][0]["count"]),
        (&json!("suppressed"), &json!(1))
    );
}

#[tokio::test]
async fn whoever_did_not_agree_is_refused_whatever_the_hour() {
    let fixture = Fixture::start().await;
    fixture.organization.connect_twilio().await;
    let contacts = fixture.organization.contacts(2).await;
    let campaign = fixture.organization.campaign(fixture.assistant, &contacts).await;
    fixture
        .organization
        .sql("update campaigns set legal_basis = 'consent'", &[])
        .await;
    fixture
        .organization
        .sql("update contacts set timezone = 'Europe/Paris'", &[])
        .await;
    let address = format!("/api/v1/campaigns/{campaign}/forecast");

    let forecast = fixture.member.post(&address, json!({})).await.expect(200).json();

    assert_eq!(forecast["callable"], 0);
    assert_eq!(forecast["refused"][0]["code"], "consent_missing");
    assert_eq!(forecast["refused"][0]["count"], 2);
    assert!(
        forecast["refused"][0]["rule"]
            .as_str()
            .unwrap()
            .contains("L223-1")
    );
    assert_eq!(
        (&forecast["first_call_at"], &forecast["estimated_end_at"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn a_large_campaign_is_looked_at_some_thousands_at_a_time() {
    const CONTACTS: i32 = 20_000;
    let (proxy, url) = CountingProxy::in_front_of(&Environment::get().await.own_database().await).await;
    let options = Options {
        database_url: Some(url),
        ..Options::default()
    };
    let fixture = Fixture::on(TestApp::with(options).await).await;
    fixture.organization.connect_twilio().await;
    let contacts = fixture.organization.contacts(1).await;
    let campaign = fixture.organization.campaign(fixture.assistant, &contacts).await;
    fixture
        .organization
        .sql(
            "with made as (
               insert into contacts (id, organization_id, phone, postal_code, created_at, updated_at)
               select gen_random_uuid(), $1, '+3361' || lpad(n::text, 7, '0'), '75001', $3, $3
                 from generate_series(2, $4) n
               returning id)
             insert into campaign_contacts (organization_id, campaign_id, contact_id, due_at, created_at, updated_at)
             select $1, $2, id, $3, $3, $3 from made",
            &[
                &fixture.organization.id,
                &campaign,
                &fixture.test.app.clock.now(),
                &CONTACTS,
            ],
        )
        .await;
    let address = format!("/api/v1/campaigns/{campaign}/forecast");
    // The connection is there already.
    fixture
        .member
        .get(&format!("/api/v1/campaigns/{campaign}"))
        .await
        .expect(200);

    let (reply, round_trips) = proxy.count(fixture.member.post(&address, json!({}))).await;

    let forecast = reply.expect(200).json();
    assert_eq!(forecast["callable"], CONTACTS, "{forecast}");
    // The campaign and its organisation's calls; four looks at contacts and at who objects, and one that finds nobody.
    assert!(round_trips <= 11, "{round_trips}");
}
