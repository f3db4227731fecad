//! POST /api/v1/auth/confirm.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::Options;

use crate::people::Person;

#[tokio::test]
async fn as_the_owner_of_the_address_opens_a_session() {
    let person = Person::signed_up().await;
    let session = person.confirms(&person.token).await.expect(200).json();
    let mut members: Vec<_> = session.as_object().unwrap().keys().cloned().collect();
    members.sort();
    let wanted = [
        "access_token",
        "expires_in",
        "organization",
        "refresh_token",
        "token_type",
        "user",
    ];
    assert_eq!(members, wanted);
    assert_eq!(session["token_type"], "bearer");
    assert_eq!(session["expires_in"], 900);
    let user = &session["user"];
    assert_eq!(
        *user,
        json!({ "id": user["id"], "email": person.email, "full_name": "Lou Fèvre", "role": "admin" })
    );
    let organization = json!({ "id": person.organization, "name": "Lou Fèvre", "organization_type": "b2c" });
    assert_eq!(session["organization"], organization);
    person.with(&session).get("/api/v1/auth/me").await.expect(200);
    let profile = &person.rows("select * from profiles").await[0];
    assert!(profile["email_confirmed_at"].is_string());
    assert_eq!(person.actions().await, ["user.register", "user.confirm_email"]);
}

#[tokio::test]
async fn a_link_works_once() {
    let person = Person::signed_up().await;
    let (one, other) = tokio::join!(person.confirms(&person.token), person.confirms(&person.token));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422]);
    person
        .confirms(&person.token)
        .await
        .expect_problem(422, "link_used");
    assert_eq!(person.rows("select * from sessions").await.len(), 1);
}

#[tokio::test]
async fn a_link_works_for_a_day() {
    let held_at = "2026-11-23T09:00:00Z".parse().unwrap();
    let options = Options {
        held_at: Some(held_at),
        ..Options::default()
    };
    let person = Person::signed_up_with(options).await;
    person.test.app.clock.advance(SignedDuration::from_hours(24));
    person
        .confirms(&person.token)
        .await
        .expect_problem(422, "link_expired");
    assert!(person.rows("select * from sessions").await.is_empty());
}

#[tokio::test]
async fn a_forged_link_leads_nowhere() {
    let person = Person::signed_up().await;
    let mut flipped = person.token.clone();
    let last = if flipped.ends_with('A') { "E" } else { "A" };
    flipped.replace_range(flipped.len() - 1.., last);
    let other = Person::signed_up().await;
    // The id of one link, the code of another.
    let mixed = format!("{}{}", &person.token[..20], &other.token[20..]);
    for token in [
        "",
        "x",
        &flipped,
        &mixed,
        &person.token[1..],
        &format!("{}A", person.token),
        "é",
        "\0",
    ] {
        person.confirms(token).await.expect_problem(422, "link_invalid");
    }
    person.confirms(&person.token).await.expect(200);
}

#[tokio::test]
async fn a_body_without_a_token_is_invalid() {
    let person = Person::signed_up().await;
    for token in [Value::Null, json!(7), json!(["x"]), json!({})] {
        person
            .post("confirm", json!({ "token": token }))
            .await
            .expect_problem(422, "invalid");
    }
}
