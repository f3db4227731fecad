//! Every limit of every route, used up one at a time: 429 in French and in English, with when to come back. What a request is
//! counted against is read from the counters that it leaves behind, so that a new limit is held to it as well.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::{Client, Environment, TestOrganization, some_address};
use uuid::Uuid;
use zencall::http::rights::Right;
use zencall::kernel::Role;

use crate::bodies::Schemas;
use crate::refusals::{refused_at, request};
use crate::visitor::{Route, Visitor, with_json};

/// What stops strangers, by route: how many each of its limits allows.
const PUBLIC: &[(&str, &[u64])] = &[
    ("POST /api/v1/auth/confirm", &[100]),
    ("POST /api/v1/auth/confirm/resend", &[5, 100]),
    ("POST /api/v1/auth/invitations/accept", &[100]),
    ("POST /api/v1/auth/login", &[10, 100, 200]),
    ("POST /api/v1/auth/logout", &[600]),
    ("POST /api/v1/auth/password/forgot", &[5, 100]),
    ("POST /api/v1/auth/password/reset", &[100]),
    ("POST /api/v1/auth/refresh", &[600]),
    ("POST /api/v1/auth/register", &[5, 100]),
    ("POST /api/v1/proof", &[30, 30]),
    ("POST /api/v1/proof/code", &[3, 10, 10]),
    ("POST /api/v1/proof/withdraw", &[30, 30]),
    // Answered without a database, or proven by a signature before anything is asked.
    ("GET /api/v1/health", &[]),
    ("GET /api/v1/legal/{document}", &[]),
    ("GET /api/v1/ready", &[]),
    ("POST /api/v1/twilio/webhook", &[]),
    ("POST /api/v1/twilio/webhook/{organization_id}", &[]),
    ("POST /api/v1/vapi/webhook", &[]),
];
/// What stops everybody who is known, and a program, and a key that is refused.
const PERSON: &[u64] = &[1200];
const PROGRAM: &[u64] = &[600, 1200];
const REFUSED_KEY: &[u64] = &[10, 200];
/// Besides, for a person.
const MORE: &[(&str, &[u64])] = &[
    ("POST /api/v1/auth/email", &[10, 100, 200]),
    ("POST /api/v1/auth/password", &[10, 100, 200]),
    ("POST /api/v1/gdpr/requests", &[10, 100, 200]),
    ("POST /api/v1/organization/invitations", &[5]),
];

struct Counters {
    visitor: Visitor,
    database: String,
    organization: TestOrganization,
}

impl Counters {
    /// In a database of its own, whose counters the application may see.
    async fn start() -> Self {
        let environment = Environment::get().await;
        let own = environment.own_database().await;
        environment
            .run_as_owner(
                &own,
                "grant select, update, delete on rate_limits to zencall_app;
                 create policy tests on rate_limits to zencall_app using (true) with check (true)",
            )
            .await;
        let visitor = Visitor::on(own.clone()).await;
        Self {
            database: own,
            organization: visitor.test.organization().await,
            visitor,
        }
    }

    /// Every limit that stops this request, by how many it allows.
    async fn that_stop(&self, route: &Route, token: Option<&str>, body: Option<&Value>) -> Vec<u64> {
        let address = some_address();
        self.organization.sql("delete from rate_limits", &[]).await;
        let ask = || with_json(request(route, token), body);
        let client = Client::anonymous(self.visitor.router(route)).at(&address);
        let reply = client.request(ask()).await;
        assert_ne!(reply.status, 429, "{}: {}", route.name(), reply.text());
        let counters = self
            .organization
            .rows("select encode(subject, 'hex') as subject from rate_limits", &[])
            .await;
        let mut allowed = Vec::new();
        for counter in counters {
            let used_up = async |spent: i32| {
                let sql =
                    "update rate_limits set spent = case encode(subject, 'hex') when $1 then $2 else 0 end";
                let subject = counter["subject"].as_str().unwrap().to_owned();
                self.organization.sql(sql, &[&subject, &spent]).await;
            };
            // What is only remembered stops nobody.
            used_up(1_000_000).await;
            if client.request(ask()).await.status != 429 {
                continue;
            }
            used_up(1_000_000).await;
            let what = format!("{} beyond a limit", route.name());
            let expected = (429, "rate_limited");
            let reply = refused_at(&address, &self.visitor, &what, route, expected, ask).await;
            let number = |name: &str| reply.headers[name].to_str().unwrap().parse::<u64>().unwrap();
            assert_eq!(number("ratelimit-remaining"), 0, "{what}");
            assert_eq!(number("retry-after"), number("ratelimit-reset"), "{what}");
            assert!((1..=86_400).contains(&number("retry-after")), "{what}");
            allowed.push(number("ratelimit-limit"));
        }
        allowed.sort_unstable();
        allowed
    }

    async fn token(&self, role: Role) -> String {
        let app = &self.visitor.test.app;
        let organization = &self.organization;
        let keys = app.token_keys().await.unwrap();
        let user = organization.admin;
        keys.issue(user, organization.id, role, organization.session, app.clock.now())
            .unwrap()
    }

    /// The token of a link that was mailed to nobody, as the platform derives it: forged ones are counted nowhere.
    async fn link(&self, purpose: &str) -> String {
        let pepper = self.visitor.test.app.pepper().await.unwrap();
        let id = Uuid::now_v7();
        let mut mac = Hmac::<Sha256>::new_from_slice(pepper.expose_secret()).unwrap();
        mac.update(purpose.as_bytes());
        mac.update(id.as_bytes());
        let code = mac.finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([id.as_bytes().as_slice(), &code].concat())
    }

    /// A body that comes as far as being counted.
    async fn body(&self, route: &Route) -> Option<Value> {
        let schemas = Schemas::of(&self.visitor.document);
        let mut body = route
            .takes_json()
            .then(|| schemas.plausible(schemas.body(route)))?;
        match route.path.rsplit_once("/v1/").unwrap().1 {
            "auth/confirm" => body["token"] = json!(self.link("confirm_email").await),
            "auth/password/reset" => body["token"] = json!(self.link("reset_password").await),
            "auth/invitations/accept" => body["token"] = json!(self.link("invitation").await),
            "auth/logout" => body["refresh_token"] = json!("none"),
            "auth/register" => {
                body["organization_type"] = json!("b2c");
            }
            "organization/invitations" => body["role"] = json!("member"),
            "proof" | "proof/withdraw" => body["code"] = json!("123456"),
            _ => {}
        }
        Some(body)
    }
}

fn listed<'a>(list: &[(&str, &'a [u64])], route: &Route) -> Option<&'a [u64]> {
    list.iter()
        .find(|(name, _)| *name == route.name())
        .map(|(_, limits)| *limits)
}

#[tokio::test]
async fn each_limit_of_each_route_stops_by_itself_and_says_when_it_ends() {
    //
    let counters = Counters::start().await;
    let admin = counters.token(Role::Admin).await;
    let mut wrong = Vec::new();
    for route in &counters.visitor.routes {
        let body = counters.body(route).await;
        let (token, expected) = if route.is_public() {
            let limits = listed(PUBLIC, route);
            (
                None,
                limits
                    .unwrap_or_else(|| panic!("{} is not listed", route.name()))
                    .to_vec(),
            )
        } else {
            let more = listed(MORE, route).unwrap_or_default();
            (Some(admin.as_str()), [more, PERSON].concat())
        };
        let found = counters.that_stop(route, token, body.as_ref()).await;
        if found != expected {
            wrong.push(format!("{}: {found:?}, not {expected:?}", route.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn programs_have_limits_of_their_own_at_every_route_that_takes_them() {
    let counters = Counters::start().await;
    let mut wrong = Vec::new();
    let mut asked = 0;
    for route in &counters.visitor.routes {
        let Some(scope) = Right::of(&route.method, &route.path).unwrap().scope else {
            continue;
        };
        let (_, key) = counters.organization.api_key(&[scope]).await;
        let key = key.expose_secret();
        // A key like any other, with another secret.
        let other = if &key[70..71] == "A" { "B" } else { "A" };
        let guess = format!("{}{other}{}", &key[..70], &key[71..]);
        let body = counters.body(route).await;
        for (key, expected) in [(key, PROGRAM), (&guess, REFUSED_KEY)] {
            let found = counters.that_stop(route, Some(key), body.as_ref()).await;
            if found != expected {
                wrong.push(format!("{}: {found:?}, not {expected:?}", route.name()));
            }
        }
        asked += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked > 40, "{asked}");
}

#[tokio::test]
async fn where_nothing_can_be_counted_strangers_are_not_let_in_uncounted() {
    let counters = Counters::start().await;
    let mut asked = 0;
    let environment = Environment::get().await;
    environment
        .run_as_owner(&counters.database, "drop table rate_limits")
        .await;
    for (name, _) in PUBLIC.iter().filter(|(_, limits)| !limits.is_empty()) {
        let routes = &counters.visitor.routes;
        let route = routes.iter().find(|route| route.name() == *name).unwrap();
        let body = counters.body(route).await;
        let client = Client::anonymous(counters.visitor.router(route));
        let reply = client
            .request(with_json(request(route, None), body.as_ref()))
            .await;
        assert!(
            reply.headers.contains_key("retry-after"),
            "{name}: {}",
            reply.text()
        );
        reply.expect_problem(503, "unavailable");
        asked += 1;
    }
    assert_eq!(asked, 12);
}
