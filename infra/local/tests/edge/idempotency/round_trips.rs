//! What a key costs.

use testkit::CountingProxy;

use super::*;

#[tokio::test]
async fn a_key_costs_a_round_trip_to_claim_and_one_to_keep_and_no_key_none() {
    let (proxy, options) = CountingProxy::in_front_of_the_database().await;
    let test = TestApp::with(options).await;
    let bench = Bench::of(test).await;
    let admin = bench.admin().await;
    send(&admin, THINGS, "warm", "", "{}").await.expect(201);
    // That it was counted is all that this request asks of the database.
    let (_, trips) = proxy.count(admin.post(THINGS, json!({}))).await;
    assert_eq!(trips, 1);
    let (_, trips) = proxy.count(send(&admin, THINGS, "k", "", "{}")).await;
    assert_eq!(trips, 2, "claimed, counted in the same packet; kept");
    let (_, trips) = proxy.count(send(&admin, THINGS, "k", "", "{}")).await;
    assert_eq!(trips, 1, "looked up, counted in the same packet");
    let (_, trips) = proxy.count(send(&admin, "/api/v1/auth/login", "k", "", "")).await;
    assert_eq!(trips, 0);
    // And counted once.
    let before = admin.post(THINGS, json!({})).await;
    let after = send(&admin, THINGS, "l", "", "{}").await;
    let left = |reply: &Reply| {
        reply.headers["ratelimit-remaining"]
            .to_str()
            .unwrap()
            .parse::<u32>()
            .unwrap()
    };
    assert_eq!(left(&before) - left(&after), 1);
}
