//! POST /api/v1/auth/refresh.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{CountingProxy, Environment, Options};

use crate::people::Person;

#[tokio::test]
async fn as_the_holder_gets_a_new_session_each_time() {
    let (person, first) = Person::confirmed().await;
    let second = person.refreshes(&first).await.expect(200).json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(second["user"], first["user"]);
    assert_eq!(second["organization"], first["organization"]);
    person.with(&second).get("/api/v1/auth/me").await.expect(200);
    person.refreshes(&second).await.expect(200);
    assert_eq!(person.rows("select * from sessions").await.len(), 1);
}

#[tokio::test]
async fn a_spent_token_ends_the_whole_family() {
    let (person, first) = Person::confirmed().await;
    let elsewhere = person.logs_in(crate::people::PASSWORD).await.expect(200).json();
    let second = person.refreshes(&first).await.expect(200).json();
    let third = person.refreshes(&second).await.expect(200).json();
    person
        .refreshes(&first)
        .await
        .expect_problem(401, "refresh_token_reused");
    person
        .refreshes(&third)
        .await
        .expect_problem(401, "refresh_token_invalid");
    person
        .refreshes(&second)
        .await
        .expect_problem(401, "refresh_token_reused");
    person.refreshes(&elsewhere).await.expect(200);
    let actions = person.actions().await;
    let revoked = actions
        .iter()
        .filter(|action| *action == "session.revoke")
        .count();
    assert_eq!(revoked, 1, "{actions:?}");
}

#[tokio::test]
async fn of_two_at_the_same_moment_one_wins_and_the_family_ends() {
    let (person, first) = Person::confirmed().await;
    let (one, other) = tokio::join!(person.refreshes(&first), person.refreshes(&first));
    let (won, lost) = if one.status == 200 {
        (one, other)
    } else {
        (other, one)
    };
    let won = won.expect(200).json();
    lost.expect_problem(401, "refresh_token_reused");
    person
        .refreshes(&won)
        .await
        .expect_problem(401, "refresh_token_invalid");
}

#[tokio::test]
async fn a_token_that_nobody_spends_dies_after_thirty_days() {
    let options = Options {
        held_at: Some("2026-11-23T09:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let person = Person::signed_up_with(options).await;
    let session = person.confirms(&person.token).await.expect(200).json();
    let clock = &person.test.app.clock;
    clock.advance(SignedDuration::from_hours(30 * 24 - 1));
    let next = person.refreshes(&session).await.expect(200).json();
    clock.advance(SignedDuration::from_hours(30 * 24));
    person
        .refreshes(&next)
        .await
        .expect_problem(401, "refresh_token_invalid");
    let access = person.with(&next).get("/api/v1/auth/me").await;
    access.expect_problem(401, "token_expired");
}

#[tokio::test]
async fn what_is_no_token_of_ours_opens_nothing() {
    let (person, session) = Person::confirmed().await;
    let access = json!({ "refresh_token": session["access_token"] });
    for session in [
        json!({ "refresh_token": "x" }),
        json!({ "refresh_token": "" }),
        access,
    ] {
        person
            .refreshes(&session)
            .await
            .expect_problem(401, "refresh_token_invalid");
    }
    for body in [
        json!({}),
        json!({ "refresh_token": null }),
        json!({ "refresh_token": 7 }),
    ] {
        person.post("refresh", body).await.expect_problem(422, "invalid");
    }
}

#[tokio::test]
async fn a_refresh_token_is_no_access_token() {
    let (person, session) = Person::confirmed().await;
    let swapped = json!({ "access_token": session["refresh_token"] });
    let reply = person.with(&swapped).get("/api/v1/auth/me").await;
    reply.expect_problem(401, "token_invalid");
}

#[tokio::test]
async fn nothing_that_is_kept_opens_anything() {
    let (person, session) = Person::confirmed().await;
    let dump = [
        person.rows("select * from refresh_tokens").await,
        person.rows("select * from one_time_tokens").await,
        person.rows("select * from sessions").await,
        person.rows("select * from gdpr_audit_logs").await,
        person.rows("select * from outbox").await,
    ];
    let dump = Value::from(dump.concat()).to_string();
    let token = session["refresh_token"].as_str().unwrap();
    assert!(!dump.contains(token) && !dump.contains(&person.token));
}

#[tokio::test]
async fn takes_a_look_up_one_packet_and_a_commit() {
    let environment = Environment::get().await;
    let (proxy, url) = CountingProxy::in_front_of(&environment.database_url).await;
    let options = Options {
        database_url: Some(url),
        ..Options::default()
    };
    let person = Person::signed_up_with(options).await;
    let session = person.confirms(&person.token).await.expect(200).json();
    let (reply, trips) = proxy.count(person.refreshes(&session)).await;
    reply.expect(200);
    assert_eq!(trips, 3);
}
