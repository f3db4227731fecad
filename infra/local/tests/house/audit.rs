//! Every route that changes something writes an entry of the audit log. Each is executed once, in the order of a story;
//! the few that write none stand below, each with its reason, and no other.

use std::collections::BTreeSet;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use testkit::{
    Client, QueueKind, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER, TestApp, TestOrganization,
};
use zencall::App;
use zencall::db::{Claims, DbError};
use zencall::http::rights::RIGHTS;
use zencall::identity::{self, InvitationMail, MailMessage, NewPassword};
use zencall::kernel::Email;
use zencall::kernel::ids::{AppointmentId, OrganizationId};
use zencall::kernel::meter::Meter;

use crate::api::routers;

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
const ANOTHER_PASSWORD: &str = "un wagon de mirabelles bleues";
const THIRD_PASSWORD: &str = "quatre hiboux lisent le journal";
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

async fn give_passwords(app: &App, organization: &TestOrganization) {
    let password = NewPassword::parse(PASSWORD, &[]).unwrap();
    let hash = password.hash(&app.clock).await.unwrap();
    for user in [organization.admin, organization.member] {
        organization
            .sql(
                "insert into credentials (user_id, organization_id, password_hash, updated_at) values ($1, $2, $3, $4)",
                &[&user, &organization.id, &hash.expose_secret(), &app.clock.now()],
            )
            .await;
    }
}

/// Somebody signs up, and comes and goes.
async fn identity(story: &mut Story) {
    let email = format!("lou.{}@exemple.fr", story.test.app.clock.uuid().simple());
    let form = json!({
        "email": email, "password": PASSWORD, "full_name": "Lou Fèvre", "organization_type": "b2c",
        "terms_accepted": true, "privacy_accepted": true,
    });
    story
        .asks(
            &Who::Nobody,
            "POST /api/v1/auth/register",
            "/api/v1/auth/register",
            form,
        )
        .await;
    let address = Email::parse(&email).unwrap();
    let known = story
        .test
        .app
        .db
        .user_by_email(&Meter::default(), &address)
        .await
        .unwrap()
        .unwrap();
    story.tenant = known.organization;
    let entries = story.entries().await;
    assert_eq!(entries[0]["action"], "user.register");
    story.told.insert("POST /api/v1/auth/register".to_owned());

    let message: MailMessage = serde_json::from_value(story.mail().await).unwrap();
    let notice = identity::compose(&story.test.app, &message)
        .await
        .unwrap()
        .unwrap();
    let form = json!({ "token": notice.token().unwrap() });
    let route = "POST /api/v1/auth/confirm";
    story
        .step(
            Who::Nobody,
            route,
            "/api/v1/auth/confirm",
            form,
            "user.confirm_email",
        )
        .await;
    let form = json!({ "email": email, "password": PASSWORD });
    let route = "POST /api/v1/auth/login";
    let session = story
        .step(Who::Nobody, route, "/api/v1/auth/login", form, "session.login")
        .await;
    let bearer = || Who::Bearer(text(&session["access_token"]));
    let change = json!({ "language": "en", "marketing_consent": true });
    story
        .step(
            bearer(),
            "PATCH /api/v1/auth/me",
            "/api/v1/auth/me",
            change,
            "user.update",
        )
        .await;
    let route = "POST /api/v1/auth/password";
    let change = json!({ "current_password": PASSWORD, "password": ANOTHER_PASSWORD });
    story
        .step(
            bearer(),
            route,
            "/api/v1/auth/password",
            change,
            "user.change_password",
        )
        .await;
    let route = "POST /api/v1/auth/email";
    let change = json!({ "current_password": ANOTHER_PASSWORD, "email": format!("l{email}") });
    story
        .step(
            bearer(),
            route,
            "/api/v1/auth/email",
            change,
            "user.ask_email_change",
        )
        .await;
    let route = "POST /api/v1/auth/login";
    let form = json!({ "email": email, "password": ANOTHER_PASSWORD });
    story
        .step(Who::Nobody, route, "/api/v1/auth/login", form, "session.login")
        .await;
    let path = "/api/v1/auth/sessions";
    let list = story
        .asks(&bearer(), "GET /api/v1/auth/sessions", path, Value::Null)
        .await;
    // Newest first: the one that was opened last.
    let one = format!("{path}/{}", text(&list["data"][0]["id"]));
    let route = "DELETE /api/v1/auth/sessions/{id}";
    story
        .step(bearer(), route, &one, Value::Null, "session.revoke")
        .await;

    story.test.queues.take(QueueKind::Mail).await;
    let route = "POST /api/v1/auth/password/forgot";
    let form = json!({ "email": email });
    story
        .asks(&Who::Nobody, route, "/api/v1/auth/password/forgot", form)
        .await;
    let token = story.mailed_token().await;
    let route = "POST /api/v1/auth/password/reset";
    let form = json!({ "token": token, "password": THIRD_PASSWORD });
    story
        .step(
            Who::Nobody,
            route,
            "/api/v1/auth/password/reset",
            form,
            "user.reset_password",
        )
        .await;
    let form = json!({ "email": email, "password": THIRD_PASSWORD });
    let session = story
        .asks(
            &Who::Nobody,
            "POST /api/v1/auth/login",
            "/api/v1/auth/login",
            form,
        )
        .await;
    let bearer = Who::Bearer(text(&session["access_token"]));
    let route = "POST /api/v1/auth/logout";
    story
        .step(
            bearer,
            route,
            "/api/v1/auth/logout",
            Value::Null,
            "session.logout",
        )
        .await;
    let written = json!(story.entries().await).to_string();
    for secret in [&email, PASSWORD, ANOTHER_PASSWORD, THIRD_PASSWORD, "Lou"] {
        assert!(!written.contains(secret), "{secret} is in the audit log");
    }
}

/// An organisation, its people to come and its programs.
async fn its_organization(story: &mut Story) {
    let route = "PATCH /api/v1/organization";
    let change = json!({ "language": "en" });
    story
        .step(
            Who::Admin,
            route,
            "/api/v1/organization",
            change,
            "organization.change",
        )
        .await;

    let route = "POST /api/v1/organization/invitations";
    let path = "/api/v1/organization/invitations";
    let guest = json!({ "email": format!("Lou.{}@exemple.fr", story.tenant), "role": "member" });
    let made = story
        .step(Who::Admin, route, path, guest.clone(), "invitation.create")
        .await;
    let route_of_one = "DELETE /api/v1/organization/invitations/{id}";
    let one = format!("{path}/{}", id(&made, "invitation"));
    story
        .step(Who::Admin, route_of_one, &one, Value::Null, "invitation.revoke")
        .await;
    story
        .step(Who::Admin, route, path, guest, "invitation.create")
        .await;
    let message: InvitationMail = serde_json::from_value(story.mail().await).unwrap();
    let notice = identity::compose_invitation(&story.test.app, &message)
        .await
        .unwrap()
        .unwrap();
    let form = json!({
        "token": notice.token().unwrap(), "full_name": "Lou Fèvre", "password": PASSWORD,
        "terms_accepted": true, "privacy_accepted": true,
    });
    let route = "POST /api/v1/auth/invitations/accept";
    let path = "/api/v1/auth/invitations/accept";
    story
        .step(Who::Nobody, route, path, form, "invitation.accept")
        .await;

    let key = json!({ "name": "CRM", "scopes": ["contacts:read"] });
    let path = "/api/v1/api-keys";
    let made = story
        .step(Who::Admin, "POST /api/v1/api-keys", path, key, "api_key.create")
        .await;
    let one = format!("{path}/{}", id(&made, "api_key"));
    let route = "DELETE /api/v1/api-keys/{id}";
    story
        .step(Who::Admin, route, &one, Value::Null, "api_key.revoke")
        .await;
}

/// People to call, and those never to be called.
async fn contacts(story: &mut Story) {
    let path = "/api/v1/contacts";
    let made = story
        .step(
            Who::Member,
            "POST /api/v1/contacts",
            path,
            json!({ "phone": "+33639980001", "first_name": "Lou" }),
            "contact.create",
        )
        .await;
    let one = format!("{path}/{}", id(&made, "contact"));
    let route = "PATCH /api/v1/contacts/{id}";
    let change = json!({ "last_name": "Lou", "phone": "+33639980002" });
    story
        .step(Who::Member, route, &one, change, "contact.change")
        .await;
    consent(story, &format!("{one}/consents")).await;
    let route = "DELETE /api/v1/contacts/{id}";
    story
        .step(Who::Member, route, &one, Value::Null, "contact.delete")
        .await;
    let route = "POST /api/v1/contacts/import";
    let rows = json!([{ "phone": "+33639980003", "first_name": "Lou" }]);
    story
        .step(
            Who::Member,
            route,
            "/api/v1/contacts/import",
            rows,
            "contact.import",
        )
        .await;
    let path = "/api/v1/contacts/imports";
    let route = "POST /api/v1/contacts/imports";
    let file = json!({ "file_name": "clients.csv" });
    let made = story
        .step(Who::Member, route, path, file, "contact_import.create")
        .await;
    let one = format!("{path}/{}/cancel", id(&made, "import"));
    let route = "POST /api/v1/contacts/imports/{id}/cancel";
    story
        .step(Who::Member, route, &one, Value::Null, "contact_import.cancel")
        .await;
    let path = "/api/v1/do-not-call";
    let made = story
        .step(
            Who::Member,
            "POST /api/v1/do-not-call",
            path,
            json!({ "phone": "+33639980009" }),
            "do_not_call.add",
        )
        .await;
    let one = format!("{path}/{}", id(&made, "do_not_call"));
    let route = "DELETE /api/v1/do-not-call/{id}";
    story
        .step(Who::Admin, route, &one, Value::Null, "do_not_call.remove")
        .await;
}

async fn consent(story: &mut Story, path: &str) {
    let route = "POST /api/v1/contacts/{id}/consents";
    let consent = json!({
        "purposes": ["phone", "automated_voice"], "object": "Contrôle annuel de la chaudière",
        "advertiser": { "name": "Atelier Horizon", "siren": "732829320" }, "text": "J'accepte d'être appelé.",
        "text_version": "2026-09", "channel": "web_form", "positive_act": "Case cochée",
        "collected_at": "2026-11-01T10:00:00+01:00", "evidence": { "name": "Lou" },
    });
    let made = story
        .step(Who::Member, route, path, consent, "consent.record")
        .await;
    let route = "POST /api/v1/contacts/{id}/consents/{consent_id}/withdraw";
    let path = format!("{path}/{}/withdraw", id(&made, "consent"));
    let quote = json!({ "quote": "Ne rappelez plus Lou." });
    story
        .step(Who::Member, route, &path, quote, "consent.withdraw")
        .await;
}

/// A Twilio account, an assistant, a campaign, a message.
async fn calling(story: &mut Story) {
    let twilio = "/api/v1/integrations/twilio";
    let account = json!({
        "account_sid": TWILIO_ACCOUNT_SID, "auth_token": TWILIO_AUTH_TOKEN, "phone_number": TWILIO_NUMBER,
    });
    let route = "PUT /api/v1/integrations/twilio";
    story
        .step(Who::Admin, route, twilio, account, "twilio.connect")
        .await;
    let route = "POST /api/v1/integrations/twilio/test";
    let to = json!({ "to": "+33639981234" });
    story
        .step(
            Who::Admin,
            route,
            "/api/v1/integrations/twilio/test",
            to,
            "twilio.test",
        )
        .await;
    let message = json!({ "to": "+33639981234", "body": "Bonjour Lou." });
    let route = "POST /api/v1/messages";
    story
        .step(Who::Member, route, "/api/v1/messages", message, "message.send")
        .await;

    let assistants = "/api/v1/vapi/assistants";
    let mut made = Vec::new();
    for _ in 0..3 {
        let assistant = json!({ "name": "Accueil", "type": "outbound", "language": "fr" });
        let route = "POST /api/v1/vapi/assistants";
        made.push(
            story
                .step(Who::Member, route, assistants, assistant, "assistant.create")
                .await,
        );
    }
    let one = |number: usize| format!("{assistants}/{}", id(&made[number], "assistant"));
    let route = "PATCH /api/v1/vapi/assistants/{id}";
    let change = json!({ "system_prompt": "Parlez à Lou." });
    story
        .step(Who::Member, route, &one(0), change, "assistant.update")
        .await;
    let route = "PATCH /api/v1/vapi/assistants";
    let vapi_id = |number: usize| text(&made[number]["vapi_assistant_id"]);
    let change = json!({ "vapi_assistant_id": vapi_id(0), "name": "Rappels" });
    story
        .step(Who::Member, route, assistants, change, "assistant.update")
        .await;
    let route = "POST /api/v1/vapi/assistants/sync";
    let path = format!("{assistants}/sync");
    story
        .step(Who::Admin, route, &path, Value::Null, "assistant.sync")
        .await;
    let route = "DELETE /api/v1/vapi/assistants/{id}";
    story
        .step(Who::Member, route, &one(1), Value::Null, "assistant.delete")
        .await;
    let route = "DELETE /api/v1/vapi/assistants";
    let path = format!("{assistants}?id={}", vapi_id(2));
    story
        .step(Who::Member, route, &path, Value::Null, "assistant.delete")
        .await;

    campaign(story, &id(&made[0], "assistant")).await;
    let route = "DELETE /api/v1/integrations/twilio";
    story
        .step(Who::Admin, route, twilio, Value::Null, "twilio.remove")
        .await;
}

async fn campaign(story: &mut Story, assistant: &str) {
    let contact = story.organization.contact("+33639980004").await;
    let path = "/api/v1/campaigns";
    let campaign = json!({
        "name": "Rappels", "assistant_id": assistant, "object": "votre rendez-vous", "legal_basis": "service",
    });
    let made = story
        .step(
            Who::Member,
            "POST /api/v1/campaigns",
            path,
            campaign,
            "campaign.create",
        )
        .await;
    let campaign = id(&made, "campaign");
    let one = format!("{path}/{campaign}");
    let route = "PATCH /api/v1/campaigns/{id}";
    let change = json!({ "name": "Rappels de novembre" });
    story
        .step(Who::Member, route, &one, change, "campaign.change")
        .await;
    let route = "POST /api/v1/campaigns/{id}/contacts";
    let contacts = json!({ "contact_ids": [contact] });
    story
        .step(
            Who::Member,
            route,
            &format!("{one}/contacts"),
            contacts,
            "campaign.add_contacts",
        )
        .await;
    let route = "POST /api/v1/campaigns/start";
    let start = json!({ "campaign_id": campaign });
    story
        .step(
            Who::Member,
            route,
            "/api/v1/campaigns/start",
            start,
            "campaign.start",
        )
        .await;
    for (verb, action) in [
        ("pause", "campaign.pause"),
        ("resume", "campaign.resume"),
        ("cancel", "campaign.cancel"),
    ] {
        let route = format!("POST /api/v1/campaigns/{{id}}/{verb}");
        let path = format!("{one}/{verb}");
        story.step(Who::Member, &route, &path, Value::Null, action).await;
    }
    let route = "DELETE /api/v1/campaigns/{id}";
    story
        .step(Who::Member, route, &one, Value::Null, "campaign.delete")
        .await;
}

/// What was agreed to in a call.
async fn appointment(story: &mut Story) {
    let appointment = AppointmentId::new(&story.test.app.clock);
    story
        .organization
        .sql(
            "insert into appointments (id, organization_id, calendar_id, status, starts_at, ends_at, timezone, language,
                                       name, phone, created_at, updated_at)
             values ($1, $2, $2, 'scheduled', date_trunc('hour', now()) + interval '7 days',
                     date_trunc('hour', now()) + interval '7 days 30 minutes', 'Europe/Paris', 'fr', 'Lou',
                     '+33639980005', now(), now())",
            &[&appointment, &story.tenant],
        )
        .await;
    let route = "PATCH /api/v1/appointments/{id}";
    let path = format!("/api/v1/appointments/{appointment}");
    let change = json!({ "notes": "Rappeler Lou." });
    story
        .step(Who::Member, route, &path, change, "appointment.change")
        .await;
}

/// What people ask for under the RGPD.
async fn data(story: &mut Story) {
    let route = "PUT /api/v1/gdpr/consents";
    let consent = json!({ "consent_type": "marketing", "consent_given": true });
    story
        .step(
            Who::Member,
            route,
            "/api/v1/gdpr/consents",
            consent,
            "consent.change",
        )
        .await;
    let route = "POST /api/v1/gdpr/export";
    story
        .step(
            Who::Member,
            route,
            "/api/v1/gdpr/export",
            json!({}),
            "gdpr.request_export",
        )
        .await;
    for (verb, phone) in [("export", "+33639980006"), ("erase", "+33639980007")] {
        let contact = story.organization.contact(phone).await;
        let route = format!("POST /api/v1/gdpr/contacts/{{id}}/{verb}");
        let path = format!("/api/v1/gdpr/contacts/{contact}/{verb}");
        story
            .step(Who::Admin, &route, &path, Value::Null, "gdpr.request_for_contact")
            .await;
    }
    let path = "/api/v1/gdpr/requests";
    let deletion = json!({ "request_type": "data_deletion", "password": PASSWORD });
    let route = "POST /api/v1/gdpr/requests";
    let made = story
        .step(Who::Member, route, path, deletion, "gdpr.request_deletion")
        .await;
    let one = format!("{path}/{}", id(&made, "request"));
    let route = "DELETE /api/v1/gdpr/requests/{id}";
    story
        .step(Who::Member, route, &one, Value::Null, "gdpr.cancel_deletion")
        .await;
}

/// At last, the member becomes an administrator and is removed.
async fn members(story: &mut Story) {
    let one = format!("/api/v1/organization/members/{}", story.organization.member);
    let route = "PATCH /api/v1/organization/members/{id}";
    let role = json!({ "role": "admin" });
    story
        .step(Who::Admin, route, &one, role, "member.change_role")
        .await;
    let route = "DELETE /api/v1/organization/members/{id}";
    story
        .step(Who::Admin, route, &one, Value::Null, "member.remove")
        .await;
}
