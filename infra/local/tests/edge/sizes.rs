//! Bodies of any size: 413 at every route that takes one, after its limit and no more was read; none is read elsewhere.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use testkit::Client;
use zencall::http::{API_BODY_LIMIT, WEBHOOK_BODY_LIMIT};

use crate::refusals::{refused, request};
use crate::visitor::{Route, Visitor};

const PIECE: usize = 64 * 1024;

/// A body without an end, and how much of it was read.
fn endless() -> (Body, Arc<AtomicUsize>) {
    let read = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&read);
    let pieces = stream::repeat_with(move || {
        counted.fetch_add(PIECE, Ordering::SeqCst);
        Ok::<_, Infallible>(Bytes::from_static(&[b' '; PIECE]))
    });
    (Body::from_stream(pieces), read)
}

/// The media types that a route takes.
fn media_types(route: &Route) -> Vec<String> {
    let content = route.operation["requestBody"]["content"].as_object();
    content
        .into_iter()
        .flat_map(serde_json::Map::keys)
        .cloned()
        .collect()
}

fn limit(route: &Route) -> usize {
    if route.is_webhook() || route.path.ends_with("/contacts/import") {
        WEBHOOK_BODY_LIMIT
    } else {
        API_BODY_LIMIT
    }
}

/// A route's request, as far as its body matters: a signature that has its form.
fn asked(route: &Route, token: Option<&str>) -> http::request::Builder {
    let request = request(route, token);
    match route.path.contains("/twilio/webhook") {
        true => request.header("x-twilio-signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        false => request,
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_at_every_route_and_read_no_further() {
    assert_eq!((API_BODY_LIMIT, WEBHOOK_BODY_LIMIT), (1 << 20, 5 << 20));
    let visitor = Visitor::start().await;
    let somebody = visitor.inhabitant().await;
    let (mut refusing, mut ignoring) = (0, 0);
    for route in &visitor.routes {
        let token = (!route.is_public()).then_some(somebody.token.as_str());
        let types = media_types(route);
        for media_type in &types {
            let typed = || asked(route, token).header("content-type", media_type);
            // One that says how long it is, one that does not, and one that goes on for ever.
            let large = vec![b' '; limit(route) + 1];
            refused(&visitor, "too large", route, (413, "too_large"), || {
                typed().body(Body::from(large.clone())).unwrap()
            })
            .await;
            let (body, read) = endless();
            let client = Client::anonymous(visitor.router(route));
            let reply = client.request(typed().body(body).unwrap()).await;
            reply.expect_problem(413, "too_large");
            let read = read.load(Ordering::SeqCst);
            assert!(read <= limit(route) + PIECE, "{}: {read}", route.name());
            // As much as that may come.
            let fits = vec![b' '; limit(route)];
            let reply = client.request(typed().body(Body::from(fits)).unwrap()).await;
            assert_ne!(reply.status, 413, "{}", route.name());
            refusing += 1;
        }
        if types.is_empty() {
            let (body, read) = endless();
            let client = Client::anonymous(visitor.router(route));
            let reply = client.request(asked(route, token).body(body).unwrap()).await;
            assert!(reply.status != 413 && reply.status != 500, "{}", reply.text());
            assert_eq!(read.load(Ordering::SeqCst), 0, "{}", route.name());
            ignoring += 1;
        }
        // What is sent with a key is read to be known again, at the routes that take no body too.
        if route.method == "POST" && !route.is_public() {
            let (body, read) = endless();
            let client = Client::anonymous(visitor.router(route));
            let keyed = asked(route, token).header("idempotency-key", route.name());
            let reply = client.request(keyed.body(body).unwrap()).await;
            reply.expect_problem(413, "too_large");
            let read = read.load(Ordering::SeqCst);
            assert!(read <= WEBHOOK_BODY_LIMIT + PIECE, "{}: {read}", route.name());
        }
    }
    assert!(refusing > 30 && ignoring > 40, "{refusing} {ignoring}");
}
