//! Seeing appointments.

use testkit::CountingProxy;

use super::*;

#[tokio::test]
async fn every_filter_lets_its_own_through() {
    let tenant = Tenant::start().await;
    let first = tenant.appointment("2026-11-24T13:00:00Z").await;
    let second = tenant.appointment("2026-11-25T13:00:00Z").await;
    tenant
        .patch(&second, json!({ "status": "confirmed" }))
        .await
        .expect(200);
    for (query, expected) in [
        ("", vec![&first, &second]),
        ("from=2026-11-25T00:00:00Z", vec![&second]),
        ("to=2026-11-25T13:00:00Z", vec![&first]),
        (
            "from=2026-11-24T14:00:00%2B01:00&to=2026-11-24T13:00:01Z",
            vec![&first],
        ),
        ("status=confirmed", vec![&second]),
        ("status=cancelled", vec![]),
        ("status=&from=", vec![&first, &second]),
    ] {
        let list = tenant
            .member
            .get(&format!("{PATH}?{query}"))
            .await
            .expect(200)
            .json();
        let mut found: Vec<_> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap())
            .collect();
        found.sort_unstable();
        let mut expected = expected;
        expected.sort();
        assert_eq!(found, expected, "{query}");
    }
    let first = tenant
        .member
        .get(&format!("{PATH}?limit=1"))
        .await
        .expect(200)
        .json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = tenant
        .member
        .get(&format!("{PATH}?limit=1&cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (rest["data"].as_array().unwrap().len(), &rest["next_cursor"]),
        (1, &Value::Null)
    );
    let wrong = tenant
        .member
        .get(&format!("{PATH}?status=done&from=soon&to=later"))
        .await
        .expect(422);
    assert_eq!(wrong.faults().len(), 3);
}

#[tokio::test]
async fn a_stranger_sees_and_changes_nothing() {
    let tenant = Tenant::start().await;
    let id = tenant.appointment("2026-11-24T13:00:00Z").await;
    let stranger = tenant
        .test
        .organization()
        .await
        .admin(tenant.test.serving(calls::routes()))
        .await;
    assert_eq!(stranger.get(PATH).await.expect(200).json()["data"], json!([]));
    for path in [
        format!("{PATH}/{id}"),
        format!("{PATH}/{id}/calendar"),
        format!("{PATH}/7"),
        format!("{PATH}/%00"),
    ] {
        stranger
            .get(&path)
            .await
            .expect_problem(404, "appointment_not_found");
    }
    let path = format!("{PATH}/{id}");
    stranger
        .patch(&path, json!({ "status": "cancelled" }))
        .await
        .expect_problem(404, "appointment_not_found");
    let nobody = Client::anonymous(tenant.test.serving(calls::routes()));
    for path in [PATH, &path, &format!("{path}/calendar")] {
        nobody.get(path).await.expect_problem(401, "unauthenticated");
    }
    nobody.patch(&path, json!({})).await.expect(401);
    assert_eq!(tenant.slots().await, 6);
}

#[tokio::test]
async fn one_round_trip_each() {
    let (proxy, options) = CountingProxy::in_front_of_the_database().await;
    let tenant = Tenant::with(options).await;
    let id = tenant.appointment("2026-11-24T13:00:00Z").await;
    for path in [
        PATH.to_owned(),
        format!("{PATH}/{id}"),
        format!("{PATH}/{id}/calendar"),
    ] {
        let (reply, round_trips) = proxy.count(tenant.member.get(&path)).await;
        reply.expect(200);
        assert_eq!(round_trips, 1, "{path}");
    }
}
