//! Fills the database that is measured: a million rows a table within minutes, since nothing is checked or indexed on the way.

use anyhow::Context;
use tokio_postgres::Client;

/// Constraints and indexes are taken off and noted; the rows come; all is put back, with the foreign keys unchecked for the
/// rows that are there, as they are known to hold.
pub(super) async fn fill(client: &Client, rows: u32, unbound: &str) -> anyhow::Result<()> {
    let rows = include_str!("fill.sql").replace("{rows}", &rows.to_string());
    let inserts = rows.split(";\n");
    // The triggers book what is there already.
    let around = [
        "set session_replication_role = replica",
        include_str!("strip.sql"),
    ];
    let after = [
        include_str!("dress.sql"),
        "set session_replication_role = origin",
        "vacuum analyze",
        "checkpoint",
    ];
    for statement in around.into_iter().chain(inserts).chain(after) {
        client
            .batch_execute(statement)
            .await
            .with_context(|| format!("cannot fill: {statement}"))?;
    }
    client
        .batch_execute(&format!(
            "do $$ begin
               if not exists (select from pg_roles where rolname = '{unbound}') then
                 create role {unbound} nologin bypassrls;
               end if;
             end $$;
             grant zencall_app to {unbound};"
        ))
        .await?;
    Ok(())
}
