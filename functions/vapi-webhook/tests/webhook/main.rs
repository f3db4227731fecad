//! What Vapi's webhook takes in, for whom, and what it does when something is down.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod a_secret_that_changes;
mod faults;
mod predial;
mod proofs;
mod questions;
mod tools;
mod what_comes_in;

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use testkit::{Client, Environment, Options, QueueKind, Reply, TestApp, VAPI_WEBHOOK_SECRET};

const PATH: &str = "/api/v1/vapi/webhook";

fn anonymous(test: &TestApp) -> Client {
    Client::anonymous(test.serving(vapi_webhook::routes()))
}

async fn post(client: &Client, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Reply {
    let mut request = Request::post(path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client
        .request(request.body(Body::from(body.into())).unwrap())
        .await
}

/// Posts with the bearer token that our assistants carry.
async fn send(test: &TestApp, body: impl Into<Vec<u8>>) -> Reply {
    let token = format!("Bearer {VAPI_WEBHOOK_SECRET}");
    post(&anonymous(test), PATH, &[("authorization", &token)], body).await
}

async fn say(test: &TestApp, message: Value) -> Reply {
    send(test, json!({ "message": message }).to_string()).await
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(format!(
        "{}/../../events/vapi/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}
