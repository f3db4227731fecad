//! A database like that of a fresh Supabase project, for the tests that run the migrations there.

use anyhow::Context;
use tokio_postgres::Client;

use super::databases::superuser;
use crate::settings::{Ports, Secrets};

/// Made anew for each run of the tests, and left empty: migrating it is what they try.
pub const NAME: &str = "zencall_test_supabase";
/// Stands for `postgres`, who is not the superuser there: CREATEROLE, CREATEDB, REPLICATION, BYPASSRLS.
const OWNER: &str = "zencall_supabase_owner";
/// The functions' login, made by the migrations.
const FUNCTIONS: &str = "zencall_supabase_functions";
/// The login of the project's API, PostgREST, which becomes `anon` or `authenticated` for each request.
const API: &str = "authenticator";
/// The login of Supabase Auth, which calls the project's hooks.
const AUTH: &str = "supabase_auth_admin";

/// How to reach the project's database.
#[derive(Debug, Clone)]
pub struct Project {
    /// As the project's owner.
    pub owner_url: String,
    /// As the functions, once it is migrated.
    pub functions_url: String,
    /// As the project's API.
    pub api_url: String,
    /// As Supabase Auth.
    pub auth_url: String,
}

/// Makes the project's database anew, with everything that Supabase puts into it and nothing of ours.
pub async fn recreate(ports: &Ports, secrets: &Secrets) -> anyhow::Result<Project> {
    let client = superuser("postgres", ports, secrets).await?;
    client
        .batch_execute(&format!("drop database if exists {NAME} with (force)"))
        .await?;
    create_roles(&client, secrets).await?;
    client
        .batch_execute(&format!("create database {NAME} owner {OWNER}"))
        .await?;
    let inside = superuser(NAME, ports, secrets).await?;
    inside
        .batch_execute(&include_str!("supabase.sql").replace(":owner", OWNER))
        .await
        .context("cannot make a database like Supabase's")?;
    let url = |user: &str, password: &str| {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{NAME}", ports.postgres)
    };
    Ok(Project {
        owner_url: url(OWNER, &secrets.owner_password),
        functions_url: url(FUNCTIONS, &secrets.functions_password),
        api_url: url(API, &secrets.functions_password),
        auth_url: url(AUTH, &secrets.functions_password),
    })
}

async fn create_roles(client: &Client, secrets: &Secrets) -> anyhow::Result<()> {
    // The passwords are ours and hexadecimal: nothing in them needs quoting.
    let owner_is = format!(
        "login nosuperuser createdb createrole replication bypassrls password '{}'",
        secrets.owner_password
    );
    let api_is = format!("login noinherit password '{}'", secrets.functions_password);
    let auth_is = format!("{api_is} createrole");
    for (role, attributes) in [
        ("anon", "nologin"),
        ("authenticated", "nologin"),
        ("service_role", "nologin bypassrls"),
        (AUTH, auth_is.as_str()),
        (API, api_is.as_str()),
        (OWNER, owner_is.as_str()),
    ] {
        let found = client
            .query_opt("select 1 from pg_roles where rolname = $1", &[&role])
            .await?;
        let verb = if found.is_some() { "alter" } else { "create" };
        client
            .batch_execute(&format!("{verb} role {role} {attributes}"))
            .await
            .with_context(|| format!("cannot make the role {role}"))?;
    }
    client
        .batch_execute(&format!("grant anon, authenticated, service_role to {API}"))
        .await?;
    // From PostgreSQL 16 on, whoever made a role may grant it, and nobody else. In a project its owner makes ours; here
    // another database of the same cluster came first.
    client
        .batch_execute(&format!(
            "do $$
             declare ours name;
             begin
               if current_setting('server_version_num')::int >= 160000 then
                 for ours in select rolname from pg_roles where rolname in ('zencall_app', 'zencall_lookup') loop
                   execute format('grant %I to {OWNER} with admin true, inherit false, set false', ours);
                 end loop;
               end if;
             end $$"
        ))
        .await?;
    Ok(())
}
