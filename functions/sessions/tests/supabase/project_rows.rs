//! Which rows a Supabase frontend reads, as `authenticated` and as `anon`.

use serde_json::{Value, json};
use testkit::supabase::{Api, KeyServer, Project};
use testkit::{TestApp, TestOrganization};

use crate::arrival::{claims, link};
use crate::project::{on_the_project, rows};

const REFUSED: &str = "42501";

/// What existing frontends read, and what a live dashboard hears of.
const SHOWN: [&str; 9] = [
    "organizations",
    "profiles",
    "assistants",
    "gdpr_consents",
    "gdpr_requests",
    "gdpr_audit_logs",
    "campaigns",
    "calls",
    "messages",
];

async fn project() -> (Api, TestApp) {
    let api = Project::migrated().await.api().await;
    (api, on_the_project(&KeyServer::with(&[]).await).await)
}

/// An organisation with a row in each of the shown tables, of its administrator and of its member where they are somebody's.
async fn furnished(test: &TestApp) -> TestOrganization {
    let organization = test.organization().await;
    let contacts = organization.contacts(1).await;
    let assistant = organization.assistant().await;
    organization.campaign(assistant, &contacts).await;
    let clock = &test.app.clock;
    for person in [organization.admin, organization.member] {
        for insert in [
            "insert into gdpr_consents (id, organization_id, user_id, consent_type, consent_given, consent_version, created_at)
             values ($1, $2, $3, 'terms', true, '1', $4)",
            "insert into gdpr_requests (id, organization_id, user_id, request_type, created_at, updated_at)
             values ($1, $2, $3, 'data_export', $4, $4)",
            "insert into gdpr_audit_logs (id, organization_id, user_id, action, created_at)
             values ($1, $2, $3, 'test.row', $4)",
        ] {
            organization
                .sql(insert, &[&clock.uuid(), &organization.id, &person, &clock.now()])
                .await;
        }
        link(&organization, person).await;
    }
    for insert in [
        "insert into calls (id, organization_id, direction, status, created_at, updated_at)
         values ($1, $2, 'outbound', 'queued', $3, $3)",
        "insert into messages (id, organization_id, direction, phone, sender, body, status, status_rank, segments, dispatch,
                               due_at, created_at, updated_at)
         values ($1, $2, 'outbound', '+33639980001', 'AGENCE', 'Bonjour', 'queued', 1, 1, 'done', $3, $3, $3)",
    ] {
        organization
            .sql(insert, &[&clock.uuid(), &organization.id, &clock.now()])
            .await;
    }
    organization
}

/// How many rows of each shown table this person reads.
async fn counts(api: &Api, claims: &Value) -> Vec<(&'static str, usize)> {
    let mut counts = Vec::new();
    for table in SHOWN {
        let sql = format!("select id from {table}");
        let read = api.ask("authenticated", claims, &sql).await;
        counts.push((table, rows(read).len()));
    }
    counts
}

#[tokio::test]
async fn as_a_member_are_the_organisation_s_and_their_own() {
    let (api, test) = project().await;
    let (ours, theirs) = (furnished(&test).await, furnished(&test).await);
    let now = test.app.clock.now();
    let member = claims(link(&ours, ours.member).await, now);
    let expected = [1, 1, 1, 1, 1, 1, 1, 1, 1];
    let seen = counts(&api, &member).await;
    assert_eq!(seen, SHOWN.into_iter().zip(expected).collect::<Vec<_>>());
    // An administrator sees who else is there, and the whole log.
    let admin = claims(link(&ours, ours.admin).await, now);
    let expected = [1, 2, 1, 1, 1, 2, 1, 1, 1];
    let seen = counts(&api, &admin).await;
    assert_eq!(seen, SHOWN.into_iter().zip(expected).collect::<Vec<_>>());
    for (table, column) in [
        ("organizations", "id"),
        ("profiles", "organization_id"),
        ("assistants", "organization_id"),
        ("gdpr_requests", "organization_id"),
        ("gdpr_audit_logs", "organization_id"),
        ("campaigns", "organization_id"),
        ("calls", "organization_id"),
        ("messages", "organization_id"),
    ] {
        let sql = format!("select {column} as organization from {table}");
        let seen = rows(api.ask("authenticated", &admin, &sql).await);
        assert!(
            seen.iter()
                .all(|row| row["organization"] == ours.id.0.to_string()),
            "{table}: {seen:?}"
        );
        let sql = format!("select {column} from {table} where {column} = '{}'", theirs.id);
        let seen = rows(api.ask("authenticated", &admin, &sql).await);
        assert_eq!(seen, Vec::<Value>::new(), "{table}");
    }
    let own = "select user_id from gdpr_consents";
    let seen = rows(api.ask("authenticated", &admin, own).await);
    assert_eq!(json!(seen), json!([{ "user_id": ours.admin }]));
}

#[tokio::test]
async fn follow_the_database_and_not_what_a_token_says() {
    let (api, test) = project().await;
    let (ours, theirs) = (furnished(&test).await, furnished(&test).await);
    let mut token = claims(link(&ours, ours.member).await, test.app.clock.now());
    for place in ["app_metadata", "user_metadata"] {
        token[place]["organization_id"] = theirs.id.0.to_string().into();
        token[place]["profile_id"] = theirs.admin.0.to_string().into();
        token[place]["org_role"] = "admin".into();
    }
    token["organization_id"] = theirs.id.0.to_string().into();
    let seen = rows(
        api.ask("authenticated", &token, "select id from organizations")
            .await,
    );
    assert_eq!(json!(seen), json!([{ "id": ours.id }]));
    assert_eq!(counts(&api, &token).await[1], ("profiles", 1));
    // Whoever is removed reads nothing from that moment on.
    ours.sql(
        "update profiles set supabase_user_id = null where organization_id = $1 and id = $2",
        &[&ours.id, &ours.member],
    )
    .await;
    let nothing: Vec<_> = SHOWN.into_iter().map(|table| (table, 0)).collect();
    assert_eq!(counts(&api, &token).await, nothing);
    for nobody in [
        json!({}),
        json!({ "sub": test.app.clock.uuid(), "role": "authenticated" }),
    ] {
        assert_eq!(counts(&api, &nobody).await, nothing);
    }
}

#[tokio::test]
async fn cannot_be_written_by_anybody_and_not_be_read_by_the_public() {
    let (api, test) = project().await;
    let ours = furnished(&test).await;
    let member = claims(link(&ours, ours.admin).await, test.app.clock.now());
    let owner = Project::migrated().await.owner().await;
    let all = owner
        .query(
            "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
            &[],
        )
        .await
        .unwrap();
    let all: Vec<String> = all.iter().map(|row| row.get(0)).collect();
    assert!(all.len() > 20, "{all:?}");
    for table in &all {
        for role in ["authenticated", "anon", "service_role"] {
            for sql in [
                format!("select * from {table}"),
                format!("insert into {table} default values"),
                format!("delete from {table}"),
                format!("truncate {table} cascade"),
            ] {
                let outcome = api.ask(role, &member, &sql).await;
                assert_eq!(outcome, Err(REFUSED.to_owned()), "{role}: {sql}");
            }
        }
    }
    for table in SHOWN {
        let sql = format!("update {table} set id = id");
        for role in ["authenticated", "anon", "service_role"] {
            assert_eq!(
                api.ask(role, &member, &sql).await,
                Err(REFUSED.to_owned()),
                "{sql}"
            );
        }
        let sql = format!("select id from {table}");
        assert_eq!(
            api.ask("anon", &member, &sql).await,
            Err(REFUSED.to_owned()),
            "{sql}"
        );
    }
    for sql in [
        "select password_hash from credentials",
        "select token_hash from refresh_tokens",
        "select id from one_time_tokens",
        "select body from outbox",
        "select phone from contacts",
        "select phone from calls",
        "select summary from calls",
        "select body from messages",
        "select text from call_turns",
        "select supabase_user_id from profiles",
        "select email_confirmed_at from profiles",
        "select system_prompt from assistants",
    ] {
        let outcome = api.ask("authenticated", &member, sql).await;
        assert_eq!(outcome, Err(REFUSED.to_owned()), "{sql}");
    }
}
