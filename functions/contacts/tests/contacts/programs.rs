//! What programs with an API key get: as much as their scopes say, for as long as the key is good, at the price of a
//! person's request.

use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde_json::json;
use testkit::{Client, CountingProxy, Environment, Options, TestApp, TestOrganization};
use zencall::kernel::Scope;
use zencall::kernel::ids::ApiKeyId;

const PATH: &str = "/api/v1/contacts";

struct Program {
    test: TestApp,
    organization: TestOrganization,
    key: ApiKeyId,
    text: String,
    client: Client,
}

async fn with(options: Options, scopes: &[Scope]) -> Program {
    let test = TestApp::with(options).await;
    let organization = test.organization().await;
    let (key, text) = organization.api_key(scopes).await;
    let text = text.expose_secret().to_owned();
    Program {
        client: Client::bearer(test.serving(contacts::routes()), &text),
        test,
        organization,
        key,
        text,
    }
}

async fn both() -> Program {
    with(Options::default(), &[Scope::ContactsRead, Scope::ContactsWrite]).await
}

impl Program {
    async fn update_key(&self, change: &str) {
        let sql = format!("update api_keys set {change} where id = $1 and $2::timestamptz is not null");
        let now = self.test.app.clock.now();
        self.organization.sql(&sql, &[&self.key, &now]).await;
    }

    /// The owner of the tables: keys cannot be changed by the application but for their name and end.
    async fn as_owner(&self, sql: &str) {
        let environment = Environment::get().await;
        let claims = format!("{{\"organization_id\":\"{}\"}}", self.organization.id);
        let sql = format!("begin; select set_config('request.jwt.claims', '{claims}', true); {sql}; commit");
        environment.run_as_owner(&environment.database_url, &sql).await;
    }

    /// Reading, as the transaction that reads answers.
    async fn reads(&self, text: &str) -> testkit::Reply {
        Client::bearer(self.test.serving(contacts::routes()), text)
            .get(PATH)
            .await
    }

    async fn is_refused(&self, text: &str) {
        let client = Client::bearer(self.test.serving(contacts::routes()), text);
        client.get(PATH).await.expect_problem(401, "api_key_invalid");
        client
            .post(PATH, json!({ "phone": "0639980009" }))
            .await
            .expect_problem(401, "api_key_invalid");
        // Nor does an answer leave that was made without the database.
        client
            .get("/api/v1/contacts/nonsense")
            .await
            .expect_problem(401, "api_key_invalid");
        let made = self.organization.rows("select 1 from contacts", &[]).await;
        assert!(made.is_empty());
    }
}

#[tokio::test]
async fn a_key_reads_in_one_round_trip_and_is_proven_before_it_writes() {
    let (proxy, options) = CountingProxy::in_front_of_the_database().await;
    let program = with(options, &[Scope::ContactsRead, Scope::ContactsWrite]).await;
    let client = &program.client;
    client.get(PATH).await.expect(200);

    let (reply, round_trips) = proxy.count(client.get(PATH)).await;
    assert_eq!((reply.status.as_u16(), round_trips), (200, 1));
    assert_eq!(reply.headers["ratelimit-limit"], "600");
    assert_eq!(reply.headers["ratelimit-remaining"], "598");
    let make = client.post(PATH, json!({ "phone": "0639980001" }));
    let (reply, round_trips) = proxy.count(make).await;
    reply.expect(201);
    // The proof, and then what a person's request takes.
    assert_eq!(round_trips, 4);
}

#[tokio::test]
async fn a_key_of_another_scope_reads_and_writes_nothing() {
    let program = with(Options::default(), &[Scope::CallsRead]).await;
    program
        .client
        .get(PATH)
        .await
        .expect_problem(403, "scope_missing");
    let reply = program.client.post(PATH, json!({ "phone": "0639980001" })).await;
    assert!(reply.text().contains("contacts:write"), "{}", reply.text());
    reply.expect_problem(403, "scope_missing");
    let made = program.organization.rows("select 1 from contacts", &[]).await;
    assert!(made.is_empty());
}

#[tokio::test]
async fn a_revoked_key_is_refused_by_the_next_request() {
    let program = both().await;
    program.client.get(PATH).await.expect(200);
    program.update_key("revoked_at = $2").await;
    program.is_refused(&program.text).await;
}

#[tokio::test]
async fn a_key_is_good_until_it_expires() {
    let now = "2026-11-24T10:00:00Z".parse().unwrap();
    let options = Options {
        held_at: Some(now),
        ..Options::default()
    };
    let program = with(options, &[Scope::ContactsRead, Scope::ContactsWrite]).await;
    program
        .as_owner(&format!(
            "update api_keys set expires_at = '2026-11-24T11:00:00Z' where id = '{}'",
            program.key
        ))
        .await;
    program.client.get(PATH).await.expect(200);
    program.test.app.clock.advance(SignedDuration::from_mins(60));
    program.is_refused(&program.text).await;
}

#[tokio::test]
async fn a_forged_key_is_refused_and_costs_its_organisation_nothing() {
    let program = both().await;
    let text = &program.text;
    let other = program.test.organization().await;
    let theirs = other
        .api_key(&[Scope::ContactsRead, Scope::ContactsWrite])
        .await
        .1;
    let theirs = theirs.expose_secret();
    // 22 characters and a third hold the key's id, as many the organisation's, the rest is secret.
    for forged in [
        format!("{}{}", &text[..60], &theirs[60..]),
        format!("{}{}", &theirs[..26], &text[26..]),
        format!("{}{}{}", &text[..24], &theirs[24..46], &text[46..]),
        format!("{}AAAA", &text[..85]),
        text[..80].to_owned(),
        "zc_".to_owned(),
    ] {
        program.is_refused(&forged).await;
    }
    let reply = program.client.get(PATH).await;
    assert_eq!(reply.headers["ratelimit-remaining"], "599");
    let member = program
        .organization
        .member(program.test.serving(contacts::routes()))
        .await;
    let reply = member.get(PATH).await;
    assert_eq!(reply.headers["ratelimit-remaining"], "1198");
}

#[tokio::test]
async fn a_path_without_an_id_is_answered_to_a_good_key_only() {
    let program = both().await;
    program
        .client
        .get("/api/v1/contacts/nonsense")
        .await
        .expect_problem(404, "contact_not_found");
}

#[tokio::test]
async fn a_use_is_noted_once_a_minute() {
    let now = "2026-11-24T10:00:00Z".parse().unwrap();
    let options = Options {
        held_at: Some(now),
        ..Options::default()
    };
    let program = with(options, &[Scope::ContactsRead, Scope::ContactsWrite]).await;
    let used = async || {
        let rows = program
            .organization
            .rows("select last_used_at from api_keys", &[])
            .await;
        rows[0]["last_used_at"].as_str().map(str::to_owned)
    };
    assert_eq!(used().await, None);
    program.client.get(PATH).await.expect(200);
    assert_eq!(used().await.unwrap(), "2026-11-24T10:00:00+00:00");
    program.test.app.clock.advance(SignedDuration::from_secs(59));
    program.client.get(PATH).await.expect(200);
    assert_eq!(used().await.unwrap(), "2026-11-24T10:00:00+00:00");
    program.test.app.clock.advance(SignedDuration::from_secs(1));
    program
        .client
        .post(PATH, json!({ "phone": "0639980001" }))
        .await
        .expect(201);
    assert_eq!(used().await.unwrap(), "2026-11-24T10:01:00+00:00");
}

#[tokio::test]
async fn the_audit_log_names_the_key() {
    let program = both().await;
    let number = json!({ "phone": "0639980001" });
    program
        .client
        .post("/api/v1/do-not-call", number)
        .await
        .expect(201);
    let rows = program
        .organization
        .rows("select user_id, api_key_id, action from gdpr_audit_logs", &[])
        .await;
    assert_eq!(
        rows,
        [json!({ "user_id": null, "api_key_id": program.key, "action": "do_not_call.add" })]
    );
    let rows = program
        .organization
        .rows("select created_by from do_not_call", &[])
        .await;
    assert_eq!(rows, [json!({ "created_by": null })]);
}

#[tokio::test]
async fn where_nothing_can_be_counted_a_key_is_proven_by_the_transaction_that_reads_and_writes_nothing() {
    let environment = Environment::get().await;
    let own = environment.own_database().await;
    let options = Options {
        held_at: Some("2026-11-24T10:00:00Z".parse().unwrap()),
        database_url: Some(own.clone()),
        ..Options::default()
    };
    let program = with(options, &[Scope::ContactsRead, Scope::ContactsWrite]).await;
    let other = program.test.organization().await;
    let (_, theirs) = other.api_key(&[Scope::ContactsRead]).await;
    let (_, calls) = program.organization.api_key(&[Scope::CallsRead]).await;
    let (text, theirs) = (&program.text, theirs.expose_secret());
    environment.run_as_owner(&own, "drop table rate_limits").await;

    program.reads(text).await.expect(200);
    let reply = program.client.post(PATH, json!({ "phone": "0639980001" })).await;
    assert!(reply.headers.contains_key("retry-after"));
    reply.expect_problem(503, "unavailable");
    // What is refused and could not be counted is told no more than that.
    let scope = program.reads(calls.expose_secret()).await;
    scope.expect_problem(503, "unavailable");
    // Another secret, and another organisation. 22 characters and a third hold the key's id, as many the organisation's.
    for forged in [
        format!("{}{}", &text[..60], &theirs[60..]),
        format!("{}{}{}", &text[..24], &theirs[24..46], &text[46..]),
    ] {
        let reply = program.reads(&forged).await;
        reply.expect_problem(503, "unavailable");
    }
    let claims = format!("{{\"organization_id\":\"{}\"}}", program.organization.id);
    for change in [
        "expires_at = '2026-11-24T09:00:00Z'",
        "expires_at = null, revoked_at = now()",
    ] {
        let change = format!("update api_keys set {change} where id = '{}'", program.key);
        let sql =
            format!("begin; select set_config('request.jwt.claims', '{claims}', true); {change}; commit");
        environment.run_as_owner(&own, &sql).await;
        program.reads(text).await.expect_problem(503, "unavailable");
    }
}
