//! From the request to be forgotten to the day when it is done: the person, and the organisation with its last member.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "it uses a part of it")]
mod support;

use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use support::Tenant;
use testkit::{Client, QueueKind, TestApp};
use zencall::adapters::twilio::secret;
use zencall::identity::NewPassword;
use zencall::kernel::ids::UserId;

const PASSWORD: &str = "correct horse battery staple";

async fn start() -> TestApp {
    TestApp::held_at("2026-11-23T10:00:00Z".parse().unwrap()).await
}

/// Gives somebody a password and asks in their name; returns the request.
async fn ask(tenant: &Tenant<'_>, user: UserId, scope: &str) -> Value {
    let (test, organization) = (tenant.test, &tenant.organization);
    let hash = NewPassword::parse(PASSWORD, &[])
        .unwrap()
        .hash(&test.app.clock)
        .await
        .unwrap();
    organization
        .sql(
            "insert into credentials (user_id, organization_id, password_hash, updated_at) values ($1, $2, $3, $4)
             on conflict (user_id) do update set password_hash = $3",
            &[&user, &organization.id, &hash.expose_secret(), &test.app.clock.now()],
        )
        .await;
    let client = if user == organization.admin {
        organization.admin(test.serving(gdpr::routes())).await
    } else {
        organization.member(test.serving(gdpr::routes())).await
    };
    let body = json!({ "request_type": "data_deletion", "password": PASSWORD, "scope": scope });
    let answer = client
        .post("/api/v1/gdpr/requests", body)
        .await
        .expect(202)
        .json();
    answer["request"].clone()
}

/// What the tick of this minute puts on the queue for this request.
async fn tick(tenant: &Tenant<'_>, request: &Value) -> Option<Value> {
    let app = &tenant.test.app;
    tenant.test.queues.take(QueueKind::Gdpr).await;
    // Other tests' requests may be due as well, by their own clocks.
    zencall::gdpr::remind(app, app.clock.now()).await.unwrap();
    let messages = tenant.test.queues.take(QueueKind::Gdpr).await;
    messages
        .into_iter()
        .find(|message| message["request_id"] == request["id"])
}

async fn count(tenant: &Tenant<'_>, table: &str) -> usize {
    let sql = format!("select 1 as one from {table}");
    tenant.organization.rows(&sql, &[]).await.len()
}

async fn provider_deletes(test: &TestApp) -> Vec<String> {
    let requests = test.provider_requests("vapi").await;
    requests
        .iter()
        .filter(|request| request["method"] == "DELETE")
        .map(|request| request["path"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_member_is_forgotten_after_thirty_days_and_the_others_stay() {
    let test = start().await;
    let tenant = Tenant::of(&test).await;
    tenant.fill().await;
    let organization = &tenant.organization;
    organization
        .sql(
            "update campaigns set created_by = $2 where organization_id = $1",
            &[&organization.id, &organization.member],
        )
        .await;
    let export = tenant.ask(&tenant.member, json!({})).await;
    tenant.work_off().await;
    let archive = tenant.read(&tenant.member, &export).await["data_url"].clone();
    let request = ask(&tenant, organization.member, "self").await;
    let member = organization.member.to_string();

    test.app.clock.advance(SignedDuration::from_hours(29 * 24));
    assert_eq!(tick(&tenant, &request).await, None);
    test.app.clock.advance(SignedDuration::from_hours(2 * 24));
    let message = tick(&tenant, &request).await.unwrap();
    tenant.handle(&message).await.unwrap();

    // Nothing of them is left, but that it was done.
    assert_eq!(count(&tenant, "profiles").await, 1);
    for table in ["credentials", "sessions", "gdpr_consents", "gdpr_requests"] {
        let sql = format!("select 1 as one from {table} where user_id = $1");
        assert!(
            organization.rows(&sql, &[&organization.member]).await.is_empty(),
            "{table}"
        );
    }
    let entries = organization
        .rows(
            "select action, user_id, ip_address, details::text as details from gdpr_audit_logs",
            &[],
        )
        .await;
    assert!(entries.iter().any(|entry| entry["action"] == "gdpr.erase_user"));
    let asked = entries
        .iter()
        .find(|entry| entry["action"] == "gdpr.request_deletion")
        .unwrap();
    assert_eq!(asked["user_id"], Value::Null);
    assert!(
        entries.iter().all(|entry| !entry.to_string().contains(&member)),
        "{entries:?}"
    );
    // What the administrator did is still theirs.
    let admin = json!(organization.admin);
    assert!(entries.iter().any(|entry| entry["user_id"] == admin));
    for table in ["campaigns", "messages", "do_not_call"] {
        let makers = organization
            .rows(&format!("select created_by from {table}"), &[])
            .await;
        assert_eq!(makers, [json!({ "created_by": null })], "{table}");
    }
    assert_eq!(count(&tenant, "contacts").await, 3);
    assert_eq!(provider_deletes(&test).await, Vec::<String>::new());
    let gone = zencall::adapters::http_client()
        .get(archive.as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status().as_u16(), 404);
    // Again, as a queue may: nothing to do.
    tenant.handle(&message).await.unwrap();
}

#[tokio::test]
async fn the_last_member_takes_the_organization_along() {
    let test = start().await;
    let tenant = Tenant::of(&test).await;
    let stranger = Tenant::of(&test).await;
    stranger.fill().await;
    tenant.fill().await;
    let organization = &tenant.organization;
    organization.connect_twilio().await;
    let secrets = test.app.secrets().await;
    let name = secret::name(&test.app.config.stage, organization.id);
    secrets.put(&name, &SecretString::from("{}")).await.unwrap();
    let row = organization
        .rows("select vapi_phone_number_id from organizations", &[])
        .await;
    let number = row[0]["vapi_phone_number_id"].as_str().unwrap().to_owned();
    let row = organization
        .rows("select vapi_assistant_id from assistants", &[])
        .await;
    let assistant = row[0]["vapi_assistant_id"].as_str().unwrap().to_owned();
    let request = ask(&tenant, organization.admin, "organization").await;
    test.app.clock.advance(SignedDuration::from_hours(31 * 24));
    let message = tick(&tenant, &request).await.unwrap();
    tenant.handle(&message).await.unwrap();

    assert_eq!(
        provider_deletes(&test).await,
        [
            format!("/assistant/{assistant}"),
            format!("/phone-number/{number}")
        ]
    );
    assert!(secrets.get(&name).await.is_err());
    for table in [
        "organizations",
        "profiles",
        "credentials",
        "sessions",
        "assistants",
        "contacts",
        "campaigns",
        "campaign_contacts",
        "call_attempts",
        "gate_decisions",
        "calls",
        "call_turns",
        "messages",
        "do_not_call",
        "gdpr_consents",
        "gdpr_requests",
    ] {
        assert_eq!(count(&tenant, table).await, 0, "{table}");
        assert!(
            count(&stranger, table).await > 0 || table == "call_attempts" || table == "gdpr_requests",
            "{table}"
        );
    }
    let entries = organization
        .rows(
            "select action, user_id, ip_address, details::text as details from gdpr_audit_logs order by id",
            &[],
        )
        .await;
    assert!(
        entries
            .iter()
            .any(|entry| entry["action"] == "gdpr.erase_organization")
    );
    for entry in &entries {
        assert_eq!(
            (&entry["user_id"], &entry["ip_address"]),
            (&Value::Null, &Value::Null),
            "{entry}"
        );
        assert!(
            !entry.to_string().contains(&organization.member.to_string()),
            "{entry}"
        );
    }
    tenant.handle(&message).await.unwrap();
}

#[tokio::test]
async fn two_members_who_leave_at_once_leave_nothing() {
    let test = start().await;
    let tenant = Tenant::of(&test).await;
    let organization = &tenant.organization;
    organization
        .sql(
            "update profiles set role = 'admin' where organization_id = $1",
            &[&organization.id],
        )
        .await;
    let one = ask(&tenant, organization.admin, "self").await;
    let other = ask(&tenant, organization.member, "self").await;
    test.app.clock.advance(SignedDuration::from_hours(31 * 24));
    let message =
        |request: &Value| json!({ "v": 1, "organization_id": organization.id, "request_id": request["id"] });
    let (first, second) = (message(&one), message(&other));
    let (one, other) = tokio::join!(tenant.handle(&first), tenant.handle(&second));
    one.unwrap();
    other.unwrap();
    assert_eq!(count(&tenant, "organizations").await, 0);
    assert_eq!(count(&tenant, "profiles").await, 0);
}

#[tokio::test]
async fn whoever_remains_gets_an_administrator() {
    let test = start().await;
    let tenant = Tenant::of(&test).await;
    let organization = &tenant.organization;
    organization
        .sql(
            "update profiles set role = 'admin' where organization_id = $1",
            &[&organization.id],
        )
        .await;
    let request = ask(&tenant, organization.admin, "self").await;
    // In the meantime the other one gave the role up.
    organization
        .sql(
            "update profiles set role = 'member' where organization_id = $1 and id = $2",
            &[&organization.id, &organization.member],
        )
        .await;
    test.app.clock.advance(SignedDuration::from_hours(31 * 24));
    let message = tick(&tenant, &request).await.unwrap();
    tenant.handle(&message).await.unwrap();
    let left = organization.rows("select id, role from profiles", &[]).await;
    assert_eq!(left, [json!({ "id": organization.member, "role": "admin" })]);
}

#[tokio::test]
async fn a_cancelled_deletion_is_not_carried_out() {
    let test = start().await;
    let tenant = Tenant::of(&test).await;
    let organization = &tenant.organization;
    let request = ask(&tenant, organization.member, "self").await;
    let client: Client = organization.member(test.serving(gdpr::routes())).await;
    let path = format!("/api/v1/gdpr/requests/{}", request["id"].as_str().unwrap());
    client.delete(&path).await.expect(204);
    test.app.clock.advance(SignedDuration::from_hours(31 * 24));
    assert_eq!(tick(&tenant, &request).await, None);
    let message = json!({ "v": 1, "organization_id": organization.id, "request_id": request["id"] });
    tenant.handle(&message).await.unwrap();
    assert_eq!(count(&tenant, "profiles").await, 2);
}

#[tokio::test]
async fn a_deletion_waits_for_a_provider_that_is_down_and_then_ends() {
    let test = start().await;
    let tenant = Tenant::of(&test).await;
    tenant.fill().await;
    let request = ask(&tenant, tenant.organization.admin, "organization").await;
    test.app.clock.advance(SignedDuration::from_hours(31 * 24));
    let message = tick(&tenant, &request).await.unwrap();
    test.set_behaviour(json!({ "api": { "status": 503 } })).await;
    for _ in 0..2 {
        let failed = tenant.handle(&message).await.unwrap_err();
        assert!(failed.is_worth_retrying(), "{failed}");
        test.app.clock.advance(SignedDuration::from_hours(1));
    }
    // It rests, stays open, and what it has to name the assistant by is still there.
    assert_eq!(count(&tenant, "assistants").await, 1);
    let row = tenant
        .organization
        .rows("select status, attempts from gdpr_requests", &[])
        .await;
    assert_eq!(row[0], json!({ "status": "pending", "attempts": 2 }));
    test.set_behaviour(json!({})).await;
    let message = tick(&tenant, &request).await.unwrap();
    tenant.handle(&message).await.unwrap();
    assert_eq!(count(&tenant, "organizations").await, 0);
}
