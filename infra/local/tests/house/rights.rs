//! The table of rights: a row for each route and a route for each row, the public ones named one by one, and
//! `infra/rights.md` printed from it (`make openapi`).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use zencall::http::rights::{RIGHTS, Right, Who};

use crate::api::{document, operations};
use crate::{root, text};

/// Whoever has no credentials may ask these and nothing else. JWKS, the addresses of function URLs and the older
/// addresses of these routes are not versioned and stand outside.
const PUBLIC: &[&str] = &[
    "GET /api/v1/health",
    "GET /api/v1/legal/{document}",
    "GET /api/v1/ready",
    "POST /api/v1/auth/confirm",
    "POST /api/v1/auth/confirm/resend",
    "POST /api/v1/auth/invitations/accept",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/logout",
    "POST /api/v1/auth/password/forgot",
    "POST /api/v1/auth/password/reset",
    "POST /api/v1/auth/refresh",
    "POST /api/v1/auth/register",
    "POST /api/v1/proof",
    "POST /api/v1/proof/code",
    "POST /api/v1/proof/withdraw",
    "POST /api/v1/twilio/webhook",
    "POST /api/v1/twilio/webhook/{organization_id}",
    "POST /api/v1/vapi/webhook",
];

fn route(right: &Right) -> String {
    format!("{} {}", right.method, right.path)
}

#[test]
fn every_route_has_its_row_and_every_row_its_route() {
    let routes: BTreeSet<_> = operations(&document())
        .into_iter()
        .map(|(path, method, _)| format!("{} {path}", method.to_uppercase()))
        .collect();
    let rows: BTreeSet<_> = RIGHTS.iter().map(route).collect();
    assert_eq!(rows, routes);
    assert_eq!(rows.len(), RIGHTS.len(), "a route has two rows");
}

#[test]
fn what_is_public_is_named_here() {
    let mut public: Vec<_> = RIGHTS
        .iter()
        .filter(|right| right.who == Who::Public)
        .map(route)
        .collect();
    public.sort();
    assert_eq!(public, PUBLIC);
}

#[test]
fn the_printed_table_is_current() {
    let file = root().join("infra/rights.md");
    let current = printed();
    if std::env::var("OPENAPI").is_ok_and(|wish| wish == "write") {
        std::fs::write(&file, &current).unwrap();
    }
    assert!(
        text(&file) == current,
        "infra/rights.md is not current: run `make openapi` and commit it"
    );
}

fn printed() -> String {
    let mut page = String::from(
        "# Who may ask what\n\n\
         Printed from `shared/src/http/rights.rs` by `make openapi`: that table is what every request is held to, and a test\n\
         sends every kind of caller to every route. Whatever is not in it refuses everybody.\n\n\
         * *everybody*: no credentials. *members*: whoever is logged in. *admins*: members with the role `admin`.\n\
         * An API key needs the scope of the route; where there is none, no key is taken, whatever its scopes.\n\
         * Outside: `/.well-known/jwks.json` at the origin, `/health` and the bare routes of function URLs, and the older\n  \
         addresses without `/v1`, which have the right of their route.\n\n\
         | route | people | API keys with |\n|---|---|---|\n",
    );
    for right in RIGHTS {
        let who = match right.who {
            Who::Public => "everybody",
            Who::Member => "members",
            Who::Admin => "admins",
        };
        let scope = right.scope.map_or("–".to_owned(), |scope| format!("`{scope}`"));
        writeln!(page, "| {} `{}` | {who} | {scope} |", right.method, right.path).unwrap();
    }
    page
}
