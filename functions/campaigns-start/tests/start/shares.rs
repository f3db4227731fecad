//! The slots that campaigns and organisations share are never exceeded, however many release at once.

use futures_util::future::join_all;
use testkit::{CallingOrganization, TestApp};
use zencall::campaigns::release;

use crate::Fixture;

async fn release_from_everywhere(test: &TestApp, calling: &CallingOrganization) {
    let containers: Vec<_> = (0..20).map(|_| test.another_container()).collect();
    let releases = containers
        .iter()
        .map(|app| release::release(app, calling.organization.id));
    assert!(join_all(releases).await.iter().all(Result::is_ok));
}

async fn under_way(calling: &CallingOrganization) -> Vec<i64> {
    let sql = "select c.id, count(a.id) from campaigns c
                 left join call_attempts a on a.campaign_id = c.id and a.status = 'queued'
                group by c.id order by c.id";
    let rows = calling.organization.rows(sql, &[]).await;
    rows.iter().map(|row| row["count"].as_i64().unwrap()).collect()
}

async fn run_all(calling: &CallingOrganization) {
    calling
        .organization
        .sql("update campaigns set status = 'running'", &[])
        .await;
}

#[tokio::test]
async fn a_campaign_never_has_more_calls_at_once_than_it_may() {
    let fixture = Fixture::start().await;
    fixture.calling.campaign(30).await;
    run_all(&fixture.calling).await;

    release_from_everywhere(&fixture.test, &fixture.calling).await;

    assert_eq!(under_way(&fixture.calling).await, [5]);
    assert_eq!(fixture.calling.slots(&fixture.test).await, 5);
}

#[tokio::test]
async fn an_organisation_never_has_more_calls_at_once_than_it_may_and_its_campaigns_share_them() {
    let fixture = Fixture::start().await;
    let calling = &fixture.calling;
    let contacts = calling.organization.contacts(30).await;
    for _ in 0..4 {
        calling.organization.campaign(calling.assistant, &contacts).await;
    }
    run_all(calling).await;

    release_from_everywhere(&fixture.test, calling).await;

    let counts = under_way(calling).await;
    assert_eq!(counts.iter().sum::<i64>(), 10, "{counts:?}");
    assert!(counts.iter().all(|count| (2..=3).contains(count)), "{counts:?}");
}

#[tokio::test]
async fn a_campaign_that_starts_later_gets_the_next_line_that_is_free() {
    let fixture = Fixture::start().await;
    let calling = &fixture.calling;
    let contacts = calling.organization.contacts(30).await;
    let large = calling.organization.campaign(calling.assistant, &contacts).await;
    run_all(calling).await;
    calling
        .organization
        .sql("update campaigns set concurrent_calls = 10", &[])
        .await;
    release::release(&fixture.test.app, calling.organization.id)
        .await
        .unwrap();
    assert_eq!(under_way(calling).await, [10]);
    let small = calling
        .organization
        .campaign(calling.assistant, &contacts[..2])
        .await;
    run_all(calling).await;

    // One call of the large one ends.
    let sql = "with ended as (update call_attempts set status = 'ended', outcome = 'answered'
                               where id = (select min(id::text)::uuid from call_attempts) returning id)
               select zencall.free_slots(array(select id from ended))";
    calling.organization.sql(sql, &[]).await;
    release::release(&fixture.test.app, calling.organization.id)
        .await
        .unwrap();

    assert!(large < small);
    assert_eq!(under_way(calling).await, [9, 1]);
}
