//! POST /api/v1/auth/email, and the link that it mails.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{CountingProxy, Environment, Options, Reply};
use zencall::identity::NoticeKind;

use crate::people::{PASSWORD, Person, kinds, notices};

impl Person {
    async fn asks_for(&self, session: &Value, email: &str) -> Reply {
        let body = json!({ "current_password": PASSWORD, "email": email });
        self.with(session).post("/api/v1/auth/email", body).await
    }

    /// A link that was mailed to this address, which is free.
    async fn link_for(&self, session: &Value, email: &str) -> String {
        self.asks_for(session, email).await.expect(202);
        let mails = notices(&self.test).await;
        assert_eq!(
            kinds(&mails),
            [NoticeKind::ConfirmNewEmail, NoticeKind::EmailChangeAsked]
        );
        assert_eq!(mails[0].to.as_str(), email);
        assert_eq!(mails[1].to.as_str(), self.email);
        assert!(mails[1].token().is_none());
        mails[0].token().unwrap().to_owned()
    }

    fn new_address(&self) -> String {
        format!("Nouvelle.{}@exemple.fr", self.test.app.clock.uuid().simple())
    }
}

#[tokio::test]
async fn as_oneself_changes_the_address_once_the_new_one_is_confirmed() {
    let (person, session) = Person::confirmed().await;
    let new = person.new_address();
    let token = person.link_for(&session, &new).await;
    let me = person.with(&session).get("/api/v1/auth/me").await.json();
    assert_eq!(me["user"]["email"], person.email, "nothing changes before");

    let confirmed = person.confirms(&token).await.expect(200).json();
    assert_eq!(confirmed["user"]["email"], new);
    let me = person.with(&confirmed).get("/api/v1/auth/me").await.json();
    assert_eq!(me["user"]["email"], new);
    let told = notices(&person.test).await;
    assert_eq!(kinds(&told), [NoticeKind::EmailChanged]);
    assert_eq!(told[0].to.as_str(), person.email, "the old address is told");

    person
        .logs_in(PASSWORD)
        .await
        .expect_problem(401, "invalid_credentials");
    let body = json!({ "email": new.to_lowercase(), "password": PASSWORD });
    person.post("login", body).await.expect(200);
    let actions = person.actions().await;
    for action in ["user.ask_email_change", "user.change_email"] {
        assert!(actions.contains(&action.to_owned()), "{actions:?}");
    }
    person.confirms(&token).await.expect_problem(422, "link_used");
}

#[tokio::test]
async fn neither_address_is_kept_longer_than_it_is_needed() {
    let (person, session) = Person::confirmed().await;
    let token = person.link_for(&session, &person.new_address()).await;
    let kept = "select email, previous_email from one_time_tokens where email is not null or previous_email is not null";
    assert_eq!(person.rows(kept).await.len(), 1);
    person.confirms(&token).await.expect(200);
    assert_eq!(person.rows(kept).await[0]["previous_email"], person.email);
    notices(&person.test).await;
    assert!(person.rows(kept).await.is_empty());
    let log = person.rows("select details from gdpr_audit_logs").await;
    assert!(!Value::from(log).to_string().contains('@'));
}

#[tokio::test]
async fn as_somebody_without_the_password_is_refused() {
    let (person, session) = Person::confirmed().await;
    let body = json!({ "current_password": "trois petits chiens", "email": person.new_address() });
    let reply = person.with(&session).post("/api/v1/auth/email", body).await;
    reply.expect_problem(403, "wrong_password");
    assert!(notices(&person.test).await.is_empty());
}

#[tokio::test]
async fn an_address_that_is_taken_is_told_to_its_owner_alone() {
    // the same answer in as many steps.
    let environment = Environment::get().await;
    let (proxy, url) = CountingProxy::in_front_of(&environment.database_url).await;
    let options = Options {
        database_url: Some(url),
        ..Options::default()
    };
    let person = Person::signed_up_with(options).await;
    let session = person.confirms(&person.token).await.expect(200).json();
    let (owner, _) = Person::confirmed().await;
    let (taken, steps) = proxy.count(person.asks_for(&session, &owner.email)).await;
    let mails = notices(&person.test).await;
    assert_eq!(
        kinds(&mails),
        [NoticeKind::NewEmailKnown, NoticeKind::EmailChangeAsked]
    );
    assert_eq!(mails[0].to.as_str(), owner.email);
    assert!(mails[0].token().is_none());
    let (free, same) = proxy
        .count(person.asks_for(&session, &person.new_address()))
        .await;
    assert_eq!(steps, same);
    assert_eq!(taken.expect(202).json(), free.expect(202).json());
}

#[tokio::test]
async fn of_two_who_want_one_address_the_first_to_confirm_gets_it() {
    let (one, one_session) = Person::confirmed().await;
    let (other, other_session) = Person::confirmed().await;
    let wanted = one.new_address();
    let first = one.link_for(&one_session, &wanted).await;
    let second = other.link_for(&other_session, &wanted.to_uppercase()).await;
    let (a, b) = tokio::join!(one.confirms(&first), other.confirms(&second));
    let (won, lost, loser) = if a.status == 200 {
        (a, b, &other)
    } else {
        (b, a, &one)
    };
    won.expect(200);
    lost.expect_problem(409, "email_taken");
    loser.logs_in(PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_newer_wish_and_a_new_password_make_the_link_useless() {
    let (person, session) = Person::confirmed().await;
    let first = person.link_for(&session, &person.new_address()).await;
    let second = person.link_for(&session, &person.new_address()).await;
    person.confirms(&first).await.expect_problem(422, "link_used");
    let body = json!({ "current_password": PASSWORD, "password": "quatre gros chiens" });
    person
        .with(&session)
        .post("/api/v1/auth/password", body)
        .await
        .expect(204);
    person.confirms(&second).await.expect_problem(422, "link_used");
}

#[tokio::test]
async fn a_link_works_for_a_day() {
    let options = Options {
        held_at: Some("2026-11-23T09:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let person = Person::signed_up_with(options).await;
    let session = person.confirms(&person.token).await.expect(200).json();
    let token = person.link_for(&session, &person.new_address()).await;
    person.test.app.clock.advance(SignedDuration::from_hours(24));
    person.confirms(&token).await.expect_problem(422, "link_expired");
}

#[tokio::test]
async fn the_present_address_hears_of_five_wishes_an_hour() {
    let (person, session) = Person::confirmed().await;
    for _ in 0..5 {
        let new = person.new_address();
        person.asks_for(&session, &new).await.expect(202);
    }
    let reply = person.asks_for(&session, &person.new_address()).await;
    assert_eq!(reply.status, 429);
}

#[tokio::test]
async fn one_s_own_address_is_no_change_but_in_another_case_it_is() {
    let (person, session) = Person::confirmed().await;
    let reply = person.asks_for(&session, &person.email).await;
    assert_eq!(
        reply.faults(),
        [("email".to_owned(), "email_unchanged".to_owned())]
    );
    let token = person.link_for(&session, &person.email.to_uppercase()).await;
    let confirmed = person.confirms(&token).await.expect(200).json();
    assert_eq!(confirmed["user"]["email"], person.email.to_uppercase());
}

#[tokio::test]
async fn of_everything_that_is_wrong_hears_at_once() {
    let (person, session) = Person::confirmed().await;
    let reply = person
        .with(&session)
        .post("/api/v1/auth/email", json!({ "email": "x" }))
        .await;
    let pair = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    assert_eq!(
        reply.faults(),
        [
            pair("current_password", "required"),
            pair("email", "email_invalid")
        ]
    );
}
