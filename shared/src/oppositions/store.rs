//! The SQL of oppositions that are kept.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use tokio_postgres::Row;

use super::platform::Objection;
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::number_key::NumberKey;

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

/// Which of these are on the platform's list, with what this organisation knows of their holders.
pub(super) async fn suppressed_everywhere(
    tx: &TenantTx,
    key: &NumberKey,
    hashes: &[Bytes],
    phones: &[&str],
) -> Result<HashMap<Vec<u8>, Objection>, DbError> {
    let rows = tx
        .query(
            "-- oppositions.suppressed_everywhere
             select e.number_hash, e.objected_at, zencall.consent_facts($1, w.phone) as consents
               from zencall.suppressed_everywhere($2, $4) e
               join unnest($2::bytea[], $3::text[]) as w (hash, phone) on w.hash = e.number_hash",
            &[
                &tx.organization(),
                &hashes,
                &phones,
                &Bytes(key.fingerprint().to_vec()),
            ],
        )
        .await?;
    let read = |row: &Row| Ok((row.try_get("number_hash")?, objection(row)?));
    rows.iter()
        .map(|row| read(row).map_err(DbError::Statement))
        .collect()
}

/// What [`suppressed_everywhere`] tells of one of them.
pub(crate) fn objection(row: &Row) -> Result<Objection, tokio_postgres::Error> {
    // What cannot be read is no agreement.
    let consents: Option<serde_json::Value> = row.try_get("consents")?;
    let consents = consents.and_then(|value| serde_json::from_value(value).ok());
    Ok(Objection {
        objected_at: row.try_get("objected_at")?,
        consents: consents.unwrap_or_default(),
    })
}
