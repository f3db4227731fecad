//! Every cell of the table of rights, executed: each kind of caller sends to each route, through the real routers and the
//! real database. The table says who is let in; nothing here knows a route by name but those that ask for a
//! proof of their own.

use std::collections::BTreeMap;

use axum::Router;
use secrecy::ExposeSecret as _;
use serde_json::json;
use testkit::{Client, Reply, TestApp, TestOrganization};
use zencall::http::rights::{RIGHTS, Right, Who};
use zencall::kernel::Scope;

use crate::api::routers;

/// Public, and refused for what they carry: a signature, or the login that is to be ended.
const PROVEN_OTHERWISE: [&str; 4] = [
    "/api/v1/auth/logout",
    "/api/v1/twilio/webhook",
    "/api/v1/twilio/webhook/{organization_id}",
    "/api/v1/vapi/webhook",
];

struct House {
    routers: BTreeMap<String, Router>,
    organization: TestOrganization,
}

impl House {
    async fn open(test: &TestApp) -> Self {
        let mut served = BTreeMap::new();
        for (_, routes) in routers() {
            let paths: Vec<_> = routes.get_openapi().paths.paths.keys().cloned().collect();
            let router = test.serving(routes);
            served.extend(paths.into_iter().map(|path| (path, router.clone())));
        }
        Self {
            routers: served,
            organization: test.organization().await,
        }
    }

    fn router(&self, right: &Right) -> Router {
        self.routers[right.path].clone()
    }

    /// Sends to a route, with an id that nothing has.
    async fn send(&self, right: &Right, client: &Client) -> Reply {
        let path: Vec<_> = right
            .path
            .split('/')
            .map(|part| {
                if part.starts_with('{') {
                    "0197a5a0-0000-7000-8000-000000000000"
                } else {
                    part
                }
            })
            .collect();
        let body = (right.method != "GET").then(|| json!({}));
        client.send(right.method, &path.join("/"), body).await
    }

    async fn key(&self, scopes: &[Scope]) -> String {
        self.organization
            .api_key(scopes)
            .await
            .1
            .expose_secret()
            .to_owned()
    }
}

fn is_let_in(right: &Right, reply: &Reply) -> bool {
    let status = reply.status.as_u16();
    // A module that is not served yet, or a panic, would be let in too.
    assert!(status < 500, "{} {}: {}", right.method, right.path, reply.text());
    if right.who == Who::Public && PROVEN_OTHERWISE.contains(&right.path) {
        return true;
    }
    status != 401 && status != 403
}

#[tokio::test]
async fn each_caller_is_let_in_where_the_table_says_so_and_nowhere_else() {
    let test = TestApp::start().await;
    let house = House::open(&test).await;
    let every_scope = house.key(Scope::ALL).await;
    // Another secret: the last character would not do, since half of its bits mean nothing.
    let other = if &every_scope[70..71] == "A" { "B" } else { "A" };
    let forged_key = format!("{}{other}{}", &every_scope[..70], &every_scope[71..]);
    let forged_token = {
        let elsewhere = TestApp::start().await;
        let keys = elsewhere.app.token_keys().await.unwrap();
        let token = keys.issue(
            house.organization.admin,
            house.organization.id,
            zencall::kernel::Role::Admin,
            house.organization.session,
            test.app.clock.now(),
        );
        let token = token.unwrap();
        // The same keys sign for every test of this process: another signature.
        let (signed, _) = token.rsplit_once('.').unwrap();
        format!("{signed}.{}", "A".repeat(86))
    };
    for right in RIGHTS {
        let what = format!("{} {}", right.method, right.path);
        let router = || house.router(right);
        let answer = async |client: Client| house.send(right, &client).await;

        let reply = answer(Client::anonymous(router())).await;
        assert_eq!(
            is_let_in(right, &reply),
            right.who == Who::Public,
            "nobody: {what}"
        );
        if right.who == Who::Public {
            continue;
        }
        assert_eq!(reply.status, 401, "nobody: {what}");
        for forged in [
            &forged_token,
            &forged_key,
            &"zc_".to_owned(),
            &"nonsense".to_owned(),
        ] {
            let reply = answer(Client::bearer(router(), forged)).await;
            assert_eq!(reply.status, 401, "forged: {what}: {}", reply.text());
        }

        let reply = answer(house.organization.member(router()).await).await;
        assert_eq!(
            is_let_in(right, &reply),
            right.who == Who::Member,
            "member: {what}"
        );
        if right.who == Who::Admin {
            reply.expect_problem(403, "admin_required");
        }
        let reply = answer(house.organization.admin(router()).await).await;
        assert!(is_let_in(right, &reply), "admin: {what}: {}", reply.text());

        let Some(scope) = right.scope else {
            let reply = answer(Client::bearer(router(), &every_scope)).await;
            reply.expect_problem(403, "api_key_not_accepted");
            continue;
        };
        let reply = answer(Client::bearer(router(), house.key(&[scope]).await)).await;
        assert!(is_let_in(right, &reply), "{scope}: {what}: {}", reply.text());
        let others: Vec<_> = Scope::ALL
            .iter()
            .copied()
            .filter(|other| *other != scope)
            .collect();
        let reply = answer(Client::bearer(router(), house.key(&others).await)).await;
        reply.expect_problem(403, "scope_missing");
    }
}

#[tokio::test]
async fn older_addresses_have_the_right_of_their_route() {
    let test = TestApp::start().await;
    let house = House::open(&test).await;
    let reader = house.key(&[Scope::AssistantsRead]).await;
    let router = || house.routers["/api/v1/vapi/assistants"].clone();
    let reader = Client::bearer(router(), &reader);
    reader.get("/api/vapi/assistants").await.expect(200);
    reader
        .post("/api/vapi/assistants", json!({}))
        .await
        .expect_problem(403, "scope_missing");
    let nobody = Client::anonymous(router());
    assert_eq!(nobody.get("/api/vapi/assistants").await.status, 401);
}

#[tokio::test]
async fn a_route_that_nobody_entered_refuses_everybody() {
    async fn handler(_: zencall::http::Caller) -> &'static str {
        "forgotten"
    }
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let routes = zencall::http::api().route("/api/v1/forgotten", axum::routing::get(handler));
    let router = test.serving(routes);
    let admin = organization.admin(router.clone()).await;
    admin
        .get("/api/v1/forgotten")
        .await
        .expect_problem(403, "forbidden");
    let nobody = Client::anonymous(router);
    assert_eq!(nobody.get("/api/v1/forgotten").await.status, 401);
}

#[tokio::test]
async fn what_a_handler_made_of_a_key_that_nobody_proved_does_not_leave() {
    async fn handler(caller: zencall::http::Caller) -> &'static str {
        // Nothing is owed any more, so nothing proves the key on the way out.
        drop(caller.origin.meter.take_bill());
        "leaked"
    }
    let test = TestApp::start().await;
    let organization = test.organization().await;
    let routes = zencall::http::api().route("/api/v1/contacts", axum::routing::get(handler));
    let router = test.serving(routes);
    let reader = organization.program(router.clone(), &[Scope::ContactsRead]).await;
    reader
        .get("/api/v1/contacts")
        .await
        .expect_problem(401, "api_key_invalid");
    let member = organization.member(router).await;
    member.get("/api/v1/contacts").await.expect(200);
}
