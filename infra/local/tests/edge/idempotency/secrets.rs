//! Answers that hold a secret, and what the database knows.

use serde_json::Value;

use super::*;

/// The names of the members of a schema, at any depth.
fn members(document: &Value, schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(parts) => {
            if let Some(reference) = parts.get("$ref").and_then(Value::as_str) {
                members(document, document.pointer(&reference[1..]).unwrap(), found);
            }
            if let Some(properties) = parts.get("properties").and_then(Value::as_object) {
                found.extend(properties.keys().cloned());
            }
            parts.values().for_each(|part| members(document, part, found));
        }
        Value::Array(parts) => parts.iter().for_each(|part| members(document, part, found)),
        _ => {}
    }
}

#[tokio::test]
async fn an_answer_that_holds_a_secret_is_not_kept() {
    let bench = Bench::start().await;
    let admin = bench.admin().await;
    let first = send(&admin, THINGS, "k", "secret", "{}").await.expect(201);
    assert_eq!(first.json()["thing"]["number"], 1);
    let again = send(&admin, THINGS, "k", "secret", "{}").await;
    again.expect_problem(409, "idempotency_secret_answer");
    let other = send(&admin, THINGS, "k", "", "[]").await;
    other.expect_problem(422, "idempotency_key_reused");
    assert_eq!(bench.done(), 1);
    let rows = bench
        .organization
        .rows("select * from idempotency_keys", &[])
        .await;
    assert_eq!(
        (&rows[0]["body"], &rows[0]["location"], &rows[0]["is_secret"]),
        (&Value::Null, &Value::Null, &json!(true))
    );
}

#[tokio::test]
async fn the_database_knows_neither_the_key_nor_the_request() {
    let bench = Bench::start().await;
    let admin = bench.admin().await;
    send(&admin, THINGS, "the-very-key", "", r#"{"password":"hunter2"}"#)
        .await
        .expect(201);
    let rows = bench
        .organization
        .rows("select * from idempotency_keys", &[])
        .await;
    let told = rows[0].to_string();
    for secret in ["the-very-key", "hunter2"] {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!told.contains(secret) && !told.contains(&hex), "{told}");
    }
    // Whoever leaves takes what they were answered along.
    let url = &Environment::get().await.owner_url;
    let (owner, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let claims = json!({ "organization_id": bench.organization.id });
    let person = bench.organization.admin;
    let leave = format!("set request.jwt.claims = '{claims}'; delete from profiles where id = '{person}'");
    owner.batch_execute(&leave).await.unwrap();
    let rows = bench
        .organization
        .rows("select 1 from idempotency_keys", &[])
        .await;
    assert!(rows.is_empty());
}

/// Whose answer is shown once: its handler answers with [`HoldsSecret`].
const SECRET: [&str; 3] = [
    "/api/v1/api-keys",
    "/api/v1/contacts/imports",
    "/api/v1/contacts/imports/{id}/cancel",
];

#[test]
fn routes_that_answer_with_a_secret_are_named() {
    let document = crate::api::document();
    let mut secret = Vec::new();
    for (path, method, operation) in crate::api::operations(&document) {
        let mut names = Vec::new();
        members(&document, &operation["responses"], &mut names);
        let tells = names.iter().any(|name| {
            let words = ["key", "secret", "token", "ticket", "url", "password"];
            // Null until the archive is made, long after this answer.
            name != "data_url" && name.split('_').any(|word| words.contains(&word))
        });
        let public = crate::api::PUBLIC.contains(&path.as_str());
        if method == "post" && !public && tells {
            secret.push(path);
        }
    }
    assert_eq!(secret, SECRET, "answer with HoldsSecret, and name the route here");
}

#[tokio::test]
async fn an_api_key_is_made_once_shown_once_and_not_kept() {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let admin = organization.admin(test.serving(organization::routes())).await;
    let body = json!({ "name": "CRM", "scopes": ["contacts:read"] }).to_string();
    let made = send(&admin, SECRET[0], "k", "", &body).await.expect(201);
    assert!(made.json()["key"].as_str().unwrap().starts_with("zc_"));
    let again = send(&admin, SECRET[0], "k", "", &body).await;
    again.expect_problem(409, "idempotency_secret_answer");
    let keys = organization.rows("select id from api_keys", &[]).await;
    assert_eq!(keys.len(), 1);
    let kept = organization
        .rows("select body, is_secret from idempotency_keys", &[])
        .await;
    assert_eq!(kept, [json!({ "body": null, "is_secret": true })]);
}
