//! What an organisation may ask in a minute: counted once for all containers, whatever becomes of the request, and in
//! the packet of the request itself (`round_trips`).

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Client, CountingProxy, Environment, Options, TestApp, TestOrganization};
use zencall::http::with_edge;
use zencall::kernel::meter::{Charge, Subject};

const PATH: &str = "/api/v1/contacts";

async fn held() -> (TestApp, TestOrganization, Client) {
    let test = TestApp::held_at("2026-11-24T10:00:00Z".parse().unwrap()).await;
    let organization = test.organization().await;
    let member = organization.member(test.serving(contacts::routes())).await;
    (test, organization, member)
}

/// Counts so many requests of an organisation, without sending them.
async fn counted(test: &TestApp, organization: &TestOrganization, requests: u32) {
    let charge = Charge {
        subject: Subject::of_id("organization", organization.id.0),
        allowed: 1200,
        seconds: 60,
        waiver: None,
    };
    for _ in 0..requests {
        let meter = zencall::kernel::meter::Meter::default();
        meter.owe(test.app.clock.now(), [charge]);
        test.app.db.pay(&meter).await.unwrap();
    }
}

fn left(reply: &testkit::Reply) -> u32 {
    reply.headers["ratelimit-remaining"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn every_request_counts_whatever_becomes_of_it() {
    let (test, organization, member) = held().await;
    let reply = member.get(PATH).await;
    assert_eq!(reply.headers["ratelimit-limit"], "1200");
    assert_eq!(reply.headers["ratelimit-reset"], "60");
    assert_eq!(left(&reply), 1199);
    // Refused before the database is asked, by what it finds, and by the transaction that is undone.
    let unreadable = member.post(PATH, json!({ "phone": "12" })).await;
    assert_eq!((unreadable.status.as_u16(), left(&unreadable)), (422, 1198));
    let absent = member.get("/api/v1/contacts/nonsense").await;
    assert_eq!((absent.status.as_u16(), left(&absent)), (404, 1197));
    let number = json!({ "phone": "0639980001" });
    assert_eq!(left(&member.post(PATH, number.clone()).await), 1196);
    let twice = member.post(PATH, number).await;
    assert_eq!((twice.status.as_u16(), left(&twice)), (409, 1195));
    let forbidden = member.delete("/api/v1/do-not-call/nonsense").await;
    assert_eq!((forbidden.status.as_u16(), left(&forbidden)), (403, 1194));
    // Of everybody in the organisation, in every container.
    let elsewhere = with_edge(contacts::routes(), test.another_container());
    let admin = organization.admin(elsewhere).await;
    assert_eq!(left(&admin.get(PATH).await), 1193);
    // And nobody else's.
    let other = test.organization().await;
    let other = other.admin(test.serving(contacts::routes())).await;
    assert_eq!(left(&other.get(PATH).await), 1199);
    test.app.clock.advance(SignedDuration::from_secs(59));
    let reply = member.get(PATH).await;
    assert_eq!(
        (left(&reply), &reply.headers["ratelimit-reset"]),
        (1192, &"1".parse().unwrap())
    );
    test.app.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(left(&member.get(PATH).await), 1199);
}

#[tokio::test]
async fn beyond_the_limit_nothing_is_done_until_the_minute_is_over() {
    let (test, organization, member) = held().await;
    counted(&test, &organization, 1199).await;
    member
        .post(PATH, json!({ "phone": "0639980001" }))
        .await
        .expect(201);
    test.app.clock.advance(SignedDuration::from_secs(20));
    for (method, path, body) in [
        ("GET", PATH, None),
        ("POST", PATH, Some(json!({ "phone": "0639980002" }))),
        ("POST", PATH, Some(json!({}))),
        ("GET", "/api/v1/contacts/nonsense", None),
    ] {
        let reply = member.send(method, path, body).await;
        assert_eq!(reply.headers["retry-after"], "40", "{method} {path}");
        assert_eq!(reply.headers["ratelimit-limit"], "1200");
        assert_eq!(reply.headers["ratelimit-remaining"], "0");
        assert_eq!(reply.headers["ratelimit-reset"], "40");
        reply.expect_problem(429, "rate_limited");
    }
    let made = organization.rows("select phone from contacts", &[]).await;
    assert_eq!(made, [json!({ "phone": "+33639980001" })]);
    test.app.clock.advance(SignedDuration::from_secs(40));
    member
        .post(PATH, json!({ "phone": "0639980002" }))
        .await
        .expect(201);
}

#[tokio::test]
async fn of_many_at_once_exactly_so_many_are_let_in() {
    let (test, organization, member) = held().await;
    counted(&test, &organization, 1160).await;
    let replies = join_all((0..60).map(|_| member.get(PATH))).await;
    let let_in = replies.iter().filter(|reply| reply.status == 200).count();
    let refused = replies.iter().filter(|reply| reply.status == 429).count();
    assert_eq!((let_in, refused), (40, 20));
}

#[tokio::test]
async fn a_forged_token_asks_the_database_nothing() {
    let (proxy, options) = CountingProxy::in_front_of_the_database().await;
    let test = TestApp::with(options).await;
    let organization = test.organization().await;
    let router = test.serving(contacts::routes());
    let forged = Client::bearer(router.clone(), "a.b.c");
    let (reply, round_trips) = proxy.count(forged.get(PATH)).await;
    assert_eq!((reply.status.as_u16(), round_trips), (401, 0));
    assert!(!reply.headers.contains_key("ratelimit-limit"));
    // One that is good is read without it, and counted with it.
    let member = organization.member(router).await;
    assert_eq!(proxy.count(member.get(PATH)).await.1, 1);
}

#[tokio::test]
async fn a_limiter_that_is_broken_stops_nobody_who_is_known() {
    let environment = Environment::get().await;
    let own = environment.own_database().await;
    let options = Options {
        database_url: Some(own.clone()),
        ..Options::default()
    };
    let test = TestApp::with(options).await;
    let organization = test.organization().await;
    let router = test.serving(contacts::routes());
    let member = organization.member(router.clone()).await;
    let program = organization
        .program(router, &[zencall::kernel::Scope::ContactsRead])
        .await;
    environment.run_as_owner(&own, "drop table rate_limits").await;
    let reply = member.get(PATH).await;
    assert_eq!(reply.json()["data"], Value::Array(Vec::new()));
    assert!(!reply.headers.contains_key("ratelimit-limit"));
    member
        .post(PATH, json!({ "phone": "0639980001" }))
        .await
        .expect(201);
    member.post(PATH, json!({})).await.expect(422);
    // The key is proven by the transaction that reads.
    program.get(PATH).await.expect(200);
}
