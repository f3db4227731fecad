//! POST /api/v1/auth/logout.

use serde_json::json;
use testkit::Client;

use crate::people::{PASSWORD, Person};

const PATH: &str = "/api/v1/auth/logout";

#[tokio::test]
async fn with_the_refresh_token_ends_its_family() {
    let (person, session) = Person::confirmed().await;
    let elsewhere = person.logs_in(PASSWORD).await.expect(200).json();
    let body = json!({ "refresh_token": session["refresh_token"] });
    let reply = person.client.post(PATH, body.clone()).await.expect(204);
    assert!(reply.body.is_empty());
    person
        .refreshes(&session)
        .await
        .expect_problem(401, "refresh_token_invalid");
    person.refreshes(&elsewhere).await.expect(200);
    person.client.post(PATH, body).await.expect(204);
    let actions = person.actions().await;
    let ended = actions
        .iter()
        .filter(|action| *action == "session.logout")
        .count();
    assert_eq!(ended, 1, "{actions:?}");
}

#[tokio::test]
async fn with_the_access_token_alone_ends_its_family() {
    let (person, session) = Person::confirmed().await;
    person.with(&session).send("POST", PATH, None).await.expect(204);
    person
        .refreshes(&session)
        .await
        .expect_problem(401, "refresh_token_invalid");
}

#[tokio::test]
async fn with_a_refresh_token_and_a_dead_access_token_still_works() {
    let (person, session) = Person::confirmed().await;
    let client = Client::bearer(person.test.serving(sessions::routes()), "dead");
    let body = json!({ "refresh_token": session["refresh_token"] });
    client.post(PATH, body).await.expect(204);
    person
        .refreshes(&session)
        .await
        .expect_problem(401, "refresh_token_invalid");
}

#[tokio::test]
async fn of_an_unknown_token_has_nothing_to_end() {
    let (person, session) = Person::confirmed().await;
    person
        .client
        .post(PATH, json!({ "refresh_token": "x" }))
        .await
        .expect(204);
    person.refreshes(&session).await.expect(200);
}

#[tokio::test]
async fn without_any_token_is_nobody_s() {
    let (person, _) = Person::confirmed().await;
    person
        .client
        .send("POST", PATH, None)
        .await
        .expect_problem(401, "unauthenticated");
    person
        .client
        .post(PATH, json!({}))
        .await
        .expect_problem(401, "unauthenticated");
    person
        .client
        .post(PATH, json!({ "refresh_token": 7 }))
        .await
        .expect_problem(422, "invalid");
}
