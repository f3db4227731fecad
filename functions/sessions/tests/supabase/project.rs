//! Our schema in a Supabase project's database: it works as anywhere, and its API gets nothing but what is listed.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::supabase::{KeyServer, Project, Signer};
use testkit::{Environment, Options, TestApp};

use crate::arrival::{self, but, claims, is, link, me};

const REFUSED: &str = "42501";

/// An application on the project's database, which accepts the tokens of its users.
pub(crate) async fn on_the_project(server: &KeyServer) -> TestApp {
    let options = Options {
        database_url: Some(Project::migrated().await.functions_url.clone()),
        ..Options::default()
    };
    arrival::start(server, options, |_| {}).await
}

/// The first column of each row, for its owner.
async fn names(project: &Project, sql: &str) -> BTreeSet<String> {
    let rows = project.owner().await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn the_migrations_run_as_its_owner_and_leave_supabase_s_own_schema_alone() {
    let project = Project::migrated().await;
    assert_eq!(project.migrate().await, Vec::<String>::new());
    let owners = "select format('%s of %s', p.proname, p.proowner::regrole) from pg_proc p
                   where p.pronamespace = 'auth'::regnamespace";
    let expected = [
        "jwt of supabase_auth_admin",
        "role of supabase_auth_admin",
        "uid of supabase_auth_admin",
    ];
    assert_eq!(names(project, owners).await, set(&expected));
    // Its owner was a member of the look-up role while functions were handed over, and is not any more.
    let members = "select r.rolname::text from pg_auth_members m join pg_roles r on r.oid = m.member
                    where m.roleid = 'zencall_lookup'::regrole and r.rolname = current_user
                      and pg_has_role(current_user, 'zencall_lookup', 'usage')";
    assert_eq!(names(project, members).await, BTreeSet::new());
    let not_walled = "select c.relname::text from pg_class c
                       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
                         and c.relname <> 'refinery_schema_history'
                         and not (c.relrowsecurity and c.relforcerowsecurity)";
    assert_eq!(names(project, not_walled).await, BTreeSet::new());
    // Its API is asked for no organisation: it would fail where it may read.
    let for_everybody = "select polrelid::regclass::text from pg_policy where polroles = '{0}'
                           and not polrelid in (select inhrelid from pg_inherits)
                           and polrelid::regclass::text <> 'latecomers'";
    assert_eq!(names(project, for_everybody).await, BTreeSet::new());
}

#[tokio::test]
async fn a_user_of_the_project_reads_and_changes_their_profile_through_our_api() {
    let signer = Signer::es256("curve");
    let test = on_the_project(&KeyServer::with(&[&signer]).await).await;
    let organization = test.organization().await;
    let user = link(&organization, organization.admin).await;
    let token = signer.sign(&claims(user, test.app.clock.now()));
    let client = testkit::Client::bearer(test.serving(sessions::routes()), &token);
    let change = json!({ "full_name": "Lou Fèvre" });
    let me = client.patch("/api/v1/auth/me", change).await.expect(200).json();
    assert_eq!(me["user"]["full_name"], "Lou Fèvre");
    let written = organization
        .rows(
            "select user_id from gdpr_audit_logs where action = 'user.update'",
            &[],
        )
        .await;
    assert_eq!(json!(written), json!([{ "user_id": organization.admin }]));
}

#[tokio::test]
async fn the_hook_writes_into_a_token_what_spares_the_look_up() {
    let signer = Signer::es256("curve");
    let test = on_the_project(&KeyServer::with(&[&signer]).await).await;
    let organization = test.organization().await;
    let user = link(&organization, organization.member).await;
    let project = Project::migrated().await;
    let plain = claims(user, test.app.clock.now());
    let event = json!({ "user_id": user, "claims": plain, "authentication_method": "password" });
    let answer = project.hook(&event).await;
    let spoken = json!({
        "provider": "email", "providers": ["email"],
        "organization_id": organization.id, "org_role": "member", "profile_id": organization.member,
    });
    assert_eq!(
        answer["claims"],
        but(plain.clone(), json!({ "app_metadata": spoken }))
    );
    assert_eq!(answer["authentication_method"], "password");
    // The token alone opens the door: also to an application that cannot look anybody up.
    let stranger = but(answer["claims"].clone(), json!({ "sub": test.app.clock.uuid() }));
    is(me(&test, &signer.sign(&stranger)).await, organization.member);
    // What somebody wrote there by hand does not outlive the membership.
    let stale = json!({ "user_id": test.app.clock.uuid(), "claims": answer["claims"] });
    let mut expected = plain["app_metadata"].clone();
    assert_eq!(project.hook(&stale).await["claims"]["app_metadata"], expected);
    for odd in [json!(null), json!([]), json!("x")] {
        let odd = json!({ "user_id": user, "claims": but(plain.clone(), json!({ "app_metadata": odd })) });
        let role = &project.hook(&odd).await["claims"]["app_metadata"]["org_role"];
        assert_eq!(role, "member");
    }
    expected = json!({ "user_id": user, "claims": {} });
    assert_eq!(
        project.hook(&expected).await["claims"]["app_metadata"]["org_role"],
        "member"
    );
}

#[tokio::test]
async fn its_api_may_read_the_listed_columns_and_do_nothing_else() {
    let project = Project::migrated().await;
    let any = "select format('%s %s on %s', r, p, c.relname)
                 from pg_class c, unnest(array['anon', 'service_role', 'authenticated']) r,
                      unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p
                where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
                  and (has_table_privilege(r, c.oid, p)
                       or p in ('insert', 'update', 'references') and has_any_column_privilege(r, c.oid, p)
                       or r <> 'authenticated' and p = 'select' and has_any_column_privilege(r, c.oid, p))";
    assert_eq!(names(project, any).await, BTreeSet::new());
    let columns = "select format('%s: %s', c.relname, string_agg(a.attname, ' ' order by a.attname))
                     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                    where c.relnamespace = 'public'::regnamespace
                      and has_column_privilege('authenticated', c.oid, a.attnum, 'select')
                    group by c.relname";
    let mut shown = names(project, columns).await;
    // Where there are appointments.
    shown.retain(|line| !line.starts_with("appointments: "));
    let expected = [
        "assistants: id model name organization_id vapi_assistant_id voice",
        "calls: assistant_id campaign_id contact_id created_at direction duration_seconds ended_at ended_reason id \
         organization_id outcome started_at status updated_at",
        "campaigns: assistant_id created_at ended_at id name organization_id pause_reason scheduled_at started_at status \
         updated_at",
        "gdpr_audit_logs: action created_at details id ip_address organization_id user_id",
        "gdpr_consents: consent_given consent_type consent_version created_at id ip_address user_agent user_id",
        "gdpr_requests: created_at data_url id organization_id request_type status user_id",
        "messages: contact_id created_at direction error_code id organization_id purpose status updated_at",
        "organizations: company_registration id name organization_type twilio_account_sid twilio_configured \
         twilio_phone_number vat_number",
        "profiles: email full_name gdpr_consent_at id marketing_consent organization_id role terms_accepted_at",
    ];
    assert_eq!(shown, set(&expected));
    let callable = "select format('%s: %s', r, p.proname)
                      from pg_proc p, unnest(array['anon', 'authenticated', 'service_role']) r
                     where p.pronamespace = 'zencall'::regnamespace and p.prosecdef
                       and has_function_privilege(r, p.oid, 'execute')";
    assert_eq!(
        names(project, callable).await,
        set(&["authenticated: user_by_supabase_id"])
    );
    // And that one only inside a policy: they cannot name it.
    let asked = "select * from zencall.user_by_supabase_id('00000000-0000-0000-0000-000000000001')";
    let api = project.api().await;
    for role in ["anon", "authenticated", "service_role"] {
        let outcome = api.ask(role, &json!({}), asked).await;
        assert_eq!(outcome, Err(REFUSED.to_owned()), "{role}");
    }
}

#[tokio::test]
async fn tables_and_partitions_that_come_later_are_closed_to_its_api() {
    let project = Project::migrated().await;
    let owner = project.owner().await;
    owner
        .batch_execute(
            "select zencall.ensure_partitions('2031-05-01');
             drop table if exists latecomers;
             create table latecomers (id uuid primary key, organization_id uuid not null);
             alter table latecomers enable row level security;
             create policy tenant on latecomers using (organization_id = zencall.organization_id());
             drop table if exists theirs;
             create table theirs (id uuid primary key);",
        )
        .await
        .unwrap();
    let open = "select c.relname::text from pg_class c
                 where c.relname in ('latecomers', 'theirs', 'provider_events_2031_05')
                   and has_table_privilege('anon', c.oid, 'select')";
    assert_eq!(names(project, open).await, set(&["latecomers", "theirs"]));
    project.migrate().await;
    // What the project has of its own is none of our business.
    assert_eq!(names(project, open).await, set(&["theirs"]));
    owner
        .batch_execute("drop table latecomers; drop table theirs")
        .await
        .unwrap();
}

#[tokio::test]
async fn its_live_publication_has_the_tables_of_a_dashboard_and_no_other() {
    let project = Project::migrated().await;
    let published = "select tablename::text from pg_publication_tables where pubname = 'supabase_realtime'";
    let mut tables = names(project, published).await;
    let has_appointments = tables.remove("appointments");
    assert_eq!(tables, set(&["calls", "campaigns", "messages"]));
    let made = "select relname::text from pg_class where relname = 'appointments' and relkind = 'r'";
    assert_eq!(!names(project, made).await.is_empty(), has_appointments);
}

#[tokio::test]
async fn elsewhere_roles_of_these_names_get_nothing() {
    // The cluster has them by now; the usual database is no Supabase project.
    Project::migrated().await;
    let environment = Environment::get().await;
    let elsewhere = Project {
        owner_url: environment.owner_url.clone(),
        functions_url: String::new(),
        api_url: String::new(),
        auth_url: String::new(),
    };
    let open = "select c.relname::text from pg_class c, unnest(array['anon', 'authenticated', 'service_role']) r
                 where c.relnamespace = 'public'::regnamespace
                   and (has_any_column_privilege(r, c.oid, 'select') or has_table_privilege(r, c.oid, 'truncate'))
                union all select polname::text from pg_policy where polroles && array['authenticated'::regrole::oid]
                union all select pubname::text from pg_publication
                union all select p.proname::text from pg_proc p
                           where p.pronamespace = 'zencall'::regnamespace and p.prosecdef
                             and has_function_privilege('authenticated', p.oid, 'execute')";
    assert_eq!(names(&elsewhere, open).await, BTreeSet::new());
}

/// The rows of a statement, whoever may see them.
#[track_caller]
pub(crate) fn rows(outcome: Result<Vec<Value>, String>) -> Vec<Value> {
    outcome.unwrap()
}
