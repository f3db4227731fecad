//! A request that is sent twice is done once.

mod replays;
mod round_trips;
mod secrets;
mod twins;
mod workshop;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use testkit::{Client, Environment, Reply, TestApp, TestOrganization};

use workshop::{Workshop, workshop_routes};

/// An organisation with a workshop.
struct Bench {
    test: TestApp,
    organization: TestOrganization,
    router: Router,
    workshop: Arc<Workshop>,
}

impl Bench {
    async fn start() -> Self {
        Self::of(TestApp::held_at(Timestamp::now()).await).await
    }

    async fn of(test: TestApp) -> Self {
        let workshop = Arc::<Workshop>::default();
        Self {
            organization: test.organization().await,
            router: test.serving(workshop_routes(&workshop)),
            test,
            workshop,
        }
    }

    async fn admin(&self) -> Client {
        self.organization.admin(self.router.clone()).await
    }

    fn done(&self) -> usize {
        self.workshop.done.load(Ordering::SeqCst)
    }
}

async fn send(client: &Client, path: &str, key: &str, fate: &str, body: &str) -> Reply {
    let request = Request::builder()
        .method("POST")
        .uri(path)
        .header("idempotency-key", key)
        .header("content-type", "application/json")
        .header("x-fate", fate);
    client
        .request(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

const THINGS: &str = "/api/v1/vapi/assistants";

fn is_replayed(reply: &Reply) -> bool {
    let value = reply.headers.get("idempotent-replayed");
    value.is_some_and(|value| value == "true")
}
