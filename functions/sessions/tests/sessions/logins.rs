//! GET /api/v1/auth/sessions and DELETE /api/v1/auth/sessions/{id}; and what a changed or removed person may still do.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{CountingProxy, Environment, Options};
use zencall::db::{Claims, DbError};

use crate::people::{PASSWORD, Person};

const PATH: &str = "/api/v1/auth/sessions";

fn ids(list: &Value) -> Vec<String> {
    let rows = list["data"].as_array().unwrap();
    rows.iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn as_oneself_sees_where_one_is_logged_in_newest_first() {
    let (person, first) = Person::confirmed().await;
    let second = person.logs_in(PASSWORD).await.expect(200).json();
    let list = person.with(&second).get(PATH).await.expect(200).json();
    assert_eq!(list["next_cursor"], Value::Null);
    let rows = list["data"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["current"], &rows[1]["current"]),
        (&json!(true), &json!(false))
    );
    let mut members: Vec<_> = rows[0].as_object().unwrap().keys().cloned().collect();
    members.sort();
    let wanted = [
        "created_at",
        "current",
        "id",
        "ip_address",
        "last_used_at",
        "user_agent",
    ];
    assert_eq!(members, wanted);
    let seen = person.with(&first).get(PATH).await.expect(200).json();
    assert_eq!(ids(&seen), ids(&list));
}

#[tokio::test]
async fn is_cut_into_pages() {
    let (person, session) = Person::confirmed().await;
    for _ in 0..2 {
        person.logs_in(PASSWORD).await.expect(200);
    }
    let client = person.with(&session);
    let all = ids(&client.get(PATH).await.expect(200).json());
    let first = client.get(&format!("{PATH}?limit=2")).await.expect(200).json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = client.get(&format!("{PATH}?limit=2&cursor={cursor}")).await;
    let rest = rest.expect(200).json();
    assert_eq!([ids(&first), ids(&rest)].concat(), all);
    assert_eq!(rest["next_cursor"], Value::Null);
    client
        .get(&format!("{PATH}?limit=0"))
        .await
        .expect_problem(422, "invalid");
}

#[tokio::test]
async fn those_that_have_ended_or_that_nobody_can_renew_are_not_shown() {
    let options = Options {
        held_at: Some("2026-11-23T09:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let person = Person::signed_up_with(options).await;
    let old = person.confirms(&person.token).await.expect(200).json();
    person.test.app.clock.advance(SignedDuration::from_hours(20 * 24));
    let ended = person.logs_in(PASSWORD).await.expect(200).json();
    person
        .post("logout", json!({ "refresh_token": ended["refresh_token"] }))
        .await
        .expect(204);
    person.test.app.clock.advance(SignedDuration::from_hours(10 * 24));
    let now = person.logs_in(PASSWORD).await.expect(200).json();
    let list = person.with(&now).get(PATH).await.expect(200).json();
    assert_eq!(ids(&list).len(), 1);
    person
        .refreshes(&old)
        .await
        .expect_problem(401, "refresh_token_invalid");
}

#[tokio::test]
async fn as_oneself_ends_a_session_from_afar() {
    let (person, here) = Person::confirmed().await;
    let there = person.logs_in(PASSWORD).await.expect(200).json();
    let client = person.with(&here);
    let list = ids(&client.get(PATH).await.expect(200).json());
    let reply = client.delete(&format!("{PATH}/{}", list[0])).await.expect(204);
    assert!(reply.body.is_empty());
    person
        .refreshes(&there)
        .await
        .expect_problem(401, "refresh_token_invalid");
    person.refreshes(&here).await.expect(200);
    assert!(person.actions().await.contains(&"session.revoke".to_owned()));
    // Once: what has ended is not there.
    client
        .delete(&format!("{PATH}/{}", list[0]))
        .await
        .expect_problem(404, "session_not_found");
}

#[tokio::test]
async fn another_s_session_is_not_there() {
    // A-09, and within one organisation too.
    let (person, session) = Person::confirmed().await;
    let (other, _) = Person::confirmed().await;
    let theirs = other.rows("select id from sessions").await[0]["id"].clone();
    let colleagues = person.test.organization().await;
    let member = colleagues.member(person.test.serving(sessions::routes())).await;
    let admins = colleagues.session.to_string();
    assert!(ids(&member.get(PATH).await.expect(200).json()).is_empty());
    let unknown = person.test.app.clock.uuid().to_string();
    for (client, id) in [
        (&person.with(&session), theirs.as_str().unwrap()),
        (&member, &admins),
        (&member, &unknown),
        (&member, "x"),
    ] {
        client
            .delete(&format!("{PATH}/{id}"))
            .await
            .expect_problem(404, "session_not_found");
    }
    let alive = other
        .rows("select * from sessions where revoked_at is null")
        .await;
    assert_eq!(alive.len(), 1);
}

#[tokio::test]
async fn the_list_is_one_round_trip() {
    let environment = Environment::get().await;
    let (proxy, url) = CountingProxy::in_front_of(&environment.database_url).await;
    let options = Options {
        database_url: Some(url),
        ..Options::default()
    };
    let person = Person::signed_up_with(options).await;
    let session = person.confirms(&person.token).await.expect(200).json();
    let (reply, trips) = proxy.count(person.with(&session).get(PATH)).await;
    reply.expect(200);
    assert_eq!(trips, 1);
}

mod a_person {
    use super::*;

    async fn execute(person: &Person, sql: &'static str) {
        let claims = Claims::platform(person.organization);
        let done: Result<u64, DbError> = person
            .test
            .app
            .db
            .write("tests.execute", &claims, async |tx| tx.execute(sql, &[]).await)
            .await;
        assert_ne!(done.unwrap(), 0, "{sql}");
    }

    #[tokio::test]
    async fn whose_role_changed_has_the_new_one_from_the_next_refresh_on() {
        //
        let (person, session) = Person::confirmed().await;
        assert_eq!(session["user"]["role"], "admin");
        execute(&person, "update profiles set role = 'member'").await;
        let renewed = person.refreshes(&session).await.expect(200).json();
        assert_eq!(renewed["user"]["role"], "member");
        let body = renewed["access_token"].as_str().unwrap();
        let claims = body.split('.').nth(1).unwrap();
        let claims = String::from_utf8(base64_url(claims)).unwrap();
        assert!(claims.contains("\"org_role\":\"member\""), "{claims}");
    }

    #[tokio::test]
    async fn whose_sessions_were_ended_gets_no_further_than_the_access_token() {
        //
        let options = Options {
            held_at: Some("2026-11-23T09:00:00Z".parse().unwrap()),
            ..Options::default()
        };
        let person = Person::signed_up_with(options).await;
        let session = person.confirms(&person.token).await.expect(200).json();
        execute(&person, "update sessions set revoked_at = now()").await;
        person
            .refreshes(&session)
            .await
            .expect_problem(401, "refresh_token_invalid");
        person
            .test
            .app
            .clock
            .advance(SignedDuration::from_secs(15 * 60 + 5));
        person
            .with(&session)
            .get(PATH)
            .await
            .expect_problem(401, "token_expired");
    }

    #[tokio::test]
    async fn who_was_removed_is_nobody_at_once() {
        // the way of the deletion under the RGPD.
        let (person, session) = Person::confirmed().await;
        execute(
            &person,
            "insert into gdpr_requests (id, organization_id, user_id, request_type, status, scheduled_at, created_at, updated_at)
             select gen_random_uuid(), organization_id, id, 'data_deletion', 'processing', now() - interval '1 day', now(), now()
               from profiles",
        )
        .await;
        execute(
            &person,
            "with gone as (select zencall.erase_person(id, now()) as done from profiles)
             insert into gdpr_audit_logs (id, organization_id, action, created_at)
             select gen_random_uuid(), zencall.organization_id(), 'tests.gone', now() from gone where done",
        )
        .await;
        person
            .refreshes(&session)
            .await
            .expect_problem(401, "refresh_token_invalid");
        person
            .logs_in(PASSWORD)
            .await
            .expect_problem(401, "invalid_credentials");
        let client = person.with(&session);
        client
            .get("/api/v1/auth/me")
            .await
            .expect_problem(401, "unauthenticated");
        let body = json!({ "current_password": PASSWORD, "password": "quatre gros chiens" });
        client
            .post("/api/v1/auth/password", body)
            .await
            .expect_problem(401, "unauthenticated");
        assert!(ids(&client.get(PATH).await.expect(200).json()).is_empty());
    }

    fn base64_url(text: &str) -> Vec<u8> {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(text)
            .unwrap()
    }
}
