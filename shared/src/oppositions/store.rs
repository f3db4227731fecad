//! The SQL of oppositions that are kept.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use tokio_postgres::Row;

use crate::db::{Bytes, DbError, TenantTx};

/// Keeps the hash of a number.
pub async fn add(tx: &TenantTx, hash: &Bytes, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- oppositions.add
         insert into oppositions (organization_id, phone_hash, created_at) values ($1, $2, $3) on conflict do nothing",
        &[&tx.organization(), hash, &now],
    )
    .await
    .map(drop)
}

/// Forgets the hash of a number that was added before this time; `false` where it is not there, or was added later.
pub async fn lift(tx: &TenantTx, hash: &Bytes, before: Timestamp) -> Result<bool, DbError> {
    let lifted = tx
        .execute(
            "-- oppositions.lift
             delete from oppositions where organization_id = $1 and phone_hash = $2 and created_at < $3",
            &[&tx.organization(), hash, &before],
        )
        .await?;
    Ok(lifted == 1)
}

/// Which of these are kept.
pub async fn among(tx: &TenantTx, hashes: &[Bytes]) -> Result<HashSet<Vec<u8>>, DbError> {
    let rows = tx
        .query(
            "-- oppositions.among
             select phone_hash from oppositions where phone_hash = any ($1)",
            &[&hashes],
        )
        .await?;
    rows.iter()
        .map(|row| row.try_get("phone_hash").map_err(DbError::Statement))
        .collect()
}

/// Puts the hash of a number on the platform's list.
pub(super) async fn suppress_everywhere(tx: &TenantTx, hash: &Bytes, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- oppositions.suppress_everywhere
         select zencall.suppress_everywhere($1, $2)",
        &[hash, &now],
    )
    .await
    .map(drop)
}

/// Which of these are on it, and since when.
pub(super) async fn suppressed_everywhere(
    tx: &TenantTx,
    hashes: &[Bytes],
) -> Result<HashMap<Vec<u8>, Timestamp>, DbError> {
    let rows = tx
        .query(
            "-- oppositions.suppressed_everywhere
             select number_hash, objected_at from zencall.suppressed_everywhere($1)",
            &[&hashes],
        )
        .await?;
    let read = |row: &Row| Ok((row.try_get("number_hash")?, row.try_get("objected_at")?));
    rows.iter()
        .map(|row| read(row).map_err(DbError::Statement))
        .collect()
}
