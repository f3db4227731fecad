//! Whatever is sent, no answer is a 500. Bodies, queries and ids come from the description, bent and broken.
//! `FUZZ_CASES=500 FUZZ_SEED=7` asks more, and otherwise.

use axum::body::Body;
use futures_util::future::join_all;
use http::StatusCode;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use crate::bodies::{Schemas, raw, text};
use crate::visitor::{Inhabitant, Route, Visitor, headers, problem};

/// For each route.
const CASES: usize = 40;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn runner(route: &Route) -> TestRunner {
    let mut seed = [0_u8; 32];
    let salt = setting("FUZZ_SEED").unwrap_or_default().to_be_bytes();
    for (at, byte) in route.name().bytes().chain(salt).enumerate() {
        seed[at % 32] = seed[at % 32].wrapping_mul(31).wrapping_add(byte);
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    TestRunner::new_with_rng(Config::default(), rng)
}

/// A part of an address: an id that is there, or anything.
fn part(known: String) -> impl Strategy<Value = String> {
    prop_oneof![6 => Just(known), 1 => Just("privacy".to_owned()), 2 => text(), 1 => any::<String>()]
        .prop_map(|text| encode(&text.chars().take(200).collect::<String>()))
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

fn draw<T: std::fmt::Debug>(runner: &mut TestRunner, strategy: impl Strategy<Value = T>) -> T {
    strategy.new_tree(runner).unwrap().current()
}

struct Case {
    address: String,
    media_type: &'static str,
    body: Vec<u8>,
}

fn case(route: &Route, schemas: &Schemas<'_>, somebody: &Inhabitant, runner: &mut TestRunner) -> Case {
    let known = somebody.row.to_string();
    let mut parts = Vec::new();
    for place in route.path.split('/') {
        parts.push(if place.starts_with('{') {
            draw(runner, part(known.clone()))
        } else {
            place.to_owned()
        });
    }
    let mut address = parts.join("/");
    let names = route.query();
    if !names.is_empty() && draw(runner, prop::bool::weighted(0.7)) {
        let mut pairs = Vec::new();
        for name in names {
            if draw(runner, prop::bool::weighted(0.5)) {
                pairs.push(format!("{name}={}", draw(runner, part(known.clone()))));
            }
        }
        address = format!("{address}?{}", pairs.join("&"));
    }
    let content = route.operation["requestBody"]["content"].as_object();
    let media_types = [
        "application/json",
        "text/csv",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
    ];
    let media_type = media_types
        .into_iter()
        .find(|known| content.is_some_and(|content| content.contains_key(*known)))
        .unwrap_or("application/json");
    let media_type = draw(
        runner,
        prop_oneof![9 => Just(media_type), 2 => proptest::sample::select(media_types.to_vec())],
    );
    let schema = content.map_or(&Value::Null, |_| schemas.body(route));
    let body = schemas.wild(schema);
    let body = draw(
        runner,
        prop_oneof![5 => body.clone().prop_map(|body| body.to_string().into_bytes()), 1 => raw(body)],
    );
    Case {
        address,
        media_type,
        body,
    }
}

#[tokio::test]
async fn nothing_that_is_sent_breaks_a_route() {
    let visitor = Visitor::start().await;
    let schemas = Schemas::of(&visitor.document);
    let cases = setting("FUZZ_CASES").map_or(CASES, |cases| usize::try_from(cases).unwrap());
    // One after the other: all at once, the last would wait longer for a connection than one may.
    let mut inhabitants = Vec::new();
    for _ in &visitor.routes {
        inhabitants.push(visitor.inhabitant().await);
    }
    let routes = visitor.routes.iter().zip(inhabitants);
    let broken = join_all(routes.map(async |(route, mut somebody)| {
        // Each password that is checked takes a whole processor for a while.
        let checks_passwords = route.operation.to_string().contains("Login")
            || schemas.body(route)["properties"]["password"].is_object();
        let cases = if checks_passwords { cases / 4 } else { cases };
        let mut runner = runner(route);
        let mut broken = Vec::new();
        let mut succeeded = 0;
        for number in 0..cases {
            // What was deleted is there again.
            if number % 20 == 19 {
                somebody = visitor.inhabitant().await;
            }
            let case = case(route, &schemas, &somebody, &mut runner);
            let who = (!route.is_public()).then_some(&somebody);
            let reply = visitor
                .ask(route, who, &case.address, |builder| {
                    let builder = builder.header("content-type", case.media_type);
                    builder.body(Body::from(case.body.clone())).unwrap()
                })
                .await;
            let what = format!(
                "{} {} ({}): {}",
                route.method,
                case.address,
                case.media_type,
                String::from_utf8_lossy(&case.body)
                    .chars()
                    .take(1_500)
                    .collect::<String>()
            );
            if reply.status == StatusCode::INTERNAL_SERVER_ERROR {
                broken.push(format!("{}: {what}", reply.status));
            } else if reply.status.is_success() {
                succeeded += 1;
                broken.extend(headers(&reply).err().map(|wrong| format!("{wrong}: {what}")));
            } else {
                broken.extend(problem(&reply).err().map(|wrong| format!("{wrong}: {what}")));
            }
        }
        (route.name(), succeeded, broken)
    }))
    .await;
    let succeeded: usize = broken.iter().map(|(_, succeeded, _)| succeeded).sum();
    let all: Vec<_> = broken.iter().flat_map(|(_, _, broken)| broken).collect();
    assert!(
        all.is_empty(),
        "{} broke:\n{}",
        all.len(),
        all.iter().map(|one| one.as_str()).collect::<Vec<_>>().join("\n")
    );
    // Refusing everything would be safe as well.
    assert!(succeeded > cases, "{succeeded} succeeded");
}
