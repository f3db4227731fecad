//! A campaign of a hundred thousand starts like one of a hundred.

use serde_json::json;
use testkit::{CountingProxy, Environment, Options, QueueKind, TestApp};
use zencall::kernel::ids::CampaignId;

use crate::{Fixture, PATH};

/// Adds this many contacts, made by the database.
async fn fill(fixture: &Fixture, campaign: CampaignId, contacts: i32) {
    let now = fixture.test.app.clock.now();
    let organization = &fixture.calling.organization;
    for first in (0..contacts).step_by(20_000) {
        organization
            .sql(
                "with made as (
                   insert into contacts (id, organization_id, phone, created_at, updated_at)
                   select gen_random_uuid(), $1, '+3361' || lpad(n::text, 7, '0'), $3, $3
                     from generate_series($4, $5 - 1) n
                   returning id)
                 insert into campaign_contacts (organization_id, campaign_id, contact_id, due_at, created_at, updated_at)
                 select $1, $2, id, $3, $3, $3 from made",
                &[&organization.id, &campaign, &now, &first, &contacts.min(first + 20_000)],
            )
            .await;
    }
}

#[tokio::test]
async fn takes_as_many_round_trips_and_messages_whatever_its_size() {
    let (proxy, url) = CountingProxy::in_front_of(&Environment::get().await.own_database().await).await;
    let mut measured = Vec::new();
    for contacts in [100, 100_000] {
        let options = Options {
            database_url: Some(url.clone()),
            ..Options::default()
        };
        let fixture = Fixture::on(TestApp::with(options).await).await;
        let organization = &fixture.calling.organization;
        organization
            .sql("update organizations set concurrent_calls_limit = 40", &[])
            .await;
        let campaign = fixture.calling.campaign(0).await;
        organization
            .sql("update campaigns set concurrent_calls = 40", &[])
            .await;
        // The connection, the keys and the addresses are there already.
        fixture
            .start_campaign(campaign)
            .await
            .expect_problem(409, "campaign_empty");
        fill(&fixture, campaign, contacts).await;
        let body = json!({ "campaign_id": campaign });

        let (answer, round_trips) = proxy.count(fixture.admin.post(PATH, body)).await;

        assert_eq!(answer.expect(202).json()["campaign"]["total_contacts"], contacts);
        measured.push((
            round_trips,
            fixture.test.queues.take(QueueKind::Calls).await.len(),
        ));
    }
    assert_eq!(measured[0], measured[1]);
    let (round_trips, messages) = measured[0];
    assert_eq!(messages, 40, "four requests to the queue");
    // Authentication; lock, begin, audit and commit; one wave of four packets and its commit.
    assert!(round_trips <= 10, "{round_trips}");
}
