//! Importing files of contacts: every shape that a spreadsheet gives them.

mod formats;
mod refusals;
mod rows;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use testkit::{Client, Reply, TestOrganization};

use super::start;

async fn send(client: &Client, media_type: &str, body: impl Into<Body>) -> Reply {
    let request = Request::post("/api/v1/contacts/import").header("content-type", media_type);
    client.request(request.body(body.into()).unwrap()).await
}

async fn import(client: &Client, media_type: &str, body: impl Into<Body>) -> Value {
    send(client, media_type, body).await.expect(200).json()
}

fn counts(answer: &Value) -> (u64, u64, u64) {
    let count = |name: &str| answer[name].as_u64().unwrap();
    (count("imported"), count("updated"), count("rejected"))
}

async fn contact(organization: &TestOrganization, phone: &str) -> Value {
    organization
        .rows("select * from contacts where phone = $1", &[&phone])
        .await[0]
        .clone()
}
