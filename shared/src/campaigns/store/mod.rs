//! The SQL of campaigns.

pub(super) mod attempt;
pub(super) mod campaign;
pub(super) mod correction;
pub(super) mod decision;
pub(super) mod dossier;
pub(super) mod ending;
pub(super) mod forecast;
pub(super) mod gate;
pub(super) mod granted;
pub(super) mod lifecycle;
pub(super) mod lines;
pub(super) mod predial;
pub(super) mod prospects;
pub(super) mod release;
pub(super) mod report;
pub(super) mod solicitation;
pub(super) mod stale;
pub(super) mod upkeep;
pub(super) mod withdraw;

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::db::DbError;

/// A column of a row.
pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, DbError> {
    row.try_get(column).map_err(DbError::Statement)
}
