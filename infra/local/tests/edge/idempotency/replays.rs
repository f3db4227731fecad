//! What the same key gets the second time.

use zencall::kernel::meter::{Charge, Meter, Subject};

use super::*;

#[tokio::test]
async fn the_same_request_gets_the_first_answer_again() {
    let bench = Bench::start().await;
    let admin = bench.admin().await;
    let first = send(&admin, THINGS, "k", "", "{}").await.expect(201);
    assert!(!is_replayed(&first));
    // Under its other name as well.
    for path in [THINGS, "/api/vapi/assistants", THINGS] {
        let again = send(&admin, path, "k", "", "{}").await.expect(201);
        assert!(is_replayed(&again));
        assert_eq!(again.body, first.body);
        assert_eq!(again.headers["location"], "/api/v1/things/1");
        assert_eq!(again.headers["content-type"], first.headers["content-type"]);
        assert!(!again.headers.contains_key("x-other"));
        assert_eq!(again.headers["cache-control"], "no-store");
        assert_ne!(again.headers["x-request-id"], first.headers["x-request-id"]);
    }
    assert_eq!(bench.done(), 1);
    // An answer without a body.
    let polish = "/api/v1/campaigns/7/pause";
    send(&admin, polish, "p", "", "").await.expect(204);
    let again = send(&admin, polish, "p", "", "").await.expect(204);
    assert!(is_replayed(&again) && again.body.is_empty());
    assert_eq!(bench.done(), 2);
}

#[tokio::test]
async fn another_request_with_the_key_is_refused() {
    let bench = Bench::start().await;
    let admin = bench.admin().await;
    send(&admin, THINGS, "k", "", r#"{"a":1}"#).await.expect(201);
    let other = send(&admin, THINGS, "k", "", r#"{"a":2}"#).await;
    other.expect_problem(422, "idempotency_key_reused");
    let query = send(&admin, "/api/v1/vapi/assistants?b=1", "k", "", r#"{"a":1}"#).await;
    query.expect_problem(422, "idempotency_key_reused");
    // Another thing is another request.
    send(&admin, "/api/v1/campaigns/1/pause", "p", "", "")
        .await
        .expect(204);
    let other = send(&admin, "/api/v1/campaigns/2/pause", "p", "", "").await;
    other.expect_problem(422, "idempotency_key_reused");
    assert_eq!(bench.done(), 2);
}

#[tokio::test]
async fn a_key_belongs_to_organisation_caller_and_route() {
    let bench = Bench::start().await;
    let other = bench.test.organization().await;
    let callers = [
        bench.admin().await,
        bench.organization.member(bench.router.clone()).await,
        other.admin(bench.router.clone()).await,
    ];
    for caller in &callers {
        let reply = send(caller, THINGS, "k", "", "{}").await.expect(201);
        assert!(!is_replayed(&reply));
        let reply = send(caller, "/api/v1/campaigns/1/pause", "k", "", "")
            .await
            .expect(204);
        assert!(!is_replayed(&reply));
    }
    assert_eq!(bench.done(), 6);
}

#[tokio::test]
async fn refusals_and_failures_leave_the_key_free() {
    let bench = Bench::start().await;
    let admin = bench.admin().await;
    for (fate, status) in [
        ("panics", 500),
        ("breaks", 500),
        ("provider", 502),
        ("down", 503),
        ("too many", 429),
        ("forbidden", 403),
        ("conflict", 409),
        ("invalid", 422),
    ] {
        let before = bench.done();
        let key = format!("key {fate}");
        let reply = send(&admin, THINGS, &key, fate, "{}").await.expect(status);
        assert!(!is_replayed(&reply), "{fate}");
        assert_eq!(bench.done(), before);
        // With what was wrong put right, even.
        let reply = send(&admin, THINGS, &key, "", "[]").await.expect(201);
        assert!(!is_replayed(&reply), "{fate}");
        assert_eq!(bench.done(), before + 1);
    }
    let stranger = Client::bearer(bench.router.clone(), "forged");
    send(&stranger, THINGS, "k", "", "{}")
        .await
        .expect_problem(401, "token_invalid");
}

#[tokio::test]
async fn beyond_the_limit_no_key_is_held() {
    let bench = Bench::start().await;
    let admin = bench.admin().await;
    let clock = &bench.test.app.clock;
    let charge = Charge {
        subject: Subject::of_id("organization", bench.organization.id.0),
        allowed: 1200,
        seconds: 60,
        waiver: None,
    };
    for _ in 0..1200 {
        let meter = Meter::default();
        meter.owe(clock.now(), [charge]);
        bench.test.app.db.pay(&meter).await.unwrap();
    }
    send(&admin, THINGS, "k", "", "{}")
        .await
        .expect_problem(429, "rate_limited");
    assert_eq!(bench.done(), 0);
    clock.advance(SignedDuration::from_secs(60));
    // Another request, even: the refused one has left nothing behind.
    let reply = send(&admin, THINGS, "k", "", "[]").await.expect(201);
    assert!(!is_replayed(&reply));
}

#[tokio::test]
async fn after_a_day_a_key_is_new() {
    let bench = Bench::of(TestApp::alone_at(Timestamp::now()).await).await;
    let clock = &bench.test.app.clock;
    send(&bench.admin().await, THINGS, "k", "", "{}")
        .await
        .expect(201);
    clock.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    let again = send(&bench.admin().await, THINGS, "k", "", "{}")
        .await
        .expect(201);
    assert!(is_replayed(&again));
    clock.advance(SignedDuration::from_secs(1));
    let fresh = send(&bench.admin().await, THINGS, "k", "", "[]")
        .await
        .expect(201);
    assert!(!is_replayed(&fresh));
    assert_eq!(bench.done(), 2);
    // What has expired is deleted, some at a time, and nothing else.
    for key in ["a", "b"] {
        send(&bench.admin().await, THINGS, key, "", "{}")
            .await
            .expect(201);
    }
    let expire = async |at_most| {
        let db = &bench.test.app.db;
        db.expire_idempotency_keys(clock.now(), at_most).await.unwrap()
    };
    assert_eq!(expire(10).await, 0);
    clock.advance(SignedDuration::from_hours(24));
    assert_eq!(expire(2).await, 2);
    assert_eq!(expire(2).await, 1);
    let left = bench
        .organization
        .rows("select 1 from idempotency_keys", &[])
        .await;
    assert!(left.is_empty());
}
