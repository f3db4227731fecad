//! The owner's role, the databases and their addresses.

use anyhow::Context;
use tokio_postgres::{Client, NoTls};
use zencall::db::migrate::PlatformLines;

use crate::settings::{Ports, Secrets};

/// The migrations' owner: an ordinary role, as on RDS, so that row security binds it too.
const OWNER: &str = "zencall_owner";
/// The functions' login, created by the migrations.
const FUNCTIONS: &str = "zencall_functions";
/// What `make dev`, `make up` and `make demo` use.
pub const DEVELOPMENT: &str = "zencall";
/// What `make test` uses, made anew each time.
pub const TEST: &str = "zencall_test";

/// What tests that need a database of their own copy: the campaigns of one would be called by another.
pub const TEST_TEMPLATE: &str = "zencall_test_template";

/// One database and how to reach it.
#[derive(Debug, Clone)]
pub struct Database {
    /// As the owner: migrations, and people who look around.
    pub owner_url: String,
    /// As the functions.
    pub functions_url: String,
}

impl Database {
    /// The addresses of a database of that name.
    pub fn new(name: &str, ports: &Ports, secrets: &Secrets) -> Self {
        let url = |user: &str, password: &str| {
            format!("postgres://{user}:{password}@127.0.0.1:{}/{name}", ports.postgres)
        };
        Self {
            owner_url: url(OWNER, &secrets.owner_password),
            functions_url: url(FUNCTIONS, &secrets.functions_password),
        }
    }
}

/// Creates the owner and the database, if they are not there.
pub async fn prepare(name: &str, ports: &Ports, secrets: &Secrets) -> anyhow::Result<Database> {
    let client = superuser("postgres", ports, secrets).await?;
    create_owner(&client, secrets).await?;
    let found = client
        .query_opt("select 1 from pg_database where datname = $1", &[&name])
        .await?;
    if found.is_none() {
        client
            .batch_execute(&format!("create database {name} owner {OWNER}"))
            .await?;
    }
    Ok(Database::new(name, ports, secrets))
}

/// Makes the database anew, empty.
pub async fn recreate(name: &str, ports: &Ports, secrets: &Secrets) -> anyhow::Result<Database> {
    remove(name, ports, secrets).await?;
    prepare(name, ports, secrets).await
}

/// Removes the database, if it is there.
pub async fn remove(name: &str, ports: &Ports, secrets: &Secrets) -> anyhow::Result<()> {
    let client = superuser("postgres", ports, secrets).await?;
    client
        .batch_execute(&format!("drop database if exists {name} with (force)"))
        .await?;
    Ok(())
}

/// Removes the databases that single tests made for themselves in the last run.
pub async fn drop_copies(ports: &Ports, secrets: &Secrets) -> anyhow::Result<()> {
    let client = superuser("postgres", ports, secrets).await?;
    let copies = client
        .query(
            "select datname from pg_database where datname like 'zencall\\_alone\\_%'",
            &[],
        )
        .await?;
    for copy in copies {
        let name: String = copy.get(0);
        client
            .batch_execute(&format!("drop database {name} with (force)"))
            .await?;
    }
    Ok(())
}

/// Brings the schema up to date, with the product's own migrations and this many platform slots. An account at the stand-in
/// of Twilio dials faster than one there: nobody waits a second for each call of a demo.
pub async fn migrate(database: &Database, slots: i32) -> anyhow::Result<()> {
    // Everything here counts on all of them.
    let lines = PlatformLines { slots, reserve: 0 };
    zencall::db::migrate::run(&database.owner_url, &database.functions_url, None, lines).await?;
    let (owner, connection) = tokio_postgres::connect(&database.owner_url, NoTls).await?;
    tokio::spawn(connection);
    owner
        .batch_execute("alter table organizations alter column calls_per_second set default 1000")
        .await?;
    Ok(())
}

async fn create_owner(client: &Client, secrets: &Secrets) -> anyhow::Result<()> {
    let found = client
        .query_opt("select 1 from pg_roles where rolname = $1", &[&OWNER])
        .await?;
    let verb = if found.is_some() { "alter" } else { "create" };
    // The password is ours and hexadecimal: nothing in it needs quoting.
    let statement = format!(
        "{verb} role {OWNER} login createrole createdb nosuperuser nobypassrls password '{}'",
        secrets.owner_password
    );
    client
        .batch_execute(&statement)
        .await
        .context("cannot create the owner's role")
}

/// A connection that nothing binds: for what an owner may not do, and to measure with.
pub async fn superuser(database: &str, ports: &Ports, secrets: &Secrets) -> anyhow::Result<Client> {
    let url = format!(
        "postgres://postgres:{}@127.0.0.1:{}/{database}",
        secrets.superuser_password, ports.postgres
    );
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.with_context(|| {
        "PostgreSQL's superuser cannot log in: if .local/secrets.json was lost, remove its data too \
         (.local/postgres; as root the folder that .local/postgres-data names)"
    })?;
    tokio::spawn(connection);
    Ok(client)
}
