//! The SQL of imports.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio_postgres::Row;

use super::progress::Progress;
use super::{Counts, Import, Reason, Status};
use crate::adapters::storage::Stored;
use crate::contacts::import::Place;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{ImportId, UserId};
use crate::kernel::{Language, Name, PageRequest};

/// An import with what only whoever works on it wants to know.
pub(super) struct Found {
    pub(super) import: Import,
    /// Whether something is left to do.
    pub(super) is_open: bool,
    /// Which file is read.
    pub(super) version: String,
    pub(super) place: Option<Place>,
    pub(super) batches: i32,
}

/// Makes an import; none where the organisation has too many open ones.
pub(super) async fn insert(
    tx: &TenantTx,
    (id, creator): (ImportId, Option<UserId>),
    file_name: &Name,
    language: Language,
    (at_most, now): (i32, Timestamp),
) -> Result<Option<Import>, DbError> {
    let language = match language {
        Language::Fr => Language::Fr,
        _ => Language::En,
    };
    let row = tx
        .query_opt(
            "-- imports.insert
             insert into contact_imports (id, organization_id, file_name, language, created_by, created_at, updated_at)
             select $2, $1, $3, $4, $5, $6, $6
              where (select count(*) from contact_imports where organization_id = $1 and open) < $7
             returning *",
            &[
                &tx.organization(),
                &id,
                &file_name.as_str(),
                &language.as_str(),
                &creator,
                &now,
                &at_most,
            ],
        )
        .await?;
    row.as_ref().map(Import::try_from).transpose()
}

/// The import; none if this tenant has no such one.
pub(super) async fn find(tx: &TenantTx, id: ImportId) -> Result<Option<Found>, DbError> {
    let row = tx
        .query_opt(
            "-- imports.find
             select * from contact_imports where id = $1",
            &[&id],
        )
        .await?;
    row.as_ref().map(Found::try_from).transpose()
}

/// The import, held until the transaction ends.
pub(super) async fn lock(tx: &TenantTx, id: ImportId) -> Result<Option<Import>, DbError> {
    let row = tx
        .query_opt(
            "-- imports.lock
             select * from contact_imports where organization_id = $1 and id = $2 for no key update",
            &[&tx.organization(), &id],
        )
        .await?;
    row.as_ref().map(Import::try_from).transpose()
}

/// The organisation's imports, newest first, one more than the page holds.
pub(super) async fn list(tx: &TenantTx, page: PageRequest) -> Result<Vec<Import>, DbError> {
    let rows = tx
        .query(
            "-- imports.list
             select * from contact_imports
              where ($1::uuid is null or id < $1)
              order by id desc limit $2",
            &[&page.after, &page.rows_to_fetch()],
        )
        .await?;
    rows.iter().map(Import::try_from).collect()
}

/// Stops an import; none where it is over.
pub(super) async fn cancel(tx: &TenantTx, id: ImportId, now: Timestamp) -> Result<Option<Import>, DbError> {
    let row = tx
        .query_opt(
            "-- imports.cancel
             update contact_imports set status = 'cancelled', completed_at = $3, updated_at = $3
              where organization_id = $1 and id = $2 and status in ('waiting', 'processing')
             returning *",
            &[&tx.organization(), &id, &now],
        )
        .await?;
    row.as_ref().map(Import::try_from).transpose()
}

/// Notes that the file is there, and where reading begins; none where somebody else has, or it was stopped.
pub(super) async fn begin(
    tx: &TenantTx,
    id: ImportId,
    stored: &Stored,
    place: &Place,
    now: Timestamp,
) -> Result<Option<Found>, DbError> {
    let row = tx
        .query_opt(
            "-- imports.begin
             update contact_imports
                set status = 'processing', version = $3, total_bytes = $4, place = $5, started_at = $6, updated_at = $6
              where organization_id = $1 and id = $2 and status = 'waiting'
             returning *",
            &[
                &tx.organization(),
                &id,
                &stored.version,
                &number(stored.bytes),
                &to_json(place),
                &now,
            ],
        )
        .await?;
    row.as_ref().map(Found::try_from).transpose()
}

/// Holds an import until the transaction ends, and says whether it is processed and has come as far as this.
pub(super) async fn hold(tx: &TenantTx, id: ImportId, batches: i32) -> Result<bool, DbError> {
    let held = tx
        .query_opt(
            "-- imports.hold
             select from contact_imports
              where organization_id = $1 and id = $2 and status = 'processing' and batches = $3
                for no key update",
            &[&tx.organization(), &id, &batches],
        )
        .await?;
    Ok(held.is_some())
}

/// Writes where an import has come to, with the lines of its outcome that precede that place.
pub(super) async fn go_on(
    tx: &TenantTx,
    id: ImportId,
    progress: &Progress,
    lines: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let counts = &progress.counts;
    tx.execute(
        "-- imports.go_on
         with kept as (
           insert into contact_import_batches (organization_id, import_id, number, outcome) values ($1, $2, $3, $4)
         )
         update contact_imports
            set batches = $3, place = $5, bytes_read = $6, rows_read = $7, imported = $8, updated = $9, rejected = $10,
                errors = $11, refused = $12, updated_at = $13
          where organization_id = $1 and id = $2",
        &[
            &tx.organization(),
            &id,
            &progress.batches,
            &lines,
            &to_json(&progress.place),
            &number(progress.place.offset),
            &count(counts.rows_read),
            &count(counts.imported),
            &count(counts.updated),
            &count(counts.rejected),
            &to_json(&counts.errors),
            &to_json(&counts.refused),
            &now,
        ],
    )
    .await
    .map(drop)
}

/// The lines of the batches behind this one, in order.
pub(super) async fn outcomes(
    tx: &TenantTx,
    id: ImportId,
    after: i32,
    at_most: i32,
) -> Result<Vec<(i32, String)>, DbError> {
    let rows = tx
        .query(
            "-- imports.outcomes
             select number, outcome from contact_import_batches
              where import_id = $1 and number > $2
              order by number limit $3",
            &[&id, &after, &at_most],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((get(row, "number")?, get(row, "outcome")?)))
        .collect()
}

/// Ends an import, unless that was done; one that was stopped stays so. The lines of its outcome lie in the bucket by now.
pub(super) async fn close(
    tx: &TenantTx,
    id: ImportId,
    status: Status,
    reason: Option<&Reason>,
    now: Timestamp,
) -> Result<Option<Import>, DbError> {
    let row = tx
        .query_opt(
            "-- imports.close
             with forgotten as (
               delete from contact_import_batches where organization_id = $1 and import_id = $2
             )
             update contact_imports
                set status = case when status = 'cancelled' then status else $3 end,
                    reason = case when status = 'cancelled' then null else $4 end,
                    open = false, has_outcome = batches > 0, place = null,
                    bytes_read = case when $3 = 'completed' and status <> 'cancelled' then total_bytes else bytes_read end,
                    completed_at = coalesce(completed_at, $5), updated_at = $5
              where organization_id = $1 and id = $2 and open
             returning *",
            &[
                &tx.organization(),
                &id,
                &status.as_str(),
                &reason.map(to_json),
                &now,
            ],
        )
        .await?;
    row.as_ref().map(Import::try_from).transpose()
}

fn number(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn count(rows: usize) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}

/// Structs of words and numbers always serialise.
fn to_json(value: &(impl serde::Serialize + ?Sized)) -> Value {
    serde_json::to_value(value).unwrap_or(json!(null))
}

/// A column of JSON of ours.
fn of_json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, DbError> {
    get::<Option<Value>>(row, column)?
        .map(|value| serde_json::from_value(value).map_err(|_| DbError::Aborted))
        .transpose()
}

impl TryFrom<&Row> for Found {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            import: Import::try_from(row)?,
            is_open: get(row, "open")?,
            version: get::<Option<String>>(row, "version")?.unwrap_or_default(),
            place: of_json(row, "place")?,
            batches: get(row, "batches")?,
        })
    }
}

impl TryFrom<&Row> for Import {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let rows = |column| Ok::<_, DbError>(usize::try_from(get::<i32>(row, column)?).unwrap_or_default());
        Ok(Self {
            id: get(row, "id")?,
            file_name: get(row, "file_name")?,
            status: Status::of_database(get(row, "status")?).ok_or(DbError::Aborted)?,
            reason: of_json(row, "reason")?,
            total_bytes: get(row, "total_bytes")?,
            bytes_read: get(row, "bytes_read")?,
            counts: Counts {
                rows_read: rows("rows_read")?,
                imported: rows("imported")?,
                updated: rows("updated")?,
                rejected: rows("rejected")?,
                errors: of_json(row, "errors")?.unwrap_or_default(),
                refused: of_json(row, "refused")?.unwrap_or_default(),
            },
            created_at: get(row, "created_at")?,
            started_at: get(row, "started_at")?,
            completed_at: get(row, "completed_at")?,
            language: Language::parse(get(row, "language")?).unwrap_or_default(),
            has_outcome: get(row, "has_outcome")?,
            created_by: get(row, "created_by")?,
        })
    }
}

fn get<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, DbError> {
    row.try_get(column).map_err(DbError::Statement)
}
