//! POST /api/v1/auth/login.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use axum::http::HeaderMap;
use serde_json::{Value, json};
use testkit::{CountingProxy, Environment, Options};
use zencall::db::{Claims, DbError};
use zencall::kernel::meter::Meter;

use crate::people::{PASSWORD, Person};

fn names(headers: &HeaderMap) -> Vec<String> {
    let mut names: Vec<_> = headers.keys().map(ToString::to_string).collect();
    names.sort();
    names
}

fn without_id(mut problem: Value) -> Value {
    problem["request_id"] = Value::Null;
    problem
}

#[tokio::test]
async fn as_a_confirmed_person_opens_a_session() {
    let (person, _) = Person::confirmed().await;
    let body = json!({ "email": person.email.to_lowercase(), "password": PASSWORD });
    let session = person.post("login", body).await.expect(200).json();
    assert_eq!(session["user"]["email"], person.email);
    let me = person
        .with(&session)
        .get("/api/v1/auth/me")
        .await
        .expect(200)
        .json();
    assert_eq!(me["user"]["id"], session["user"]["id"]);
    assert!(person.actions().await.contains(&"session.login".to_owned()));
}

#[tokio::test]
async fn as_a_guesser_is_told_nothing() {
    let (person, _) = Person::confirmed().await;
    let wrong = person.logs_in("trois petits chiens").await;
    let stranger = json!({ "email": format!("nobody.{}", person.email), "password": PASSWORD });
    let unknown = person.post("login", stranger).await;
    assert_eq!(names(&wrong.headers), names(&unknown.headers));
    assert_eq!(
        without_id(wrong.expect_problem(401, "invalid_credentials")),
        without_id(unknown.expect_problem(401, "invalid_credentials"))
    );
    for password in [
        "",
        "Trois petits chats",
        "trois petits chats ",
        "\0",
        &"x".repeat(5000),
    ] {
        person
            .logs_in(password)
            .await
            .expect_problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn as_a_guesser_costs_the_same_whether_the_address_is_known() {
    let environment = Environment::get().await;
    let (proxy, url) = CountingProxy::in_front_of(&environment.database_url).await;
    let options = Options {
        database_url: Some(url),
        ..Options::default()
    };
    let person = Person::signed_up_with(options).await;
    let (_, known) = proxy.count(person.logs_in("trois petits chiens")).await;
    let stranger = json!({ "email": format!("nobody.{}", person.email), "password": PASSWORD });
    let (_, unknown) = proxy.count(person.post("login", stranger)).await;
    assert_eq!((known, unknown), (1, 1));
    person.confirms(&person.token).await.expect(200);
    let (_, right) = proxy.count(person.logs_in(PASSWORD)).await;
    assert_eq!(right, 3, "look-up, everything in one packet, commit");
}

#[tokio::test]
async fn as_somebody_unconfirmed_only_with_the_right_password() {
    let person = Person::signed_up().await;
    person
        .logs_in("trois petits chiens")
        .await
        .expect_problem(401, "invalid_credentials");
    person
        .logs_in(PASSWORD)
        .await
        .expect_problem(403, "email_not_confirmed");
    assert!(person.rows("select * from sessions").await.is_empty());
    assert_eq!(person.actions().await, ["user.register"]);
}

#[tokio::test]
async fn a_password_kept_with_less_work_is_kept_better() {
    let (person, _) = Person::confirmed().await;
    let weak = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(8_192, 1, 1, None).unwrap(),
    );
    let weak = weak
        .hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16])
        .unwrap();
    let weak = weak.to_string();
    let claims = Claims::platform(person.organization);
    let keep = async |tx: &zencall::db::TenantTx| {
        tx.execute("update credentials set password_hash = $1", &[&weak])
            .await
    };
    let kept: Result<u64, DbError> = person.test.app.db.write("tests.weaken", &claims, keep).await;
    assert_eq!(kept.unwrap(), 1);
    person.logs_in(PASSWORD).await.expect(200);

    let email = zencall::kernel::Email::parse(&person.email).unwrap();
    let login = person
        .test
        .app
        .db
        .login_by_email(&Meter::default(), &email)
        .await
        .unwrap()
        .unwrap();
    let now = secrecy::ExposeSecret::expose_secret(&login.password_hash);
    assert!(now.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{now}");
    let now = PasswordHash::new(now).unwrap();
    assert!(
        Argon2::default()
            .verify_password(PASSWORD.as_bytes(), &now)
            .is_ok()
    );
    person.logs_in(PASSWORD).await.expect(200);
}

#[tokio::test]
async fn faults_are_all_reported_at_once() {
    let person = Person::signed_up().await;
    let reply = person
        .post("login", json!({ "email": "lou", "password": 7 }))
        .await;
    let pair = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    assert_eq!(
        reply.faults(),
        [pair("email", "email_invalid"), pair("password", "wrong_type")]
    );
    reply.expect_problem(422, "invalid");
}

#[tokio::test]
async fn a_session_is_only_its_organisation_s() {
    let (one, session) = Person::confirmed().await;
    let (other, _) = Person::confirmed().await;
    let me = one.with(&session).get("/api/v1/auth/me").await.expect(200).json();
    assert_eq!(me["organization"]["id"], one.organization.to_string());
    assert_ne!(one.organization, other.organization);
    let seen = one.rows("select id from profiles").await;
    assert_eq!(seen.len(), 1);
}
