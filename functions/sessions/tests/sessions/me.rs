//! GET and PATCH /api/v1/auth/me.

use serde_json::{Value, json};
use testkit::{Client, CountingProxy, Environment, Options, TestApp};

use crate::people::Person;

const PATH: &str = "/api/v1/auth/me";

#[tokio::test]
async fn as_oneself_shows_oneself_and_one_s_organisation() {
    let (person, session) = Person::confirmed().await;
    let me = person.with(&session).get(PATH).await.expect(200).json();
    let user = &me["user"];
    assert_eq!(user["id"], session["user"]["id"]);
    assert_eq!(user["email"], person.email);
    assert_eq!(user["full_name"], "Lou Fèvre");
    assert_eq!(user["role"], "admin");
    assert_eq!(user["language"], "fr");
    assert_eq!(user["marketing_consent"], false);
    for member in ["terms_accepted_at", "gdpr_consent_at"] {
        let at = user[member].as_str().unwrap();
        assert!(at.ends_with('Z') && at.parse::<jiff::Timestamp>().is_ok(), "{at}");
    }
    assert_eq!(me["organization"]["name"], "Lou Fèvre");
    assert_eq!(me["organization"]["country"], "FR");
    assert_eq!(me["organization"]["timezone"], "Europe/Paris");
    assert_eq!(me["organization"]["twilio_configured"], false);
    assert!(!me.to_string().contains("argon2"));
}

#[tokio::test]
async fn as_nobody_is_refused() {
    let test = TestApp::start().await;
    let router = test.serving(sessions::routes());
    let anonymous = Client::anonymous(router.clone());
    let reply = anonymous.get(PATH).await;
    assert_eq!(reply.headers["www-authenticate"], "Bearer");
    reply.expect_problem(401, "unauthenticated");
    anonymous
        .patch(PATH, json!({}))
        .await
        .expect_problem(401, "unauthenticated");
    for token in ["", "x", "zc_unknown", "eyJhbGciOiJub25lIn0.e30."] {
        let reply = Client::bearer(router.clone(), token).get(PATH).await;
        assert_eq!(reply.status, 401, "{token}");
    }
}

#[tokio::test]
async fn as_somebody_of_a_platform_with_other_keys_is_refused() {
    let (person, session) = Person::confirmed().await;
    let token = session["access_token"].as_str().unwrap();
    let options = Options {
        configure: Some(Box::new(|config| {
            config.api_url = "https://elsewhere.example".to_owned()
        })),
        ..Options::default()
    };
    let elsewhere = TestApp::with(options).await;
    let reply = Client::bearer(elsewhere.serving(sessions::routes()), token)
        .get(PATH)
        .await;
    reply.expect_problem(401, "token_invalid");
    person.with(&session).get(PATH).await.expect(200);
}

#[tokio::test]
async fn as_oneself_changes_name_language_and_marketing_choice() {
    let (person, session) = Person::confirmed().await;
    let client = person.with(&session);
    let changes = json!({ "fullName": " Lou-Anne Fèvre ", "language": "EN", "marketing_consent": true });
    let changed = client.patch(PATH, changes).await.expect(200).json();
    assert_eq!(changed["user"]["full_name"], "Lou-Anne Fèvre");
    assert_eq!(changed["user"]["language"], "en");
    assert_eq!(changed["user"]["marketing_consent"], true);
    assert_eq!(client.get(PATH).await.expect(200).json(), changed);
    let ledger = person
        .rows("select consent_given from gdpr_consents where consent_type = 'marketing' order by id")
        .await;
    assert_eq!(
        ledger,
        [
            json!({ "consent_given": false }),
            json!({ "consent_given": true })
        ]
    );
    let audit = person
        .rows("select details from gdpr_audit_logs where action = 'user.update'")
        .await;
    let names = json!(["full_name", "language", "marketing_consent"]);
    assert_eq!(audit[0]["details"]["changed"], names);
}

#[tokio::test]
async fn what_is_left_out_stays_and_the_rest_is_not_one_s_own_to_change() {
    let (person, session) = Person::confirmed().await;
    let client = person.with(&session);
    let before = client.get(PATH).await.expect(200).json();
    let body = json!({ "role": "member", "email": "other@exemple.fr", "id": "x", "organization_id": "x" });
    let after = client.patch(PATH, body).await.expect(200).json();
    assert_eq!(after, before);
    let ledger = person.rows("select * from gdpr_consents").await;
    assert_eq!(ledger.len(), 3, "no choice, no proof");
}

#[tokio::test]
async fn faults_are_all_reported_at_once() {
    let (person, session) = Person::confirmed().await;
    let body = json!({ "full_name": null, "language": "de", "marketing_consent": "yes" });
    let reply = person.with(&session).patch(PATH, body).await;
    let pair = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    let wanted = [
        pair("full_name", "required"),
        pair("language", "language_invalid"),
        pair("marketing_consent", "wrong_type"),
    ];
    assert_eq!(reply.faults(), wanted);
    reply.expect_problem(422, "invalid");
}

#[tokio::test]
async fn as_a_member_one_sees_oneself() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let member = organization.member(test.serving(sessions::routes())).await;
    let me = member.get(PATH).await.expect(200).json();
    assert_eq!(me["user"]["id"], organization.member.to_string());
    assert_eq!(me["user"]["role"], "member");
    assert_eq!(me["user"]["terms_accepted_at"], Value::Null);
}

#[tokio::test]
async fn reading_is_one_round_trip() {
    let environment = Environment::get().await;
    let (proxy, url) = CountingProxy::in_front_of(&environment.database_url).await;
    let options = Options {
        database_url: Some(url),
        ..Options::default()
    };
    let test = TestApp::with(options).await;
    let organization = test.organization().await;
    let admin = organization.admin(test.serving(sessions::routes())).await;
    let (reply, trips) = proxy.count(admin.get(PATH)).await;
    reply.expect(200);
    assert_eq!(trips, 1);
    let (reply, trips) = proxy
        .count(admin.patch(PATH, json!({ "full_name": "Camille", "marketing_consent": true })))
        .await;
    reply.expect(200);
    assert_eq!(trips, 2);
}
