//! The SQL of logins and their refresh tokens.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::super::Login;
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::ids::{SessionId, UserId};
use crate::kernel::{Origin, PageRequest};

pub(in crate::identity) async fn insert_session(
    tx: &TenantTx,
    now: Timestamp,
    session: SessionId,
    user: UserId,
    origin: &Origin,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.insert_session
         insert into sessions (id, organization_id, user_id, created_at, last_used_at, ip_address, user_agent)
         values ($1, $2, $3, $4, $4, $5, $6)",
        &[
            &session,
            &tx.organization(),
            &user,
            &now,
            &origin.ip_address,
            &origin.user_agent,
        ],
    )
    .await
    .map(drop)
}

/// Notes that a login was used; `false` where it has ended.
pub(in crate::identity) async fn touch_session(
    tx: &TenantTx,
    now: Timestamp,
    session: SessionId,
) -> Result<bool, DbError> {
    let touched = tx
        .execute(
            "-- identity.touch_session
             update sessions set last_used_at = $3
              where organization_id = $1 and id = $2 and revoked_at is null",
            &[&tx.organization(), &session, &now],
        )
        .await?;
    Ok(touched == 1)
}

/// Ends a login: whose it was, or `None` where it had ended.
pub(in crate::identity) async fn revoke_session(
    tx: &TenantTx,
    now: Timestamp,
    session: SessionId,
) -> Result<Option<UserId>, DbError> {
    let row = tx
        .query_opt(
            "-- identity.revoke_session
             update sessions set revoked_at = $3
              where organization_id = $1 and id = $2 and revoked_at is null
             returning user_id",
            &[&tx.organization(), &session, &now],
        )
        .await?;
    row.map(|row| row.try_get("user_id").map_err(DbError::Statement))
        .transpose()
}

/// The logins of a person that have not ended, newest first, one more than the page holds.
pub(in crate::identity) async fn list_sessions(
    tx: &TenantTx,
    used_after: Timestamp,
    user: UserId,
    page: PageRequest,
) -> Result<Vec<Login>, DbError> {
    let rows = tx
        .query(
            "-- identity.list_sessions
             select id, created_at, last_used_at, ip_address, user_agent from sessions
              where user_id = $1 and revoked_at is null and last_used_at > $2
                and ($3::uuid is null or id < $3)
              order by id desc limit $4",
            &[&user, &used_after, &page.after, &page.rows_to_fetch()],
        )
        .await?;
    rows.iter().map(Login::try_from).collect()
}

/// Ends one login of this person; `false` where it is not theirs, or has ended.
pub(in crate::identity) async fn revoke_own_session(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
    session: SessionId,
) -> Result<bool, DbError> {
    let revoked = tx
        .execute(
            "-- identity.revoke_own_session
             update sessions set revoked_at = $4
              where organization_id = $1 and user_id = $2 and id = $3 and revoked_at is null",
            &[&tx.organization(), &user, &session, &now],
        )
        .await?;
    Ok(revoked == 1)
}

/// Ends every login of this person but one.
pub(in crate::identity) async fn revoke_sessions(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
    except: Option<SessionId>,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.revoke_sessions
         update sessions set revoked_at = $3
          where organization_id = $1 and user_id = $2 and revoked_at is null and ($4::uuid is null or id <> $4)",
        &[&tx.organization(), &user, &now, &except],
    )
    .await
    .map(drop)
}

pub(in crate::identity) async fn insert_refresh_token(
    tx: &TenantTx,
    now: Timestamp,
    session: SessionId,
    hash: &Bytes,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.insert_refresh_token
         insert into refresh_tokens (token_hash, organization_id, session_id, created_at, expires_at)
         values ($1, $2, $3, $4, $5)",
        &[hash, &tx.organization(), &session, &now, &expires_at],
    )
    .await
    .map(drop)
}

/// Spends a refresh token; `false` where it was spent before or has expired.
pub(in crate::identity) async fn spend_refresh_token(
    tx: &TenantTx,
    now: Timestamp,
    hash: &Bytes,
) -> Result<bool, DbError> {
    let spent = tx
        .execute(
            "-- identity.spend_refresh_token
             update refresh_tokens set spent_at = $3
              where organization_id = $1 and token_hash = $2 and spent_at is null and expires_at > $3",
            &[&tx.organization(), hash, &now],
        )
        .await?;
    Ok(spent == 1)
}

pub(in crate::identity) async fn is_spent(tx: &TenantTx, hash: &Bytes) -> Result<bool, DbError> {
    let row = tx
        .query_opt(
            "-- identity.is_spent
             select 1 from refresh_tokens where token_hash = $1 and spent_at is not null",
            &[hash],
        )
        .await?;
    Ok(row.is_some())
}

impl TryFrom<&Row> for Login {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.try_get("id").map_err(DbError::Statement)?,
            created_at: row.try_get("created_at").map_err(DbError::Statement)?,
            last_used_at: row.try_get("last_used_at").map_err(DbError::Statement)?,
            ip_address: row.try_get("ip_address").map_err(DbError::Statement)?,
            user_agent: row.try_get("user_agent").map_err(DbError::Statement)?,
        })
    }
}
