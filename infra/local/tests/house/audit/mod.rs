//! Every route that changes something writes an entry of the audit log. Each is executed once, in the order of a story;
//! the few that write none stand below, each with its reason, and no other.

mod calling;
mod contacts;
mod people;
mod tenant;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::{Client, QueueKind, TWILIO_AUTH_TOKEN, TestApp, TestOrganization};
use zencall::db::{Claims, DbError};
use zencall::http::rights::RIGHTS;
use zencall::identity::{self, MailMessage};
use zencall::kernel::ids::OrganizationId;

use crate::api::routers;
use calling::{appointment, calling};
use contacts::contacts;
use people::{give_passwords, identity, members};
use tenant::{data, its_organization};

/// Routes that may change something and write no entry, and why.
const WITHOUT: &[(&str, &str)] = &[
    (
        "POST /api/v1/auth/confirm/resend",
        "asks for a mail; whether anybody has the address must not show, and nothing of theirs changes",
    ),
    (
        "POST /api/v1/auth/password/forgot",
        "the same; the entry is written where the link is made, in the mailer",
    ),
    (
        "POST /api/v1/auth/refresh",
        "the login goes on; its beginning and its end are entries, and so is a token that came back",
    ),
    (
        "POST /api/v1/campaigns/{id}/forecast",
        "looks, and changes nothing: nobody is called",
    ),
    (
        "POST /api/v1/proof/code",
        "asks for a code, whether anybody knows the number or not; the entry is written where it is sent",
    ),
    (
        "POST /api/v1/proof",
        "shows people what is known of themselves, and changes nothing",
    ),
    (
        "POST /api/v1/proof/withdraw",
        "writes one in each organisation that it concerns, which the function's own tests read",
    ),
    (
        "POST /api/v1/vapi/webhook",
        "queues what Vapi reports; each event is kept whole in provider_events",
    ),
    (
        "POST /api/v1/twilio/webhook",
        "queues what Twilio reports; each event is kept whole in provider_events",
    ),
    (
        "POST /api/v1/twilio/webhook/{organization_id}",
        "queues what Twilio reports; each event is kept whole in provider_events",
    ),
];

const PASSWORD: &str = "tournesol violet sous la pluie";
/// What must be in no entry.
const SECRETS: &[&str] = &[PASSWORD, TWILIO_AUTH_TOKEN, "zc_", "Lou", "+3363998"];

/// Who asks.
enum Who {
    Nobody,
    Admin,
    Member,
    Bearer(String),
}

/// What was done so far, and the tenant that it was done in.
struct Story {
    test: TestApp,
    organization: TestOrganization,
    /// Whose log is read.
    tenant: OrganizationId,
    told: BTreeSet<String>,
}

impl Story {
    /// Asks a route; its entries must hold this action, with whoever asked and from where. Answers with the body.
    async fn step(&mut self, who: Who, route: &str, path: &str, body: Value, action: &str) -> Value {
        let before = self.entries().await.len();
        let answer = self.asks(&who, route, path, body).await;
        let entries = self.entries().await;
        let entry = entries[before..].iter().find(|entry| entry["action"] == action);
        let entry = entry.unwrap_or_else(|| panic!("{route} wrote no {action}: {:?}", &entries[before..]));
        assert_eq!(entry["user_agent"], "house", "{route} does not say from where");
        match who {
            Who::Admin => assert_eq!(entry["user_id"], json!(self.organization.admin), "{route}"),
            Who::Member => assert_eq!(entry["user_id"], json!(self.organization.member), "{route}"),
            Who::Bearer(_) | Who::Nobody => {}
        }
        self.told.insert(route.to_owned());
        answer
    }

    async fn asks(&self, who: &Who, route: &str, path: &str, body: Value) -> Value {
        let (method, template) = route.split_once(' ').unwrap();
        let (_, routes) = routers()
            .into_iter()
            .find(|(_, routes)| routes.get_openapi().paths.paths.contains_key(template))
            .unwrap_or_else(|| panic!("{route} is served by nobody"));
        let router = self.test.serving(routes);
        let client = match who {
            Who::Nobody => Client::anonymous(router),
            Who::Admin => self.organization.admin(router).await,
            Who::Member => self.organization.member(router).await,
            Who::Bearer(token) => Client::bearer(router, token),
        };
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .header("user-agent", "house");
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let reply = client.request(request.body(body.into()).unwrap()).await;
        assert!(
            reply.status.is_success(),
            "{method} {path}: {} {}",
            reply.status,
            reply.text()
        );
        reply.json()
    }

    async fn entries(&self) -> Vec<Value> {
        let rows: Result<_, DbError> = self
            .test
            .app
            .db
            .read("tests.entries", &Claims::platform(self.tenant), async |tx| {
                tx.query(
                    "select to_jsonb(l) from gdpr_audit_logs l where organization_id = $1 order by created_at, id",
                    &[&tx.organization()],
                )
                .await
            })
            .await;
        rows.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// The token of the link that was asked for last.
    async fn mailed_token(&self) -> String {
        let message: MailMessage = serde_json::from_value(self.mail().await).unwrap();
        let notice = identity::compose(&self.test.app, &message).await.unwrap();
        notice.unwrap().token().unwrap().to_owned()
    }

    async fn mail(&self) -> Value {
        let messages = self.test.queues.take(QueueKind::Mail).await;
        messages
            .last()
            .unwrap_or_else(|| panic!("no mail was asked for"))
            .clone()
    }
}

fn id(answer: &Value, name: &str) -> String {
    answer[name]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no {name}: {answer}"))
        .to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_route_that_changes_something_writes_who_did_what_from_where() {
    //
    let test = TestApp::start().await;
    let organization = test.organization().await;
    give_passwords(&test.app, &organization).await;
    let mut story = Story {
        tenant: organization.id,
        organization,
        test,
        told: BTreeSet::new(),
    };
    identity(&mut story).await;
    story.tenant = story.organization.id;
    its_organization(&mut story).await;
    contacts(&mut story).await;
    calling(&mut story).await;
    appointment(&mut story).await;
    data(&mut story).await;
    members(&mut story).await;

    let written = json!(story.entries().await).to_string();
    for secret in SECRETS {
        assert!(!written.contains(secret), "{secret} is in the audit log");
    }
    let changing: BTreeSet<_> = RIGHTS
        .iter()
        .filter(|right| right.method != "GET")
        .map(|right| format!("{} {}", right.method, right.path))
        .collect();
    let mut expected = story.told;
    for (route, _) in WITHOUT {
        assert!(expected.insert((*route).to_owned()), "{route} does write one");
    }
    assert_eq!(
        changing, expected,
        "routes that change something, and those proven here"
    );
}
