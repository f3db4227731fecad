//! Migrations, embedded in the binary; and the functions' login, which they cannot create without its password.

use std::str::FromStr;

use tokio_postgres::{Config, NoTls};

mod embedded {
    refinery::embed_migrations!("../migrations");
}

/// What a run did.
#[derive(Debug, Clone)]
pub struct Report {
    /// The versions that were applied, in order; empty where there was nothing to do.
    pub applied: Vec<String>,
}

/// A run failed; what had been applied before stays.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// An address does not read as one.
    #[error("the database address is not readable")]
    Address(#[source] tokio_postgres::Error),
    /// The functions' address has no user or password.
    #[error("the functions' database address needs a user and a password")]
    Login,
    /// The database cannot be reached or refused a statement.
    #[error("the database refused")]
    Database(#[source] tokio_postgres::Error),
    /// A migration failed, or one that was applied has been edited since.
    #[error("a migration failed")]
    Migration(#[source] Box<refinery::Error>),
}

/// Brings the database up to date as its owner, gives the functions' login its password, its limits and nothing but the
/// right to become `zencall_app`, and sets the number of platform slots. Doing it twice changes nothing.
pub async fn run(owner_url: &str, functions_url: &str, platform_slots: i32) -> Result<Report, MigrateError> {
    let owner = Config::from_str(owner_url).map_err(MigrateError::Address)?;
    let functions = Config::from_str(functions_url).map_err(MigrateError::Address)?;
    let tls = super::pool::connector(&owner, None).map_err(|_| MigrateError::Login)?;
    let mut client = match tls {
        Some(tls) => {
            let (client, connection) = owner.connect(tls).await.map_err(MigrateError::Database)?;
            tokio::spawn(connection);
            client
        }
        None => {
            let (client, connection) = owner.connect(NoTls).await.map_err(MigrateError::Database)?;
            tokio::spawn(connection);
            client
        }
    };
    let report = embedded::migrations::runner()
        .run_async(&mut client)
        .await
        .map_err(|error| MigrateError::Migration(Box::new(error)))?;

    let user = functions.get_user().ok_or(MigrateError::Login)?;
    let password = functions
        .get_password()
        .and_then(|bytes| std::str::from_utf8(bytes).ok());
    let password = password.ok_or(MigrateError::Login)?;
    client
        .batch_execute(&login_statements(user, password))
        .await
        .map_err(MigrateError::Database)?;
    client
        .batch_execute(&format!("select zencall.set_platform_slots({platform_slots})"))
        .await
        .map_err(MigrateError::Database)?;
    Ok(Report {
        applied: report
            .applied_migrations()
            .iter()
            .map(ToString::to_string)
            .collect(),
    })
}

/// Utility statements take no parameters, so the two values are quoted here.
fn login_statements(user: &str, password: &str) -> String {
    let (name, literal) = (quote(user, '"'), quote(user, '\''));
    let password = quote(password, '\'');
    format!(
        "do $do$ begin
           if not exists (select from pg_roles where rolname = {literal}) then
             create role {name} login noinherit nosuperuser nocreatedb nocreaterole;
           end if;
         end $do$;
         alter role {name} with login noinherit password {password};
         alter role {name} set statement_timeout = '10s';
         alter role {name} set idle_in_transaction_session_timeout = '5s';
         grant zencall_app to {name};"
    )
}

fn quote(value: &str, mark: char) -> String {
    let doubled = value.replace(mark, &format!("{mark}{mark}"));
    format!("{mark}{doubled}{mark}")
}
