//! Every route and every way of being refused, in French and in English.

use axum::body::Body;
use http::Request;
use serde_json::json;
use testkit::{Client, Reply, some_address};

use crate::bodies::Schemas;
use crate::visitor::{ORIGIN, Route, Visitor, check_headers, check_problem, problem};

/// Asks twice, in both languages, and returns the second answer, the English one.
pub(crate) async fn refused(
    visitor: &Visitor,
    what: &str,
    route: &Route,
    expected: (u16, &str),
    request: impl Fn() -> Request<Body>,
) -> Reply {
    refused_at(&some_address(), visitor, what, route, expected, request).await
}

/// The same, at this address.
pub(crate) async fn refused_at(
    address: &str,
    visitor: &Visitor,
    what: &str,
    route: &Route,
    expected: (u16, &str),
    request: impl Fn() -> Request<Body>,
) -> Reply {
    let client = Client::anonymous(visitor.router(route)).at(address);
    let (mut details, mut last) = (Vec::new(), None);
    for language in ["fr-FR, en;q=0.5", "en-GB, fr;q=0.5"] {
        let what = format!("{what}: {} ({language})", route.name());
        let mut request = request();
        let id = format!("door-{}", details.len());
        request
            .headers_mut()
            .insert("accept-language", language.parse().unwrap());
        request.headers_mut().insert("x-request-id", id.parse().unwrap());
        let reply = client.request(request).await;
        let body = check_problem(&what, &reply);
        assert_eq!(
            (reply.status.as_u16(), body["code"].as_str().unwrap()),
            expected,
            "{what}: {body}"
        );
        assert_eq!(reply.headers["x-request-id"], id.as_str(), "{what}");
        details.push(body["detail"].clone());
        last = Some(reply);
    }
    assert_ne!(details[0], details[1], "{what}: {} in one language", route.name());
    last.unwrap()
}

pub(crate) fn request(route: &Route, token: Option<&str>) -> http::request::Builder {
    let address = route.address("01890a5d-ac96-774b-bcce-b302099a8057");
    let builder = Request::builder().method(route.method.as_str()).uri(address);
    match token {
        Some(token) => builder.header("authorization", format!("Bearer {token}")),
        None => builder,
    }
}

#[tokio::test]
async fn without_credentials_or_with_bad_ones() {
    let visitor = Visitor::start().await;
    for route in visitor.routes.iter().filter(|route| !route.is_public()) {
        refused(&visitor, "nobody", route, (401, "unauthenticated"), || {
            request(route, None).body(Body::empty()).unwrap()
        })
        .await;
        refused(&visitor, "a forged token", route, (401, "token_invalid"), || {
            request(route, Some("e30.e30.e30")).body(Body::empty()).unwrap()
        })
        .await;
        // The key of a stranger is not looked at.
        refused(
            &visitor,
            "nobody with a key",
            route,
            (401, "unauthenticated"),
            || {
                let builder = request(route, None).header("idempotency-key", "");
                builder.body(Body::empty()).unwrap()
            },
        )
        .await;
    }
}

#[tokio::test]
async fn with_a_method_or_an_address_that_is_not_there() {
    let visitor = Visitor::start().await;
    for route in &visitor.routes {
        let item = &visitor.document["paths"][&route.path];
        let taken = |method: &str| item.get(method.to_lowercase()).is_some();
        for method in ["PUT", "PATCH", "DELETE", "POST", "BREW"] {
            if taken(method) {
                continue;
            }
            let other = Route {
                method: method.to_owned(),
                ..route.clone()
            };
            refused(&visitor, "method", &other, (405, "method_not_allowed"), || {
                request(&other, None).body(Body::empty()).unwrap()
            })
            .await;
            let reply = visitor.send(&other, None, &other.address("x"), None).await;
            let allow = reply.headers["allow"].to_str().unwrap().to_owned();
            let allowed: Vec<_> = allow.split(',').map(str::trim).collect();
            assert!(
                allowed.contains(&route.method.as_str()),
                "{}: {allow}",
                route.path
            );
        }
        for address in [
            format!("{}/nowhere/at/all/whatever", route.address("x")),
            "/%00".to_owned(),
            "/api/v2/contacts".to_owned(),
        ] {
            refused(&visitor, &address, route, (404, "not_found"), || {
                let builder = Request::builder().method(route.method.as_str()).uri(&address);
                builder.body(Body::empty()).unwrap()
            })
            .await;
        }
    }
}

#[tokio::test]
async fn with_a_body_that_cannot_be_read() {
    let visitor = Visitor::start().await;
    let somebody = visitor.inhabitant().await;
    let deep = |open: &str| open.repeat(200_000);
    let inside = format!("{{\"name\":{}", deep("["));
    let unreadable: [(&str, Vec<u8>); 10] = [
        ("nothing", Vec::new()),
        ("half", b"{\"name\": ".to_vec()),
        ("a text", b"hello".to_vec()),
        ("a list", b"[1]".to_vec()),
        ("a number", b"7".to_vec()),
        ("two objects", b"{}{}".to_vec()),
        ("invalid UTF-8", b"{\"name\": \"\xff\xfe\"}".to_vec()),
        ("half a surrogate", b"{\"name\": \"\\ud800\"}".to_vec()),
        ("deep lists", inside.into_bytes()),
        ("deep objects", deep("{\"a\":").into_bytes()),
    ];
    let mut asked = 0;
    for route in visitor.routes.iter().filter(|route| route.takes_json()) {
        if route.is_webhook() || route.path.ends_with("/contacts/import") {
            continue;
        }
        let token = (!route.is_public()).then_some(somebody.token.as_str());
        for (what, bytes) in &unreadable {
            // A body that may be left out may be empty.
            if *what == "nothing" && route.operation["requestBody"]["required"] != true {
                continue;
            }
            refused(&visitor, what, route, (400, "unreadable"), || {
                let builder = request(route, token).header("content-type", "application/json");
                builder.body(Body::from(bytes.clone())).unwrap()
            })
            .await;
        }
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "json", ""] {
            refused(&visitor, media_type, route, (415, "media_type"), || {
                let builder = request(route, token).header("content-type", media_type);
                builder.body(Body::from("{}")).unwrap()
            })
            .await;
        }
        asked += 1;
    }
    assert!(asked > 10);
}

#[tokio::test]
async fn with_members_of_other_types_than_described() {
    let visitor = Visitor::start().await;
    let schemas = Schemas::of(&visitor.document);
    let mut wrong = Vec::new();
    for route in visitor.routes.iter().filter(|route| route.takes_json()) {
        if route.is_webhook() || route.path.ends_with("/contacts/import") {
            continue;
        }
        let somebody = visitor.inhabitant().await;
        let who = (!route.is_public()).then_some(&somebody);
        let address = route.address(&somebody.row.to_string());
        for (member, value) in schemas.mistyped(schemas.body(route)) {
            // The path says which one.
            if member == "vapi_assistant_id" && route.has_id() {
                continue;
            }
            let what = format!("{} with {member}: {value}", route.name());
            let body = json!({ member.clone(): value });
            let reply = visitor.send(route, who, &address, Some(&body)).await;
            if let Err(fault) = problem(&reply) {
                wrong.push(format!("{what}: {fault}"));
                continue;
            }
            let named = reply.faults().iter().any(|(field, _)| {
                let inside = field.strip_prefix(member.as_str());
                inside.is_some_and(|inside| inside.is_empty() || inside.starts_with(['.', '[']))
            });
            if reply.status != 422 || !named {
                wrong.push(format!("{what}: {} {}", reply.status, reply.text()));
            }
            // Existing frontends write camelCase, and are answered in snake_case.
            let body = json!({ camel_case(&member): value });
            let again = visitor.send(route, who, &address, Some(&body)).await;
            if again.faults() != reply.faults() {
                wrong.push(format!("{what} in camelCase: {}", again.text()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} are not named:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn camel_case(member: &str) -> String {
    let mut words = member.split('_');
    let mut camel = words.next().unwrap().to_owned();
    for word in words {
        camel.push_str(&word[..1].to_uppercase());
        camel.push_str(&word[1..]);
    }
    camel
}

#[tokio::test]
async fn with_a_key_that_is_none() {
    let visitor = Visitor::start().await;
    let somebody = visitor.inhabitant().await;
    let mut asked = 0;
    for route in &visitor.routes {
        let listed = route.operation["parameters"]
            .as_array()
            .is_some_and(|parameters| {
                parameters
                    .iter()
                    .any(|parameter| parameter["name"] == "Idempotency-Key" && parameter["in"] == "header")
            });
        let takes_a_key = route.method == "POST" && !route.is_public();
        assert_eq!(listed, takes_a_key, "{}", route.name());
        if takes_a_key {
            refused(
                &visitor,
                "a long key",
                route,
                (400, "idempotency_key_invalid"),
                || {
                    let builder =
                        request(route, Some(&somebody.token)).header("idempotency-key", "k".repeat(256));
                    builder.body(Body::from("{}")).unwrap()
                },
            )
            .await;
            asked += 1;
        }
    }
    assert!(asked > 8);
}

#[tokio::test]
async fn a_request_id_is_echoed_if_it_is_harmless() {
    let visitor = Visitor::start().await;
    for (path, router) in visitor.routers() {
        let client = Client::anonymous(router.clone());
        for (id, echoed) in [
            ("abc-123_x.y:z", true),
            (&"i".repeat(128), true),
            (&"i".repeat(129), false),
            ("with space", false),
            ("<script>", false),
            ("", false),
        ] {
            let request = Request::builder().uri("/nowhere").header("x-request-id", id);
            let reply = client.request(request.body(Body::empty()).unwrap()).await;
            check_problem(path, &reply);
            assert_eq!(reply.headers["x-request-id"] == id, echoed, "{path}: {id}");
        }
    }
}

#[tokio::test]
async fn browsers_may_call_from_the_configured_origin_only() {
    let visitor = Visitor::start().await;
    for route in &visitor.routes {
        for (origin, allowed) in [
            (ORIGIN, true),
            ("https://app.zencall.example.evil.example", false),
            ("http://app.zencall.example", false),
            ("https://evil.example", false),
            ("null", false),
        ] {
            let what = format!("{} from {origin}", route.name());
            let preflight = Request::builder()
                .method("OPTIONS")
                .uri(route.address("x"))
                .header("origin", origin)
                .header("access-control-request-method", route.method.as_str())
                .header("access-control-request-headers", "authorization,idempotency-key");
            let client = Client::anonymous(visitor.router(route));
            let reply = client.request(preflight.body(Body::empty()).unwrap()).await;
            check_headers(&what, &reply);
            let granted = reply.headers.get("access-control-allow-origin");
            assert_eq!(
                granted.is_some_and(|granted| granted == origin),
                allowed,
                "{what}"
            );
            assert_ne!(
                granted.map(http::HeaderValue::as_bytes),
                Some(b"*".as_slice()),
                "{what}"
            );
            assert!(
                !reply.headers.contains_key("access-control-allow-credentials"),
                "{what}"
            );
            if allowed {
                let methods = reply.headers["access-control-allow-methods"]
                    .to_str()
                    .unwrap()
                    .to_owned();
                assert!(methods.contains(&route.method), "{what}: {methods}");
                let headers = reply.headers["access-control-allow-headers"]
                    .to_str()
                    .unwrap()
                    .to_owned();
                assert!(headers.contains("idempotency-key"), "{what}: {headers}");
            }
            // An answer, an error here, says the same.
            let request = request(route, None).method("BREW").header("origin", origin);
            let reply = client.request(request.body(Body::empty()).unwrap()).await;
            check_problem(&what, &reply);
            let granted = reply.headers.get("access-control-allow-origin");
            assert_eq!(
                granted.is_some_and(|granted| granted == origin),
                allowed,
                "{what}"
            );
        }
    }
}
