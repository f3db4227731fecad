//! POST /api/v1/auth/confirm/resend.

use serde_json::json;
use testkit::{CountingProxy, Environment, Options, QueueKind};

use crate::people::{Person, mailed_token};

#[tokio::test]
async fn as_somebody_who_lost_the_mail_gets_a_new_link() {
    let person = Person::signed_up().await;
    let body = json!({ "email": person.email.to_uppercase() });
    let reply = person.post("confirm/resend", body).await.expect(202).json();
    assert_eq!(reply["success"], true);
    let token = mailed_token(&person.test).await.unwrap();
    assert_ne!(token, person.token);
    person.confirms(&token).await.expect(200);
}

#[tokio::test]
async fn as_somebody_confirmed_or_unknown_gets_the_same_answer_and_no_mail() {
    let (person, _) = Person::confirmed().await;
    let known = person
        .post("confirm/resend", json!({ "email": person.email }))
        .await;
    assert_eq!(mailed_token(&person.test).await, None);
    let stranger = format!("nobody.{}", person.email);
    let unknown = person.post("confirm/resend", json!({ "email": stranger })).await;
    assert_eq!(mailed_token(&person.test).await, None);
    assert_eq!(known.expect(202).json(), unknown.expect(202).json());
}

#[tokio::test]
async fn takes_as_many_steps_for_anybody() {
    let environment = Environment::get().await;
    let (proxy, url) = CountingProxy::in_front_of(&environment.database_url).await;
    let options = Options {
        database_url: Some(url),
        ..Options::default()
    };
    let person = Person::signed_up_with(options).await;
    for email in [person.email.clone(), format!("nobody.{}", person.email)] {
        let (reply, trips) = proxy
            .count(person.post("confirm/resend", json!({ "email": email })))
            .await;
        reply.expect(202);
        assert_eq!(trips, 1);
        assert_eq!(person.test.queues.take(QueueKind::Mail).await.len(), 1);
    }
}

#[tokio::test]
async fn without_an_address_is_invalid() {
    let person = Person::signed_up().await;
    let reply = person.post("confirm/resend", json!({ "email": "lou@" })).await;
    assert_eq!(reply.faults(), [("email".to_owned(), "email_invalid".to_owned())]);
}
