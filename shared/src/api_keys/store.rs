//! The SQL of keys. The application writes a hash and cannot read one.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::ApiKeyRecord;
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::api_key::ApiKeyHash;
use crate::kernel::ids::{ApiKeyId, UserId};
use crate::kernel::{PageRequest, Scope};

pub(super) async fn insert(tx: &TenantTx, key: &ApiKeyRecord, hash: &ApiKeyHash) -> Result<(), DbError> {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    tx.execute(
        "-- api_keys.insert
         insert into api_keys (id, organization_id, name, scopes, key_hash, created_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            &key.id,
            &tx.organization(),
            &key.name,
            &scopes,
            &Bytes(hash.0.to_vec()),
            &key.created_by,
            &key.created_at,
            &key.expires_at,
        ],
    )
    .await
    .map(drop)
}

pub(super) async fn list(tx: &TenantTx, page: PageRequest) -> Result<Vec<ApiKeyRecord>, DbError> {
    let rows = tx
        .query(
            "-- api_keys.list
             select id, name, scopes, created_by, created_at, expires_at, last_used_at, revoked_at from api_keys
              where revoked_at is null and ($1 is null or id < $1)
              order by id desc limit $2",
            &[&page.after, &page.rows_to_fetch()],
        )
        .await?;
    rows.iter().map(ApiKeyRecord::try_from).collect()
}

pub(super) async fn revoke(tx: &TenantTx, now: Timestamp, id: ApiKeyId) -> Result<bool, DbError> {
    let revoked = tx
        .execute(
            "-- api_keys.revoke
             update api_keys set revoked_at = $3
              where organization_id = $1 and id = $2 and revoked_at is null",
            &[&tx.organization(), &id, &now],
        )
        .await?;
    Ok(revoked == 1)
}

pub(super) async fn revoke_those_of(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
) -> Result<Vec<ApiKeyId>, DbError> {
    let rows = tx
        .query(
            "-- api_keys.revoke_those_of
             update api_keys set revoked_at = $3
              where organization_id = $1 and created_by = $2 and revoked_at is null
             returning id",
            &[&tx.organization(), &user, &now],
        )
        .await?;
    rows.iter()
        .map(|row| row.try_get("id").map_err(DbError::Statement))
        .collect()
}

impl TryFrom<&Row> for ApiKeyRecord {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let at = |column: &str| row.try_get(column).map_err(DbError::Statement);
        let scopes: Vec<String> = row.try_get("scopes").map_err(DbError::Statement)?;
        Ok(Self {
            id: row.try_get("id").map_err(DbError::Statement)?,
            name: row.try_get("name").map_err(DbError::Statement)?,
            // One of a later version opens nothing today.
            scopes: scopes.iter().filter_map(|word| Scope::parse(word).ok()).collect(),
            created_by: row.try_get("created_by").map_err(DbError::Statement)?,
            created_at: row.try_get("created_at").map_err(DbError::Statement)?,
            expires_at: at("expires_at")?,
            last_used_at: at("last_used_at")?,
            revoked_at: at("revoked_at")?,
        })
    }
}
