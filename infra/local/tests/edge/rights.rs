//! Whoever is known and may not ask: 403 at every route, in French and in English. (Which cells of the table of rights let
//! in, the tests of the house execute.)

use axum::body::Body;
use secrecy::ExposeSecret as _;
use zencall::http::rights::{Right, Who};
use zencall::kernel::{Role, Scope};

use crate::refusals::{refused, request};
use crate::visitor::Visitor;

#[tokio::test]
async fn whoever_may_not_ask_is_told_so_at_every_route() {
    let visitor = Visitor::start().await;
    let organization = visitor.test.organization().await;
    let app = &visitor.test.app;
    let member = app.token_keys().await.unwrap().issue(
        organization.member,
        organization.id,
        Role::Member,
        organization.session,
        app.clock.now(),
    );
    let member = member.unwrap();
    let (_, every_scope) = organization.api_key(Scope::ALL).await;
    let mut asked = 0;
    for route in &visitor.routes {
        let right = Right::of(&route.method, &route.path).unwrap();
        let ask = async |what: &str, token: &str, code: &str| {
            let ask = || request(route, Some(token)).body(Body::empty()).unwrap();
            refused(&visitor, what, route, (403, code), ask).await;
        };
        match right.who {
            // Ends the login that it is shown, and a program has none.
            Who::Public if route.path.ends_with("/auth/logout") => {
                ask("a program", every_scope.expose_secret(), "api_key_not_accepted").await;
                continue;
            }
            // Asks for a signature instead.
            Who::Public if route.path.contains("/twilio/webhook") => {
                ask("a member", &member, "webhook_refused").await;
                continue;
            }
            // Whom they do not ask for, they do not refuse.
            Who::Public => {
                for token in [&member, every_scope.expose_secret()] {
                    let request = request(route, Some(token)).body(Body::empty()).unwrap();
                    let client = testkit::Client::anonymous(visitor.router(route));
                    let reply = client.request(request).await;
                    assert_ne!(reply.status, 403, "{}: {}", route.name(), reply.text());
                }
                continue;
            }
            Who::Admin => ask("a member", &member, "admin_required").await,
            Who::Member => {}
        }
        let (key, code) = match right.scope {
            Some(scope) => {
                let others: Vec<_> = Scope::ALL
                    .iter()
                    .copied()
                    .filter(|other| *other != scope)
                    .collect();
                (organization.api_key(&others).await.1, "scope_missing")
            }
            None => (every_scope.clone(), "api_key_not_accepted"),
        };
        ask("a program", key.expose_secret(), code).await;
        asked += 1;
    }
    assert!(asked > 70, "{asked}");
}
