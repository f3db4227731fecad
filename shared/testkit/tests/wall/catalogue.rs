//! What the catalogue says of the wall: nothing here knows a table by name, so a new one is held to it as well.

use tokio_postgres::Client;

use crate::{login, owner};

/// The record of what was migrated belongs to whoever migrates; nobody else may look (see `tenants`).
const NOT_OURS: &str = "refinery_schema_history";

/// Every function that acts with another's rights. Adding one is a decision: it must return
/// the least that serves.
const DEFINER_FUNCTIONS: &[&str] = &[
    "ask_proof_code",
    "calls_in_turn",
    "claim_by_api_key",
    "credentials_by_email",
    "due_gdpr_requests",
    "due_organizations",
    "ensure_partitions",
    "erase_contact_events",
    "erase_organization",
    "erase_person",
    "erase_rows",
    "expire_idempotency_keys",
    "forget_limits",
    "forget_old_consents",
    "forget_old_solicitations",
    "forget_parked_event",
    "forget_proof_codes",
    "forget_solicitation",
    "forget_turns",
    "free_platform_slots",
    "free_slots",
    "give_back",
    "has_campaign_through",
    "hold_solicitations",
    "learn_lines",
    "lease_slots",
    "left_contact_imports",
    "live_leases",
    "login_by_email",
    "note_inbound",
    "note_predial",
    "note_solicitation",
    "organization_of_invitation",
    "organization_of_one_time_token",
    "organization_of_vapi_event",
    "organizations_of_twilio_account",
    "organizations_of_twilio_number",
    "organizations_to_look_after",
    "organizations_with_campaigns",
    "organizations_with_consents",
    "organizations_with_due_messages",
    "organizations_with_unchecked_assistants",
    "organizations_with_unreported_calls",
    "outbound_platform_slots",
    "outbox_due",
    "park_event",
    "parked_events",
    "prove_code",
    "proven_organizations",
    "recent_solicitations",
    "release_bounds",
    "remove_member",
    "sender_of_proof_code",
    "session_by_refresh_token",
    "set_platform_reserve",
    "set_platform_slots",
    "spend",
    "stale_organizations",
    "supabase_access_token",
    "suppress_everywhere",
    // Both also as the version before asked for them, without a key.
    "suppress_everywhere",
    "suppressed_everywhere",
    "suppressed_everywhere",
    "take_turns",
    "usable_platform_slots",
    "use_api_key",
    "use_or_refuse_api_key",
    "user_by_email",
    "user_by_supabase_id",
];

/// The first column of each row.
async fn names(client: &Client, sql: &str) -> Vec<String> {
    client
        .query(sql, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

fn none() -> Vec<String> {
    Vec::new()
}

#[tokio::test]
async fn every_table_has_row_security_enabled_forced_and_a_policy() {
    // A-01, partitions included: they inherit neither.
    let open = names(
        &owner().await,
        &format!(
            "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where n.nspname in ('public', 'zencall') and c.relkind in ('r', 'p', 'f', 'm')
                and c.relname <> '{NOT_OURS}'
                and not (c.relrowsecurity and c.relforcerowsecurity
                         and exists (select from pg_policy p where p.polrelid = c.oid))"
        ),
    )
    .await;
    assert_eq!(open, none());
}

#[tokio::test]
async fn every_policy_of_the_application_compares_the_tenant_both_ways() {
    // One that says `true`, or only USING, would let a row in or out. There is one form, in which no part can be missing.
    // The look-up role has policies of its own.
    let wrong = names(
        &owner().await,
        "select format('%s on %s', polname, polrelid::regclass) from pg_policy,
                lateral (select format('(%s = zencall.organization_id())', case polrelid
                  when 'organizations'::regclass then 'id' else 'organization_id' end) as tenant) form
          where polroles <> array['zencall_lookup'::regrole::oid]
            and (pg_get_expr(polqual, polrelid) is distinct from tenant or polname <> 'tenant'
                 or pg_get_expr(polwithcheck, polrelid) is distinct from tenant
                 or polcmd <> '*' or not polpermissive)",
    )
    .await;
    assert_eq!(wrong, none());
}

#[tokio::test]
async fn nothing_is_deployed_over_a_table_without_its_wall() {
    // Reads leave the organisation to the policies alone, so the migrations fail where one is missing, by this.
    let client = owner().await;
    client.batch_execute("select zencall.prove_wall()").await.unwrap();
    let policy = "create policy tenant on latecomers using (organization_id = zencall.organization_id())";
    let both = format!("{policy} with check (organization_id = zencall.organization_id())");
    let security = "alter table latecomers enable row level security";
    let forced = "alter table latecomers force row level security";
    let another = "create policy another on latecomers using (true)";
    let granted = "create table latecomers (organization_id uuid); grant select on latecomers to zencall_app";
    for (parts, is_walled) in [
        (vec![granted], false),
        (vec![granted, &both], false),
        (vec![granted, &both, security], false),
        (vec![granted, policy, security, forced], false),
        (vec![granted, &both, security, forced], true),
        (vec![granted, &both, security, forced, another], false),
        // What the application cannot reach is none of ours.
        (vec!["create table latecomers (organization_id uuid)"], true),
    ] {
        let sql = format!("begin; {}; select zencall.prove_wall()", parts.join("; "));
        let proven = client.batch_execute(&sql).await;
        client.batch_execute("rollback").await.unwrap();
        assert_eq!(proven.is_ok(), is_walled, "{parts:?}: {proven:?}");
    }
}

#[tokio::test]
async fn the_functions_own_nothing_and_bypass_nothing() {
    //
    let login = login().await;
    let rights = names(
        &login,
        "select format('%s: superuser %s, bypasses %s, creates roles %s, databases %s, inherits %s', rolname, rolsuper,
                       rolbypassrls, rolcreaterole, rolcreatedb, rolinherit)
           from pg_roles
          where rolname in (session_user, 'zencall_app', 'zencall_lookup')
            and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolinherit or rolreplication
                 or (rolcanlogin and rolname <> session_user))",
    )
    .await;
    assert_eq!(rights, none());
    let may_become = names(
        &login,
        "select roleid::regrole::text from pg_auth_members where member = session_user::regrole
         union select roleid::regrole::text from pg_auth_members where member = 'zencall_app'::regrole",
    )
    .await;
    assert_eq!(may_become, ["zencall_app"]);
    let owned = names(
        &login,
        "select oid::regclass::text from pg_class where relowner in (session_user::regrole, 'zencall_app'::regrole)
         union all
         select oid::regprocedure::text from pg_proc where proowner in (session_user::regrole, 'zencall_app'::regrole)",
    )
    .await;
    assert_eq!(owned, none());
    let creates = names(
        &login,
        "select format('%s in %s', r, n) from unnest(array[session_user, 'zencall_app', 'zencall_lookup']) r,
                unnest(array['public', 'zencall', 'auth']) n
          where has_schema_privilege(r, n, 'create')
         union all
         select r from unnest(array[session_user, 'zencall_app', 'zencall_lookup']) r
          where has_database_privilege(r, current_database(), 'create')",
    )
    .await;
    assert_eq!(creates, none());
}

#[tokio::test]
async fn functions_that_act_for_another_are_listed_pinned_and_not_public() {
    //
    let client = owner().await;
    let found = names(
        &client,
        "select proname::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
          where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema') order by 1",
    )
    .await;
    assert_eq!(found, DEFINER_FUNCTIONS);
    let wrong = names(
        &client,
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
          where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
            and (not coalesce(p.proconfig @> '{\"search_path=pg_catalog, pg_temp\"}', false)
                 or has_function_privilege('public', p.oid, 'execute')
                 or (p.proowner <> 'zencall_lookup'::regrole and p.proname <> 'ensure_partitions'))",
    )
    .await;
    assert_eq!(wrong, none());
    let views = names(
        &client,
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.relkind = 'v' and n.nspname in ('public', 'zencall')
            and not coalesce(c.reloptions @> '{security_invoker=true}', false)",
    )
    .await;
    assert_eq!(views, none());
}

#[tokio::test]
async fn references_between_tenants_tables_carry_the_tenant() {
    //
    let loose = names(
        &owner().await,
        "select format('%s: %s', conrelid::regclass, pg_get_constraintdef(f.oid))
           from pg_constraint f
           join pg_attribute here on here.attrelid = f.conrelid and here.attname = 'organization_id'
           join pg_attribute there on there.attrelid = f.confrelid and there.attname = 'organization_id'
          where f.contype = 'f'
            and not exists (select from unnest(f.conkey, f.confkey) k (h, t)
                             where k.h = here.attnum and k.t = there.attnum)",
    )
    .await;
    assert_eq!(loose, none());
}

#[tokio::test]
async fn logs_are_added_to_and_nothing_else() {
    //
    let may = names(
        &owner().await,
        "select format('%s %s', privilege, log)
           from unnest(array['gdpr_audit_logs', 'gdpr_consents']) log,
                unnest(array['update', 'delete', 'truncate', 'references', 'trigger']) privilege
          where has_table_privilege('zencall_app', log, privilege)
             or privilege = 'update' and has_any_column_privilege('zencall_app', log, privilege)",
    )
    .await;
    assert_eq!(may, none());
}

#[test]
fn the_readme_says_what_each_function_is_for() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let silent: Vec<_> = DEFINER_FUNCTIONS
        .iter()
        .filter(|name| !readme.contains(&format!("`{name}`")))
        .collect();
    assert!(
        silent.is_empty(),
        "add {silent:?} to \"How the wall is built\" in README.md"
    );
}
