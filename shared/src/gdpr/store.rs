//! The SQL of requests.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::{GdprRequest, RequestType, Scope, WantedExport};
use crate::db::{DbError, TenantTx};
use crate::kernel::caller::Role;
use crate::kernel::ids::{GdprRequestId, UserId};

impl TryFrom<&Row> for GdprRequest {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let text = |column: &str| row.try_get::<_, String>(column).map_err(DbError::Statement);
        let at = |column: &str| row.try_get(column).map_err(DbError::Statement);
        Ok(Self {
            id: row.try_get("id").map_err(DbError::Statement)?,
            user: row.try_get("user_id").map_err(DbError::Statement)?,
            request_type: RequestType::from_database(&text("request_type")?),
            scope: Scope::from_database(&text("scope")?),
            status: text("status")?,
            reason: row.try_get("reason").map_err(DbError::Statement)?,
            created_at: row.try_get("created_at").map_err(DbError::Statement)?,
            scheduled_at: at("scheduled_at")?,
            completed_at: at("completed_at")?,
            expires_at: at("expires_at")?,
            object_key: row.try_get("object_key").map_err(DbError::Statement)?,
            contact: row.try_get("contact_id").map_err(DbError::Statement)?,
            receipts: row.try_get("receipts").map_err(DbError::Statement)?,
        })
    }
}

fn requests(rows: &[Row]) -> Result<Vec<GdprRequest>, DbError> {
    rows.iter().map(GdprRequest::try_from).collect()
}

/// Locks the person's row, so that what they ask for at once comes one after the other; `None` where they are gone.
pub(super) async fn lock_person(tx: &TenantTx, user: UserId) -> Result<Option<Role>, DbError> {
    let row = tx
        .query_opt(
            "-- gdpr.lock_person
             select role from profiles where organization_id = $1 and id = $2 for update",
            &[&tx.organization(), &user],
        )
        .await?;
    row.map(|row| {
        let role: String = row.try_get("role").map_err(DbError::Statement)?;
        Ok(Role::parse(&role).unwrap_or(Role::Member))
    })
    .transpose()
}

pub(super) async fn open_export(
    tx: &TenantTx,
    user: UserId,
    wanted: WantedExport,
) -> Result<Option<GdprRequest>, DbError> {
    let row = tx
        .query_opt(
            "-- gdpr.open_export
             select id, user_id, request_type, scope, status, reason, created_at, scheduled_at, completed_at,
                    expires_at, object_key, contact_id, receipts
               from gdpr_requests
              where user_id = $1 and request_type = $2 and scope = $3
                and status in ('pending', 'processing')",
            &[&user, &wanted.request_type.as_str(), &wanted.scope.as_str()],
        )
        .await?;
    row.as_ref().map(GdprRequest::try_from).transpose()
}

/// When the person last asked for exports, the newest first; those that failed were our fault.
pub(super) async fn exports_since(
    tx: &TenantTx,
    user: UserId,
    since: Timestamp,
) -> Result<Vec<Timestamp>, DbError> {
    let rows = tx
        .query(
            "-- gdpr.exports_since
             select created_at from gdpr_requests
              where user_id = $1 and request_type <> 'data_deletion' and status <> 'failed'
                and scope <> 'contact'
                and created_at > $2
              order by id desc limit 10",
            &[&user, &since],
        )
        .await?;
    rows.iter()
        .map(|row| row.try_get("created_at").map_err(DbError::Statement))
        .collect()
}

pub(super) async fn insert_export(
    tx: &TenantTx,
    now: Timestamp,
    id: GdprRequestId,
    user: UserId,
    wanted: WantedExport,
) -> Result<GdprRequest, DbError> {
    let row = tx
        .query_one(
            "-- gdpr.insert_export
             insert into gdpr_requests (id, organization_id, user_id, request_type, scope, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $6)
             returning id, user_id, request_type, scope, status, reason, created_at, scheduled_at, completed_at,
                       expires_at, object_key, contact_id, receipts",
            &[
                &id,
                &tx.organization(),
                &user,
                &wanted.request_type.as_str(),
                &wanted.scope.as_str(),
                &now,
            ],
        )
        .await?;
    GdprRequest::try_from(&row)
}

pub(super) async fn find(
    tx: &TenantTx,
    user: UserId,
    id: GdprRequestId,
) -> Result<Option<GdprRequest>, DbError> {
    let rows = tx
        .query(
            "-- gdpr.find
             select id, user_id, request_type, scope, status, reason, created_at, scheduled_at, completed_at,
                    expires_at, object_key, contact_id, receipts
               from gdpr_requests where user_id = $1 and id = $2",
            &[&user, &id],
        )
        .await?;
    Ok(requests(&rows)?.pop())
}

/// The right to work on a request, until it runs out.
#[derive(Debug)]
pub(super) struct Claim {
    /// What is to be done, for whom.
    pub(super) request: GdprRequest,
    /// How many times it was begun, this one included.
    pub(super) attempts: i32,
    /// As the database keeps it: proves that the claim is still ours.
    pub(super) until: Timestamp,
    /// What the person may do today.
    pub(super) role: Role,
}

/// Begins a request that is due and that nobody works on.
pub(super) async fn claim(
    tx: &TenantTx,
    now: Timestamp,
    until: Timestamp,
    id: GdprRequestId,
) -> Result<Option<Claim>, DbError> {
    let row = tx
        .query_opt(
            "-- gdpr.claim
             update gdpr_requests r
                set status = 'processing', attempts = r.attempts + 1, lease_until = $3, updated_at = $2
              where r.organization_id = $1 and r.id = $4 and r.status in ('pending', 'processing')
                and (r.lease_until is null or r.lease_until <= $2)
                and (r.scheduled_at is null or r.scheduled_at <= $2)
             returning r.id, r.user_id, r.request_type, r.scope, r.status, r.reason, r.created_at, r.scheduled_at,
                       r.completed_at, r.expires_at, r.object_key, r.contact_id, r.receipts, r.attempts, r.lease_until,
                       (select p.role from profiles p
                         where p.organization_id = r.organization_id and p.id = r.user_id) as role",
            &[&tx.organization(), &now, &until, &id],
        )
        .await?;
    row.map(|row| {
        let role: Option<String> = row.try_get("role").map_err(DbError::Statement)?;
        Ok(Claim {
            request: GdprRequest::try_from(&row)?,
            attempts: row.try_get("attempts").map_err(DbError::Statement)?,
            until: row.try_get("lease_until").map_err(DbError::Statement)?,
            role: role.and_then(|role| Role::parse(&role)).unwrap_or(Role::Member),
        })
    })
    .transpose()
}

/// Whether somebody is at work on the request.
pub(super) async fn is_under_way(tx: &TenantTx, now: Timestamp, id: GdprRequestId) -> Result<bool, DbError> {
    let row = tx
        .query_opt(
            "-- gdpr.is_under_way
             select 1 from gdpr_requests
              where id = $1 and status = 'processing' and lease_until > $2",
            &[&id, &now],
        )
        .await?;
    Ok(row.is_some())
}

/// Prolongs a claim; `false` where it was lost.
pub(super) async fn renew(tx: &TenantTx, claim: &Claim, until: Timestamp) -> Result<bool, DbError> {
    let renewed = tx
        .execute(
            "-- gdpr.renew
             update gdpr_requests set lease_until = $4
              where organization_id = $1 and id = $2 and status = 'processing' and lease_until = $3",
            &[&tx.organization(), &claim.request.id, &claim.until, &until],
        )
        .await?;
    Ok(renewed == 1)
}

/// Gives a claim back until later.
pub(super) async fn postpone(
    tx: &TenantTx,
    claim: &Claim,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- gdpr.postpone
         update gdpr_requests set status = 'pending', lease_until = $4, updated_at = $5
          where organization_id = $1 and id = $2 and status = 'processing' and lease_until = $3",
        &[&tx.organization(), &claim.request.id, &claim.until, &until, &now],
    )
    .await
    .map(drop)
}

/// Ends a request without its being done; `false` where the claim was lost.
pub(super) async fn end(
    tx: &TenantTx,
    claim: &Claim,
    now: Timestamp,
    status: &'static str,
    reason: &'static str,
) -> Result<bool, DbError> {
    let ended = tx
        .execute(
            "-- gdpr.end
             update gdpr_requests
                set status = $4, reason = $5, completed_at = $6, updated_at = $6, lease_until = null
              where organization_id = $1 and id = $2 and status = 'processing' and lease_until = $3",
            &[
                &tx.organization(),
                &claim.request.id,
                &claim.until,
                &status,
                &reason,
                &now,
            ],
        )
        .await?;
    Ok(ended == 1)
}

/// Notes where the archive lies; `false` where the claim was lost.
pub(super) async fn complete_export(
    tx: &TenantTx,
    claim: &Claim,
    now: Timestamp,
    (object_key, data_url, expires_at): (&str, &str, Timestamp),
) -> Result<bool, DbError> {
    let completed = tx
        .execute(
            "-- gdpr.complete_export
             update gdpr_requests
                set status = 'completed', object_key = $4, data_url = $5, expires_at = $6, completed_at = $7,
                    updated_at = $7, lease_until = null
              where organization_id = $1 and id = $2 and status = 'processing' and lease_until = $3",
            &[
                &tx.organization(),
                &claim.request.id,
                &claim.until,
                &object_key,
                &data_url,
                &expires_at,
                &now,
            ],
        )
        .await?;
    Ok(completed == 1)
}

/// To whom a mail about a request goes, while it has not left: address, language, the request.
pub(super) async fn recipient(
    tx: &TenantTx,
    id: GdprRequestId,
) -> Result<Option<(String, String, GdprRequest)>, DbError> {
    let row = tx
        .query_opt(
            "-- gdpr.recipient
             select r.id, r.user_id, r.request_type, r.scope, r.status, r.reason, r.created_at, r.scheduled_at,
                    r.completed_at, r.expires_at, r.object_key, r.contact_id, r.receipts, p.email, p.language
               from gdpr_requests r join profiles p on p.organization_id = r.organization_id and p.id = r.user_id
              where r.id = $1 and r.mailed_at is null",
            &[&id],
        )
        .await?;
    row.map(|row| {
        let text = |column: &str| row.try_get::<_, String>(column).map_err(DbError::Statement);
        Ok((text("email")?, text("language")?, GdprRequest::try_from(&row)?))
    })
    .transpose()
}

pub(super) async fn mark_mailed(tx: &TenantTx, now: Timestamp, id: GdprRequestId) -> Result<(), DbError> {
    tx.execute(
        "-- gdpr.mark_mailed
         update gdpr_requests set mailed_at = $3 where organization_id = $1 and id = $2",
        &[&tx.organization(), &id, &now],
    )
    .await
    .map(drop)
}
