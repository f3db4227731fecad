//! Plans: nothing reads a whole table, and what row security adds is found by an index.

use anyhow::Context;
use serde_json::Value;

use super::measure::{Example, Session, Side};
use super::sources::with_literals;

/// The plan of a text as the functions' role.
async fn explain(session: &Session, organization: &str, sql: &str, settings: &str) -> anyhow::Result<Value> {
    session.run(&session.opening(Side::With, organization)?).await?;
    session.run(settings).await?;
    let explained = session
        .client
        .query_one(&format!("explain (format json, costs on) {sql}"), &[])
        .await
        .with_context(|| format!("cannot explain {sql}"));
    session.run("rollback").await?;
    Ok(explained?.get(0))
}

/// Every scan of a table in a plan.
fn scans(plan: &Value) -> Vec<&Value> {
    match plan {
        Value::Array(plans) => plans.iter().flat_map(scans).collect(),
        Value::Object(members) => {
            let own = members
                .get("Node Type")
                .and_then(Value::as_str)
                .is_some_and(|kind| kind.contains("Scan") && kind != "Bitmap Heap Scan");
            let table = members.contains_key("Relation Name") || members.contains_key("Index Name");
            let below = members.values().flat_map(scans);
            (own && table).then_some(plan).into_iter().chain(below).collect()
        }
        _ => Vec::new(),
    }
}

/// What is wrong with the plan of a statement: tables that are read as a whole.
pub(super) async fn of_statement(
    session: &Session,
    sql: &str,
    example: &Example,
) -> anyhow::Result<Vec<String>> {
    let text = with_literals(sql, example);
    let plan = explain(session, &example.organization, &text, "select").await?;
    let scans = scans(&plan);
    let whole = scans.iter().filter(|scan| scan["Index Cond"].is_null());
    Ok(whole
        .map(|scan| format!("{} of {}", scan["Node Type"], scan["Relation Name"]))
        .collect())
}

/// For each tenant's table, the index by which its policy alone finds the organisation's rows; or why it finds none.
pub(super) async fn of_every_table(
    session: &Session,
) -> anyhow::Result<Vec<(String, Result<String, String>)>> {
    let organization: String = session
        .client
        .query_one("select min(id::text) from organizations", &[])
        .await?
        .get(0);
    let tables = session
        .client
        .query(
            "select c.relname::text, has_any_column_privilege('zencall_app', c.oid, 'select'), a.attname::text
               from pg_class c
               join pg_attribute a on a.attrelid = c.oid
                and a.attname = case when c.relname = 'organizations' then 'id' else 'organization_id' end
              where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
              order by 1",
            &[],
        )
        .await?;
    let mut found = Vec::new();
    for row in tables {
        let (table, readable, column): (String, bool, String) = (row.get(0), row.get(1), row.get(2));
        if !readable {
            continue;
        }
        // Small tables are read as a whole when that is cheaper: the question is whether there is an index.
        let sql = format!("select {column} from {table}");
        let plan = explain(session, &organization, &sql, "set local enable_seqscan = off").await?;
        let wrong = scans(&plan)
            .into_iter()
            .find(|scan| !scan["Index Cond"].to_string().contains(&column));
        let outcome = match wrong {
            Some(scan) => Err(format!("{}, not by {column}", scan["Node Type"])),
            None => {
                let names = scans(&plan)
                    .into_iter()
                    .filter_map(|scan| scan["Index Name"].as_str());
                Ok(names.collect::<Vec<_>>().join(", "))
            }
        };
        found.push((table, outcome));
    }
    Ok(found)
}
