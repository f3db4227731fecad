//! The routes of contacts, through the real router and the real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod create;
mod guesses;
mod import;
mod limits;
mod list;
mod one;
mod programs;
mod round_trips;

use serde_json::{Value, json};
use testkit::{Client, TestApp, TestOrganization};

async fn start() -> (TestApp, TestOrganization, Client) {
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let member = organization.member(test.serving(contacts::routes())).await;
    (test, organization, member)
}

async fn make(client: &Client, body: Value) -> Value {
    client.post("/api/v1/contacts", body).await.expect(201).json()["contact"].clone()
}

fn path(contact: &Value) -> String {
    format!("/api/v1/contacts/{}", contact["id"].as_str().unwrap())
}
