//! The SQL of an export: one page of one table, in the order of its key, from the last row of the page before.

use futures_util::future::try_join;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::catalogue::Table;
use crate::App;
use crate::db::{Claims, DbError};

/// Rows of a page: what memory holds at once.
pub(super) const PAGE: usize = 500;

/// One row.
pub(super) struct ExportedRow {
    /// Where it stands in the order.
    pub(super) key: Vec<String>,
    /// Its columns, by name.
    pub(super) members: Map<String, Value>,
}

/// Reads the page behind `after`, or the first.
pub(super) async fn page(
    app: &App,
    claims: &Claims,
    table: &Table,
    subject: Uuid,
    after: Option<&[String]>,
) -> Result<Vec<ExportedRow>, DbError> {
    let sql = &statement(table, after.is_some());
    let organization = claims.organization();
    let (_, rows) = app
        .db
        .read("gdpr.export_page", claims, async |tx| {
            // Times in JSON are written in the session's zone.
            let utc = tx.query(
                "-- gdpr.export_in_utc\n select set_config('TimeZone', 'UTC', true)",
                &[],
            );
            try_join(utc, tx.query(sql, &[&organization, &subject, &after])).await
        })
        .await?;
    rows.into_iter()
        .map(|row| {
            let members: Value = row.try_get("members").map_err(DbError::Statement)?;
            Ok(ExportedRow {
                key: row.try_get("key").map_err(DbError::Statement)?,
                members: match members {
                    Value::Object(members) => members,
                    _ => Map::new(),
                },
            })
        })
        .collect()
}

/// `$1` is the organisation, `$2` the person or the contact, `$3` the key of the last row. Made of words of the catalogue alone.
fn statement(table: &Table, continues: bool) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    let members = list(
        table
            .columns()
            .map(|(name, expression)| format!("'{name}', {expression}"))
            .collect(),
    );
    let keys = list(table.key.iter().map(|(name, _)| format!("t.{name}")).collect());
    let key_texts = list(
        table
            .key
            .iter()
            .map(|(name, _)| format!("t.{name}::text"))
            .collect(),
    );
    let last = list(
        table
            .key
            .iter()
            .enumerate()
            .map(|(index, (_, sql_type))| format!("($3::text[])[{}]::{sql_type}", index + 1))
            .collect(),
    );
    let onwards = if continues {
        format!(" and ({keys}) > ({last})")
    } else {
        String::new()
    };
    format!(
        "-- gdpr.export_page
         select array[{key_texts}] as key, jsonb_build_object({members}) as members
           from {} t
          where t.{} = $1 and ({}){onwards}
          order by {keys} limit {PAGE}",
        table.table,
        table.tenant_column(),
        table.filter,
    )
}
