//! Somebody in front of every door: requests to each route of each function, and what every answer has to be.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::Value;
use testkit::{Client, Environment, Options, Reply, TestApp};
use uuid::Uuid;
use zencall::db::{Claims, DbError};
use zencall::kernel::Role;
use zencall::kernel::ids::{OrganizationId, SessionId, UserId};

use crate::api;
use crate::fixtures::Tenant;

/// The one origin that browsers may call from.
pub(crate) const ORIGIN: &str = "https://app.zencall.example";

/// A route: an operation of the description.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) operation: Value,
}

impl Route {
    pub(crate) fn is_public(&self) -> bool {
        api::PUBLIC.contains(&self.path.as_str())
    }

    /// Signed by a provider, in its own way.
    pub(crate) fn is_webhook(&self) -> bool {
        self.path.contains("/webhook") && !self.path.contains("webhook-endpoints")
    }

    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The address with this in the place of every id.
    pub(crate) fn address(&self, id: &str) -> String {
        let parts = self.path.split('/').map(|part| match part {
            "{document}" => "privacy",
            part if part.starts_with('{') => id,
            part => part,
        });
        parts.collect::<Vec<_>>().join("/")
    }

    pub(crate) fn has_id(&self) -> bool {
        self.path.contains("id}")
    }

    /// Whether the description names a JSON body.
    pub(crate) fn takes_json(&self) -> bool {
        self.operation["requestBody"]["content"]["application/json"].is_object()
    }

    /// The names of its parameters in the query.
    pub(crate) fn query(&self) -> Vec<String> {
        let parameters = self.operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        parameters
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// A tenant with a row in every table, all with one id, and a token of its administrator.
pub(crate) struct Inhabitant {
    pub(crate) id: Uuid,
    pub(crate) row: Uuid,
    pub(crate) token: String,
}

/// Every function, in an application and a database of their own.
pub(crate) struct Visitor {
    pub(crate) test: TestApp,
    pub(crate) document: Value,
    pub(crate) routes: Vec<Route>,
    routers: BTreeMap<String, Router>,
}

impl Visitor {
    pub(crate) async fn start() -> Self {
        Self::on(Environment::get().await.own_database().await).await
    }

    /// In front of functions on this database.
    pub(crate) async fn on(database_url: String) -> Self {
        let test = TestApp::with(Options {
            database_url: Some(database_url),
            configure: Some(Box::new(|config| {
                config.allowed_origins = vec![ORIGIN.to_owned()];
            })),
            ..Options::default()
        })
        .await;
        let document = api::document();
        let routes = api::operations(&document)
            .into_iter()
            .map(|(path, method, operation)| Route {
                method: method.to_uppercase(),
                path,
                operation,
            })
            .collect();
        let mut routers = BTreeMap::new();
        for (_, function) in api::routers() {
            let paths: Vec<_> = function.get_openapi().paths.paths.keys().cloned().collect();
            let router = test.serving(function);
            for path in paths {
                routers.insert(path, router.clone());
            }
        }
        Self {
            test,
            document,
            routes,
            routers,
        }
    }

    /// One router of each function, with a path of it.
    pub(crate) fn routers(&self) -> impl Iterator<Item = (&String, &Router)> {
        self.routers.iter()
    }

    pub(crate) fn router(&self, route: &Route) -> Router {
        self.routers[&route.path].clone()
    }

    /// A tenant with a row in every table.
    pub(crate) async fn inhabitant(&self) -> Inhabitant {
        let app = &self.test.app;
        let tenant = Tenant::new();
        let organization = OrganizationId(tenant.id);
        let statements = &mut tenant.rows();
        // A link that hangs on no chain is damage, and its ledger says so.
        statements.retain(|(table, _)| *table != "consents");
        let statements = &*statements;
        app.db
            .write("tests.inhabitant", &Claims::platform(organization), async |tx| {
                for (_, statement) in statements {
                    tx.execute(statement, &[]).await?;
                }
                Ok::<_, DbError>(())
            })
            .await
            .unwrap();
        let keys = app.token_keys().await.unwrap();
        let (user, session) = (UserId(tenant.row), SessionId(tenant.row));
        let token = keys
            .issue(user, organization, Role::Admin, session, app.clock.now())
            .unwrap();
        Inhabitant {
            id: tenant.id,
            row: tenant.row,
            token,
        }
    }

    /// A request to this route, with whatever `change` makes of it.
    pub(crate) async fn ask(
        &self,
        route: &Route,
        who: Option<&Inhabitant>,
        address: &str,
        change: impl FnOnce(http::request::Builder) -> Request<Body>,
    ) -> Reply {
        let mut builder = Request::builder().method(route.method.as_str()).uri(address);
        if let Some(who) = who {
            builder = builder.header("authorization", format!("Bearer {}", who.token));
        }
        Client::anonymous(self.router(route))
            .request(change(builder))
            .await
    }

    /// A request with this JSON body, or none.
    pub(crate) async fn send(
        &self,
        route: &Route,
        who: Option<&Inhabitant>,
        address: &str,
        body: Option<&Value>,
    ) -> Reply {
        self.ask(route, who, address, |builder| with_json(builder, body))
            .await
    }
}

pub(crate) fn with_json(builder: http::request::Builder, body: Option<&Value>) -> Request<Body> {
    match body {
        Some(body) => builder
            .header("content-type", "application/json")
            .body(Body::from(body.to_string())),
        None => builder.body(Body::empty()),
    }
    .unwrap()
}

/// What no answer may tell: traces of statements, of our own code, of secrets.
const NEVER: [&str; 14] = [
    "select ",
    "insert into",
    "violates",
    "constraint",
    "relation \"",
    "zencall_app",
    "postgres",
    "panicked",
    ".rs:",
    "Bearer ey",
    "eyJ",
    testkit::VAPI_API_KEY,
    testkit::VAPI_WEBHOOK_SECRET,
    testkit::TWILIO_AUTH_TOKEN,
];

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// What every answer carries.
pub(crate) fn headers(reply: &Reply) -> Result<(), String> {
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
        let values: Vec<_> = reply.headers.get_all(name).iter().collect();
        ensure(values == [value], || format!("{name}: {values:?}"))?;
    }
    let ids = reply.headers.get_all("x-request-id").iter().count();
    ensure(ids == 1, || format!("{ids} x-request-id"))
}

/// What every error is: a problem document of RFC 9457 that tells nothing of the inside.
pub(crate) fn problem(reply: &Reply) -> Result<Value, String> {
    headers(reply)?;
    let text = reply.text();
    let status = reply.status;
    ensure(status.is_client_error() || status.is_server_error(), || {
        format!("{status}: {text}")
    })?;
    ensure(
        reply.headers["content-type"] == "application/problem+json",
        || format!("no problem document: {text}"),
    )?;
    let body = reply.json();
    let says = |member: &str| body[member].as_str().unwrap_or_default();
    let members = [
        "type",
        "title",
        "status",
        "detail",
        "code",
        "request_id",
        "error",
        "errors",
    ];
    for member in body.as_object().into_iter().flat_map(serde_json::Map::keys) {
        ensure(members.contains(&member.as_str()), || {
            format!("{member} in {body}")
        })?;
    }
    let code = says("code");
    let is_code = !code.is_empty()
        && code
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    ensure(is_code, || format!("code in {body}"))?;
    ensure(says("type") == format!("/problems/{code}"), || {
        format!("type in {body}")
    })?;
    ensure(Some(says("title")) == status.canonical_reason(), || {
        format!("title in {body}")
    })?;
    ensure(body["status"] == status.as_u16(), || format!("status in {body}"))?;
    ensure(!says("detail").is_empty(), || format!("detail in {body}"))?;
    ensure(says("error") == says("detail"), || format!("error in {body}"))?;
    ensure(reply.headers["x-request-id"] == says("request_id"), || {
        format!("request_id in {body}")
    })?;
    for fault in body["errors"].as_array().into_iter().flatten() {
        for member in ["field", "code", "message"] {
            ensure(fault[member].is_string(), || format!("{member} in {fault}"))?;
        }
    }
    for (needs, header) in [
        (StatusCode::UNAUTHORIZED, "www-authenticate"),
        (StatusCode::METHOD_NOT_ALLOWED, "allow"),
        (StatusCode::TOO_MANY_REQUESTS, "retry-after"),
        (StatusCode::SERVICE_UNAVAILABLE, "retry-after"),
    ] {
        ensure(status != needs || reply.headers.contains_key(header), || {
            format!("{status} without {header}")
        })?;
    }
    for never in NEVER {
        ensure(!text.contains(never), || format!("tells {never:?}: {text}"))?;
    }
    Ok(body)
}

#[track_caller]
pub(crate) fn check_headers(what: &str, reply: &Reply) {
    headers(reply).unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
}

#[track_caller]
pub(crate) fn check_problem(what: &str, reply: &Reply) -> Value {
    problem(reply).unwrap_or_else(|wrong| panic!("{what}: {wrong}"))
}
