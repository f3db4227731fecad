//! Health, readiness, JWKS, and what every answer has.

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use testkit::environment::token_keys;
use testkit::{Client, CountingProxy, Environment, Options, Reply, TestApp};
use zencall::kernel::Role;

use crate::people::{PASSWORD, Person};

async fn client_with(options: Options) -> Client {
    Client::anonymous(TestApp::with(options).await.serving(sessions::routes()))
}

fn with_secret(change: impl FnOnce(&mut zencall::config::Config) + 'static) -> Options {
    Options {
        configure: Some(Box::new(change)),
        ..Options::default()
    }
}

#[track_caller]
fn has_the_headers_of_every_answer(reply: &Reply) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("referrer-policy", "no-referrer"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(reply.headers[name], value, "{name}");
    }
    assert!(reply.headers.contains_key("x-request-id"));
}

#[tokio::test]
async fn the_process_is_up_whatever_it_depends_on() {
    let dead = Options {
        database_url: Some("postgres://nobody:x@127.0.0.1:1/none".to_owned()),
        ..Options::default()
    };
    let reply = client_with(dead).await.get("/api/v1/health").await.expect(200);
    assert_eq!(reply.json(), json!({ "status": "ok" }));
}

#[tokio::test]
async fn it_is_ready_when_everything_answers() {
    let reply = client_with(Options::default()).await.get("/api/v1/ready").await;
    assert_eq!(reply.expect(200).json(), json!({ "status": "ready" }));
}

#[tokio::test]
async fn it_is_not_ready_without_its_database_or_a_secret() {
    let dead = || Options {
        database_url: Some("postgres://nobody:x@127.0.0.1:1/none".to_owned()),
        ..Options::default()
    };
    let absent = |name: &str| format!("zencall/none/{name}");
    for options in [
        dead(),
        with_secret(move |config| config.pepper_secret = absent("pepper")),
        with_secret(move |config| config.token_keys_secret = absent("keys")),
        with_secret(move |config| config.database_secret = absent("database")),
    ] {
        let reply = client_with(options).await.get("/api/v1/ready").await;
        assert!(reply.headers.contains_key("retry-after"));
        let problem = reply.expect_problem(503, "unavailable").to_string();
        for detail in ["postgres", "127.0.0.1", "zencall/none", "secret"] {
            assert!(!problem.contains(detail), "{problem}");
        }
    }
}

#[tokio::test]
async fn an_unusable_secret_is_a_missing_one() {
    let test = TestApp::start().await;
    let environment = testkit::Environment::get().await;
    drop(test);
    for value in ["no keys", "{\"keys\":[]}"] {
        let name = environment.store_secret(value).await;
        let options = with_secret(move |config| config.token_keys_secret = name);
        let client = client_with(options).await;
        client
            .get("/api/v1/ready")
            .await
            .expect_problem(503, "unavailable");
        client
            .get("/.well-known/jwks.json")
            .await
            .expect_problem(503, "unavailable");
    }
    let name = environment.store_secret("c2hvcnQ=").await;
    let options = with_secret(move |config| config.pepper_secret = name);
    let client = client_with(options).await;
    client
        .get("/api/v1/ready")
        .await
        .expect_problem(503, "unavailable");
}

#[tokio::test]
async fn the_published_keys_verify_an_access_token() {
    let (person, session) = Person::confirmed().await;
    let reply = person.client.get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(reply.headers["cache-control"], "public, max-age=300");
    let keys = reply.json();
    let token = session["access_token"].as_str().unwrap();
    let head = jsonwebtoken::decode_header(token).unwrap();
    let key = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == head.kid.as_deref().unwrap());
    let key = key.unwrap();
    assert_eq!(
        (&key["kty"], &key["alg"], &key["use"]),
        (&json!("EC"), &json!("ES256"), &json!("sig"))
    );
    assert!(key.get("d").is_none());
    let key =
        DecodingKey::from_ec_components(key["x"].as_str().unwrap(), key["y"].as_str().unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_audience(&["authenticated"]);
    rules.set_issuer(&[&person.test.app.config.api_url]);
    let claims = jsonwebtoken::decode::<Value>(token, &key, &rules).unwrap().claims;
    assert_eq!(claims["organization_id"], person.organization.to_string());
    assert_eq!(claims["sub"], session["user"]["id"]);
    assert_eq!(claims["role"], "authenticated");
    assert_eq!(claims["org_role"], "admin");
}

#[tokio::test]
async fn every_answer_has_the_headers() {
    let client = client_with(Options::default()).await;
    for (method, path) in [
        ("GET", "/api/v1/health"),
        ("GET", "/api/v1/auth/me"),
        ("POST", "/api/v1/auth/login"),
        ("DELETE", "/api/v1/auth/login"),
        ("GET", "/api/v1/nowhere"),
        ("GET", "/"),
        ("GET", "/%ff/..%2f"),
    ] {
        has_the_headers_of_every_answer(&client.send(method, path, None).await);
    }
}

#[tokio::test]
async fn an_unknown_address_is_a_problem_document() {
    let client = client_with(Options::default()).await;
    for path in [
        "/",
        "/api",
        "/api/v1/nowhere",
        "/api/v1/auth/login/",
        "/api/v2/health",
    ] {
        let problem = client.get(path).await.expect_problem(404, "not_found");
        assert_eq!(problem["title"], "Not Found");
    }
    let reply = client.post("/api/v1/nowhere", json!({})).await;
    reply.expect_problem(404, "not_found");
}

#[tokio::test]
async fn another_method_hears_which_are_allowed() {
    let client = client_with(Options::default()).await;
    for (path, allowed) in [
        ("/api/v1/auth/login", "POST"),
        ("/api/v1/health", "GET,HEAD"),
        ("/.well-known/jwks.json", "GET,HEAD"),
    ] {
        let reply = client.delete(path).await;
        assert_eq!(reply.headers["allow"], allowed);
        reply.expect_problem(405, "method_not_allowed");
    }
    let allowed = client.delete("/api/v1/auth/me").await.headers["allow"].clone();
    assert!(allowed.to_str().unwrap().contains("PATCH"), "{allowed:?}");
}

#[tokio::test]
async fn a_harmless_request_id_is_echoed() {
    let client = client_with(Options::default()).await;
    let ask = async |id: &str| {
        let request = Request::get("/api/v1/health").header("x-request-id", id);
        let reply = client.request(request.body(Body::empty()).unwrap()).await;
        reply.headers["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(ask("trace-1.a:b_C").await, "trace-1.a:b_C");
    for forged in ["", "a b", "a\"b", "<script>", &"x".repeat(129)] {
        assert_ne!(ask(forged).await, forged);
    }
}

#[tokio::test]
async fn browsers_of_other_origins_are_not_let_in() {
    let client = client_with(Options::default()).await;
    let ask = async |origin: &str| {
        let request = Request::get("/api/v1/health").header("origin", origin);
        client.request(request.body(Body::empty()).unwrap()).await
    };
    let known = ask("https://app.zencall.example").await;
    assert_eq!(
        known.headers["access-control-allow-origin"],
        "https://app.zencall.example"
    );
    assert!(
        !ask("https://evil.example")
            .await
            .headers
            .contains_key("access-control-allow-origin")
    );
}

#[tokio::test]
async fn the_sample_event_logs_in() {
    let person = Person::signed_up().await;
    person.confirms(&person.token).await.expect(200);
    let mut event: Value = serde_json::from_str(&testkit::events::sample("sessions")).unwrap();
    let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    assert!(body["email"].is_string() && body["password"].is_string());
    event["body"] = json!({ "email": person.email, "password": PASSWORD })
        .to_string()
        .into();
    let request = testkit::events::request(&event.to_string());
    person.client.request(request).await.expect(200);
    let session = &person
        .rows("select ip_address, user_agent from sessions order by id desc")
        .await[0];
    assert_eq!(
        *session,
        json!({ "ip_address": "198.51.100.7", "user_agent": "sample-event/1" })
    );
}

#[tokio::test]
async fn a_preflight_has_the_headers_of_every_answer_and_names_allowed_origins_only() {
    let client = client_with(with_secret(|config| {
        config.allowed_origins = vec!["https://app.example".to_owned()];
    }))
    .await;
    for (origin, allowed) in [
        ("https://app.example", true),
        ("https://app.example.evil.example", false),
        ("null", false),
    ] {
        let request = Request::options("/api/v1/auth/me")
            .header("origin", origin)
            .header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "authorization,content-type")
            .body(Body::empty())
            .unwrap();
        let reply = client.request(request).await.expect(200);
        has_the_headers_of_every_answer(&reply);
        let named = reply.headers.get("access-control-allow-origin");
        assert_eq!(named.is_some_and(|named| named == origin), allowed, "{origin}");
        assert!(!reply.headers.contains_key("access-control-allow-credentials"));
    }
}

/// The keys of a test, which may be exchanged.
struct Keys {
    test: TestApp,
    requests: CountingProxy,
    secret: String,
}

impl Keys {
    async fn with(kids: &[&str]) -> (Self, Value) {
        let environment = Environment::get().await;
        let keys = token_keys(kids);
        let secret = environment.store_secret(&keys.to_string()).await;
        let (requests, endpoint) = CountingProxy::in_front_of(&environment.aws_endpoint()).await;
        let name = secret.clone();
        let test = TestApp::with(Options {
            held_at: Some("2026-11-24T08:30:00Z".parse().unwrap()),
            aws_endpoint: Some(endpoint),
            ..with_secret(move |config| config.token_keys_secret = name)
        })
        .await;
        let made = Self {
            test,
            requests,
            secret,
        };
        (made, keys)
    }

    async fn set(&self, keys: &[&Value]) {
        let keys = json!({ "keys": keys }).to_string();
        Environment::get().await.set_secret(&self.secret, &keys).await;
    }

    fn pass(&self, minutes: i64) {
        let by = SignedDuration::from_mins(minutes);
        self.test.app.clock.advance(by);
    }
}

#[tokio::test]
async fn keys_are_exchanged_without_a_restart_and_without_a_logout() {
    let (keys, old) = Keys::with(&["old"]).await;
    let old = &old["keys"][0];
    let organization = keys.test.organization().await;
    let router = keys.test.serving(sessions::routes());
    let before = organization.admin(router.clone()).await;
    before.get("/api/v1/auth/me").await.expect(200);
    // Another container has the new keys already, and issues a token with them.
    let new = &token_keys(&["new"])["keys"][0];
    keys.set(&[new, old]).await;
    let elsewhere = keys.test.another_container();
    let issued = elsewhere.token_keys().await.unwrap();
    let token = issued
        .issue(
            organization.admin,
            organization.id,
            Role::Admin,
            organization.session,
            keys.test.app.clock.now(),
        )
        .unwrap();
    let after = Client::bearer(router.clone(), token);
    after.get("/api/v1/auth/me").await.expect(200);
    before.get("/api/v1/auth/me").await.expect(200);
    // Once the old key is gone, its tokens are.
    keys.set(&[new]).await;
    keys.pass(5);
    after.get("/api/v1/auth/me").await.expect(200);
    before
        .get("/api/v1/auth/me")
        .await
        .expect_problem(401, "token_invalid");
}

#[tokio::test]
async fn forged_tokens_make_nobody_ask_for_keys_more_than_once_a_minute() {
    let (keys, _) = Keys::with(&["old"]).await;
    let client = |kid: &str, alg: &str| {
        let head = json!({ "alg": alg, "kid": kid, "typ": "JWT" }).to_string();
        let token = format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(head));
        Client::bearer(keys.test.serving(sessions::routes()), token)
    };
    let refused = async |client: Client| {
        client
            .get("/api/v1/auth/me")
            .await
            .expect_problem(401, "token_invalid");
    };
    refused(client("old", "ES256")).await;
    let before = keys.requests.round_trips();
    // Malformed, or in a way that we do not sign: nothing to ask for.
    for forged in [
        client("unknown", "HS256"),
        client("old", "ES256"),
        client("unknown", "none"),
    ] {
        refused(forged).await;
    }
    assert_eq!(keys.requests.round_trips(), before);
    for _ in 0..20 {
        refused(client("unknown", "ES256")).await;
    }
    assert_eq!(keys.requests.round_trips(), before + 1);
}
