//! Migrations, embedded in the binary; and the functions' login, which they cannot create without its password.

use std::str::FromStr;

use tokio_postgres::{Config, NoTls};

use crate::kernel::class::{Classify, Failure};

mod embedded {
    refinery::embed_migrations!("../migrations");
}

/// The lines of the platform's account at Vapi.
#[derive(Debug, Clone, Copy)]
pub struct PlatformLines {
    /// How many calls it may have at once.
    pub slots: i32,
    /// How many of them are kept for inbound calls.
    pub reserve: i32,
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
    /// An address does not read as one. Why is not told: the driver's words may quote a part of the password.
    #[error("the database address is not readable")]
    Address,
    /// The functions' address has no password, or no user of plain letters.
    #[error("the functions' database address needs a password, and a user of a-z, 0-9 and _")]
    Login,
    /// The certificate of the database's authority is not readable.
    #[error("no usable certificate authority")]
    Authority,
    /// The database cannot be reached or refused a statement.
    #[error("the database refused: {}", super::error::cause(.0))]
    Database(tokio_postgres::Error),
    /// A migration failed, or one that was applied has been edited since.
    #[error("a migration failed")]
    Migration(#[source] Box<refinery::Error>),
}

/// Brings the database up to date as its owner, gives the functions' login its password, its limits and nothing but the
/// right to become `zencall_app`, closes new tables to the API of a Supabase project, makes sure that every table is walled off,
/// and sets the number of platform slots.
/// Doing it twice changes nothing.
pub async fn run(
    owner_url: &str,
    functions_url: &str,
    authority: Option<&str>,
    lines: PlatformLines,
) -> Result<Report, MigrateError> {
    let mut owner = Config::from_str(owner_url).map_err(|_| MigrateError::Address)?;
    super::pool::demand_tls(&mut owner);
    let functions = Config::from_str(functions_url).map_err(|_| MigrateError::Address)?;
    // Checked before anything is done.
    let user = functions
        .get_user()
        .map(role_of)
        .filter(|user| is_plain(user))
        .ok_or(MigrateError::Login)?;
    let password = functions
        .get_password()
        .and_then(|bytes| std::str::from_utf8(bytes).ok());
    let password = password.ok_or(MigrateError::Login)?;
    let tls = super::pool::connector(&owner, authority).map_err(|_| MigrateError::Authority)?;
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

    // Of the first, there is nothing to do unless a migration is of before; of the second, on a Supabase project alone. The
    // last one fails where a table is open.
    client
        .batch_execute(
            "select zencall.unify_policies(); select zencall.open_to_supabase(); select zencall.prove_wall()",
        )
        .await
        .map_err(MigrateError::Database)?;
    client
        .batch_execute(&login_statements(user, password))
        .await
        .map_err(MigrateError::Database)?;
    client
        .batch_execute(&format!(
            "select zencall.set_platform_slots({}), zencall.set_platform_reserve({})",
            lines.slots, lines.reserve
        ))
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

/// What a session makes for itself is no use to us, and is one thing less to think of. Where the database is somebody else's
/// (Supabase, whose own roles are in it), its rights stay as they are.
const NO_TEMPORARY_TABLES: &str = "
         do $do$ begin
           if not zencall.is_supabase() then
             execute format('revoke temporary on database %I from public', current_database());
           end if;
         end $do$;";

/// Utility statements take no parameters, so the two values are quoted here.
fn login_statements(user: &str, password: &str) -> String {
    let (name, literal) = (quote(user, '"'), quote(user, '\''));
    let password = literal_of(password);
    format!(
        "do $do$ begin
           if not exists (select from pg_roles where rolname = {literal}) then
             create role {name} login noinherit nosuperuser nocreatedb nocreaterole;
           end if;
         end $do$;
         alter role {name} with login noinherit password {password};
         alter role {name} set statement_timeout = '10s';
         alter role {name} set idle_in_transaction_session_timeout = '5s';
         grant zencall_app to {name};
         {NO_TEMPORARY_TABLES}"
    )
}

/// Supabase's pooler wants `role.project`; the role is what stands before the dot.
fn role_of(user: &str) -> &str {
    user.split_once('.').map_or(user, |(role, _)| role)
}

/// A name that means itself wherever it stands: it is written into the body of a `do` block.
fn is_plain(user: &str) -> bool {
    !user.is_empty()
        && user
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// A literal in which a backslash is one, whatever `standard_conforming_strings` says.
fn literal_of(value: &str) -> String {
    format!("E{}", quote(&value.replace('\\', "\\\\"), '\''))
}

fn quote(value: &str, mark: char) -> String {
    let doubled = value.replace(mark, &format!("{mark}{mark}"));
    format!("{mark}{doubled}{mark}")
}

impl Classify for MigrateError {
    fn failure(&self) -> Failure {
        Failure::internal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_user_is_written_into_a_statement() {
        assert!(is_plain("zencall_functions"));
        for user in ["", "Zencall", "a b", "a\"b", "a'b", "$do$", "é"] {
            assert!(!is_plain(user), "{user}");
        }
    }

    #[test]
    fn a_poolers_project_is_not_part_of_the_role() {
        assert_eq!(role_of("zencall_functions"), "zencall_functions");
        assert_eq!(role_of("zencall_functions.abcdefghijkl"), "zencall_functions");
    }

    #[test]
    fn a_password_of_any_signs_is_quoted() {
        assert_eq!(literal_of(r"it's \ $do$"), r"E'it''s \\ $do$'");
        let statements = login_statements("zencall_functions", "p'w");
        assert!(
            statements.contains(r#"alter role "zencall_functions" with login noinherit password E'p''w';"#)
        );
    }
}
