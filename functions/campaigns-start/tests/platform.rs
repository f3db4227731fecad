//! The platform's pool of slots is one for all tenants, and for all tests: this file holds one test, since it occupies all
//! but seven of them while it runs, and Cargo runs one file after the other.

use futures_util::future::join_all;
use jiff::SignedDuration;
use testkit::{CallingOrganization, TestApp};
use zencall::campaigns::release;

#[tokio::test]
async fn organisations_never_have_more_calls_at_once_than_the_platform_has_slots() {
    let test = TestApp::alone().await;
    let callings = [
        CallingOrganization::create(&test).await,
        CallingOrganization::create(&test).await,
    ];
    for calling in &callings {
        calling.campaign(30).await;
        let sql = "update campaigns set concurrent_calls = 10, status = 'running'";
        calling.organization.sql(sql, &[]).await;
    }
    let hog = test.organization().await;
    let now = test.app.clock.now();
    let free = hog
        .rows("select zencall.free_platform_slots($1) as free", &[&now])
        .await;
    let held: Vec<_> = (7..free[0]["free"].as_i64().unwrap())
        .map(|_| test.app.clock.uuid())
        .collect();
    let until = vec![now + SignedDuration::from_secs(30); held.len()];
    hog.sql(
        "select zencall.lease_slots($1, $1, $2, $3)",
        &[&held, &until, &now],
    )
    .await;

    let containers: Vec<_> = (0..20).map(|_| test.another_container()).collect();
    let releases = containers
        .iter()
        .zip(callings.iter().cycle())
        .map(|(app, calling)| release::release(app, calling.organization.id));
    let released = join_all(releases).await;

    let mut slots = 0;
    for calling in &callings {
        slots += calling.slots(&test).await;
    }
    let sql = "select zencall.free_platform_slots($1) as free";
    let left = hog.rows(sql, &[&test.app.clock.now()]).await;
    hog.sql("select zencall.free_slots($1)", &[&held]).await;
    assert_eq!(released.into_iter().map(Result::unwrap).sum::<usize>(), 7);
    assert_eq!(slots, 7);
    assert_eq!(left[0]["free"], 0);
}
