//! What the roles can do besides: nothing. As the functions' login, and as what it may become.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::fixtures::Tenant;
use crate::tenants::Attempt;
use crate::{login, owner};

async fn names(client: &Client, sql: &str) -> Vec<String> {
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn none() -> Vec<String> {
    Vec::new()
}

#[tokio::test]
async fn the_owner_of_the_tables_is_an_ordinary_role() {
    // As on RDS: a superuser, or whoever bypasses row security, would prove nothing.
    let owner = owner().await;
    let powers = names(
        &owner,
        "select rolname from pg_roles where rolname = session_user and (rolsuper or rolbypassrls or rolreplication)",
    )
    .await;
    assert_eq!(powers, none());
    let others = names(
        &owner,
        "select c.oid::regclass::text from pg_class c
          where c.relnamespace in ('public'::regnamespace, 'zencall'::regnamespace)
            and c.relowner <> session_user::regrole",
    )
    .await;
    assert_eq!(others, none());
    // The policies bind the owner too.
    let seen = owner.query("select 1 from contacts", &[]).await.unwrap();
    assert!(seen.is_empty());
}

#[tokio::test]
async fn the_application_may_read_and_write_rows_and_nothing_else() {
    let login = login().await;
    let more = names(
        &login,
        "select format('%s on %s', p, c.oid::regclass)
           from pg_class c, unnest(array['truncate', 'references', 'trigger']) p
          where c.relkind in ('r', 'p', 'v', 'm', 'f') and has_table_privilege('zencall_app', c.oid, p)",
    )
    .await;
    assert_eq!(more, none());
    let elsewhere = names(
        &login,
        "select format('%s on %s', p, c.oid::regclass)
           from pg_class c join pg_namespace n on n.oid = c.relnamespace, unnest(array['insert', 'update', 'delete']) p
          where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'public'
            -- A view of the server's own settings, which PostgreSQL lets everybody set for their own session.
            and c.oid <> 'pg_catalog.pg_settings'::regclass
            and has_table_privilege('zencall_app', c.oid, p)",
    )
    .await;
    assert_eq!(elsewhere, none());
    let schemas = names(
        &login,
        "select nspname::text from pg_namespace
          where has_schema_privilege('zencall_app', oid, 'usage') and nspname not in ('pg_catalog', 'information_schema')
          order by 1",
    )
    .await;
    assert_eq!(schemas, ["public", "zencall"]);
    let sequences = names(
        &login,
        "select c.oid::regclass::text from pg_class c
          where case when c.relkind = 'S' then has_sequence_privilege('zencall_app', c.oid, 'usage, select, update') end",
    )
    .await;
    assert_eq!(sequences, none());
    let database = names(
        &login,
        "select format('%s: %s', r, p) from unnest(array[session_user, 'zencall_app', 'zencall_lookup', 'public']) r,
                unnest(array['create', 'temporary']) p
          where has_database_privilege(r, current_database(), p)",
    )
    .await;
    assert_eq!(database, none());
}

#[tokio::test]
async fn everybody_else_may_do_nothing() {
    let granted = names(
        &owner().await,
        "select format('%s on %s', a.privilege_type, c.oid::regclass)
           from pg_class c, aclexplode(c.relacl) a
          where c.relnamespace in ('public'::regnamespace, 'zencall'::regnamespace) and a.grantee = 0
         union all
         select p.oid::regprocedure::text
           from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
          where p.pronamespace in ('public'::regnamespace, 'zencall'::regnamespace) and a.grantee = 0",
    )
    .await;
    assert_eq!(granted, none());
}

#[tokio::test]
async fn nobody_is_the_role_of_the_lookups() {
    let members = names(
        &owner().await,
        "select m.member::regrole::text from pg_auth_members m
          where m.roleid = 'zencall_lookup'::regrole
            -- From PostgreSQL 16 on, whoever creates a role may grant it, without being it.
            and coalesce((to_jsonb(m) ->> 'inherit_option')::boolean or (to_jsonb(m) ->> 'set_option')::boolean, true)",
    )
    .await;
    assert_eq!(members, none());
}

#[tokio::test]
async fn of_tenants_tables_the_lookups_see_columns_and_seldom_the_whole() {
    let whole = names(
        &owner().await,
        "select c.relname::text from pg_class c
           join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped
          where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            and has_table_privilege('zencall_lookup', c.oid, 'select') order by 1",
    )
    .await;
    // What empties an expired link of a chain has to read it, and what is left to send is sent whole.
    assert_eq!(whole, ["consents", "outbox"]);
}

#[tokio::test]
async fn the_login_alone_reaches_nothing_of_ours() {
    let login = login().await;
    let tables = names(
        &login,
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where n.nspname not in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'p', 'v', 'm', 'f')
            and (has_table_privilege(session_user, c.oid, 'select, insert, update, delete, truncate, references, trigger')
                 or has_any_column_privilege(session_user, c.oid, 'select, insert, update, references'))",
    )
    .await;
    assert_eq!(tables, none());
    let functions = names(
        &login,
        "select p.oid::regprocedure::text from pg_proc p
          where p.pronamespace in ('public'::regnamespace, 'zencall'::regnamespace)
            and has_function_privilege(session_user, p.oid, 'execute')",
    )
    .await;
    assert_eq!(functions, none());
}

/// Statements that change what the wall is made of, leave it, or store something beside it.
const FORBIDDEN: &[&str] = &[
    "create table public.mine (a int)",
    "create table zencall.mine (a int)",
    "create temporary table mine (a int)",
    "create schema mine",
    "create view public.mine as select * from contacts",
    "create function public.mine() returns int language sql as 'select 1'",
    "create function pg_temp.mine() returns int language sql as 'select 1'",
    "create or replace function zencall.organization_id() returns uuid language sql as 'select null::uuid'",
    "create role mine",
    "create trigger mine before insert on contacts for each row execute function suppress_redundant_updates_trigger()",
    "create index mine on contacts (phone)",
    "create policy mine on contacts using (true)",
    "alter policy tenant on contacts using (true)",
    "drop policy tenant on contacts",
    "alter table contacts disable row level security",
    "alter table contacts no force row level security",
    "alter table contacts owner to zencall_app",
    "alter role zencall_app bypassrls",
    "alter role zencall_app login",
    "grant zencall_lookup to zencall_app",
    "drop table contacts",
    "set local role zencall_lookup",
    "set local role zencall_owner",
    "set local role postgres",
    "set local session authorization zencall_owner",
    "set local session authorization postgres",
    "set local session_replication_role = replica",
    "copy contacts to '/tmp/contacts'",
    "copy contacts from program 'true'",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('.')",
    "select lo_import('/etc/passwd')",
    "select rolpassword from pg_authid",
    "select zencall.set_platform_slots(1)",
    "update pg_class set relrowsecurity = false",
    "delete from refinery_schema_history",
];

#[tokio::test]
async fn neither_can_change_the_wall_nor_leave_it() {
    let attempt = Attempt::begin().await;
    for as_login in [false, true] {
        for statement in FORBIDDEN {
            attempt.become_app(Some(Uuid::now_v7())).await;
            if as_login {
                attempt.become_login().await;
            }
            // The login may return to itself, and to nothing that is more.
            let error = attempt.run(statement).await.err();
            let error = error.unwrap_or_else(|| panic!("{statement} was allowed"));
            assert_eq!(
                error.code(),
                Some(&SqlState::INSUFFICIENT_PRIVILEGE),
                "{statement}: {error:?}"
            );
        }
    }
}

#[tokio::test]
async fn row_security_cannot_be_switched_off() {
    let a = Tenant::new();
    let attempt = Attempt::begin().await;
    attempt.seed(&a).await;
    attempt.become_app(Some(Uuid::now_v7())).await;
    attempt.run("set local row_security = off").await.unwrap();
    Attempt::refused(
        attempt.run("select * from contacts").await,
        "select without row security",
    );
}

#[tokio::test]
async fn claims_that_are_no_organisation_open_nothing() {
    let a = Tenant::new();
    let attempt = Attempt::begin().await;
    attempt.seed(&a).await;
    let claims = [
        "",
        "{}",
        "null",
        "[]",
        "{\"organization_id\":null}",
        "{\"organization_id\":\"\"}",
        "{\"organization_id\":\"nonsense\"}",
        "{\"organization_id\":[\"x\"]}",
        "{\"sub\":\"x\"}",
        "not json",
    ];
    for claims in claims {
        attempt.become_app(None).await;
        let set = format!("select set_config('request.jwt.claims', '{claims}', true)");
        attempt.run(&set).await.unwrap();
        // Nothing, or an error: never a row.
        if let Ok(rows) = attempt.run("select 1 from contacts").await {
            assert_eq!(rows, 0, "{claims}");
        }
    }
    for setting in ["nonsense", "null", "{}", " ", &Uuid::nil().to_string()] {
        // Neither does one fall back to the claims of somebody: what is there, and is no organisation, is refused.
        attempt.act_for(None, Some(a.id)).await;
        let set = format!("select set_config('zencall.organization_id', '{setting}', true)");
        attempt.run(&set).await.unwrap();
        if let Ok(rows) = attempt.run("select 1 from contacts").await {
            assert_eq!(rows, 0, "{setting}");
        }
    }
}

#[tokio::test]
async fn one_organisation_at_a_time_however_it_is_named() {
    // By the setting, as our transactions do; by the claims alone, as functions of before did; by the setting where both
    // are there and differ. Never two.
    let (a, b) = (Tenant::new(), Tenant::new());
    let attempt = Attempt::begin().await;
    attempt.seed(&a).await;
    attempt.seed(&b).await;
    for (setting, claims, seen) in [
        (Some(a.id), None, Some(a.id)),
        (None, Some(a.id), Some(a.id)),
        (Some(a.id), Some(a.id), Some(a.id)),
        (Some(a.id), Some(b.id), Some(a.id)),
        (Some(b.id), Some(a.id), Some(b.id)),
        (None, None, None),
    ] {
        attempt.act_for(setting, claims).await;
        let own = seen.map_or(0, |_| 1);
        assert_eq!(attempt.run("select 1 from contacts").await.unwrap(), own);
        for tenant in [a.id, b.id] {
            let one = format!("select 1 from contacts where organization_id = '{tenant}'");
            assert_eq!(
                attempt.run(&one).await.unwrap(),
                u64::from(seen == Some(tenant)),
                "{setting:?}, {claims:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_function_s_kept_plan_acts_for_whoever_asks() {
    // PL/pgSQL keeps the plans of its statements for as long as the connection lives, across tenants.
    let (a, b) = (Tenant::new(), Tenant::new());
    let attempt = Attempt::begin().await;
    attempt.seed(&a).await;
    attempt.seed(&b).await;
    let keep = "prepare kept as select 1 from contacts where organization_id = zencall.organization_id()";
    let keep_all = "prepare kept_all as select organization_id from contacts";
    attempt.act_for(Some(a.id), None).await;
    attempt
        .run("set local plan_cache_mode = force_generic_plan")
        .await
        .unwrap();
    attempt.run(keep).await.unwrap();
    attempt.run(keep_all).await.unwrap();
    for (setting, claims, rows) in [
        (Some(a.id), None, 1),
        (Some(b.id), None, 1),
        (None, Some(a.id), 1),
        (None, None, 0),
        (Some(Uuid::now_v7()), Some(a.id), 0),
    ] {
        attempt.act_for(setting, claims).await;
        for kept in ["kept", "kept_all"] {
            let seen = attempt.run(&format!("execute {kept}")).await.unwrap();
            assert_eq!(seen, rows, "{kept} for {setting:?}, {claims:?}");
        }
    }
}
