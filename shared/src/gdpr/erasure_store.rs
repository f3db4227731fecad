//! The SQL of deletions. What the application may not delete itself goes through the functions of
//! `V171__gdpr_erasure.sql`.

use jiff::Timestamp;

use super::store::Claim;
use super::{GdprRequest, Scope};
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{GdprRequestId, UserId};
use crate::kernel::page::PageRequest;

/// Rows that one statement deletes.
const CHUNK: i32 = 500;

/// Everything that a person asked for, newest first.
pub(super) async fn list(
    tx: &TenantTx,
    user: UserId,
    page: PageRequest,
) -> Result<Vec<GdprRequest>, DbError> {
    let rows = tx
        .query(
            "-- gdpr.list
             select id, user_id, request_type, scope, status, reason, created_at, scheduled_at, completed_at,
                    expires_at, object_key, contact_id, receipts
               from gdpr_requests
              where user_id = $1 and ($2 is null or id < $2)
              order by id desc limit $3",
            &[&user, &page.after, &page.rows_to_fetch()],
        )
        .await?;
    rows.iter().map(GdprRequest::try_from).collect()
}

pub(super) async fn open_deletion(tx: &TenantTx, user: UserId) -> Result<Option<GdprRequest>, DbError> {
    let row = tx
        .query_opt(
            "-- gdpr.open_deletion
             select id, user_id, request_type, scope, status, reason, created_at, scheduled_at, completed_at,
                    expires_at, object_key, contact_id, receipts
               from gdpr_requests
              where user_id = $1 and request_type = 'data_deletion'
                and scope <> 'contact' and status in ('pending', 'processing')",
            &[&user],
        )
        .await?;
    row.as_ref().map(GdprRequest::try_from).transpose()
}

/// The members of the organisation besides this one: how many, and how many of them are administrators.
pub(super) async fn other_members(tx: &TenantTx, user: UserId) -> Result<(i64, i64), DbError> {
    let row = tx
        .query_one(
            "-- gdpr.other_members
             select count(*) as members, count(*) filter (where role = 'admin') as admins
               from profiles where id <> $1",
            &[&user],
        )
        .await?;
    let number = |column: &str| row.try_get(column).map_err(DbError::Statement);
    Ok((number("members")?, number("admins")?))
}

pub(super) async fn insert_deletion(
    tx: &TenantTx,
    now: Timestamp,
    id: GdprRequestId,
    user: UserId,
    (scope, scheduled_at): (Scope, Timestamp),
) -> Result<GdprRequest, DbError> {
    let row = tx
        .query_one(
            "-- gdpr.insert_deletion
             insert into gdpr_requests (id, organization_id, user_id, request_type, scope, scheduled_at, created_at,
                                        updated_at)
             values ($1, $2, $3, 'data_deletion', $4, $5, $6, $6)
             returning id, user_id, request_type, scope, status, reason, created_at, scheduled_at, completed_at,
                       expires_at, object_key, contact_id, receipts",
            &[
                &id,
                &tx.organization(),
                &user,
                &scope.as_str(),
                &scheduled_at,
                &now,
            ],
        )
        .await?;
    GdprRequest::try_from(&row)
}

/// Cancels a deletion that nobody has begun; `false` where it is another request, or has begun.
pub(super) async fn cancel(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
    id: GdprRequestId,
) -> Result<bool, DbError> {
    let cancelled = tx
        .execute(
            "-- gdpr.cancel
             update gdpr_requests set status = 'cancelled', completed_at = $4, updated_at = $4
              where organization_id = $1 and user_id = $2 and id = $3 and request_type = 'data_deletion'
                and scope <> 'contact' and status = 'pending' and attempts = 0",
            &[&tx.organization(), &user, &id, &now],
        )
        .await?;
    Ok(cancelled == 1)
}

/// Locks the organisation, so that of two members who leave at once the second is the last one.
pub(super) async fn lock_organization(tx: &TenantTx) -> Result<(), DbError> {
    tx.query(
        "-- gdpr.lock_organization
         select 1 from organizations where id = $1 for update",
        &[&tx.organization()],
    )
    .await
    .map(drop)
}

/// Makes the longest-standing member an administrator, where there would be none any more.
pub(super) async fn promote_oldest(
    tx: &TenantTx,
    now: Timestamp,
    leaving: UserId,
) -> Result<Option<UserId>, DbError> {
    let row = tx
        .query_opt(
            "-- gdpr.promote_oldest
             update profiles set role = 'admin', updated_at = $3
              where organization_id = $1 and id = (
                select id from profiles where organization_id = $1 and id <> $2 order by created_at, id limit 1)
             returning id",
            &[&tx.organization(), &leaving, &now],
        )
        .await?;
    row.map(|row| row.try_get("id").map_err(DbError::Statement))
        .transpose()
}

/// The archives in the bucket: the person's, or everybody's, and then also what lies there of files that were imported.
pub(super) async fn archives(tx: &TenantTx, user: UserId, scope: Scope) -> Result<Vec<String>, DbError> {
    let rows = tx
        .query(
            "-- gdpr.archives
             select object_key from gdpr_requests
              where object_key is not null and ($1 = 'organization' or user_id = $2)
             union all
             select unnest(array[format('imports/uploads/%s/%s', organization_id, id),
                                 format('imports/outcomes/%s/%s.csv', organization_id, id)])
               from contact_imports where $1 = 'organization'",
            &[&scope.as_str(), &user],
        )
        .await?;
    rows.iter()
        .map(|row| row.try_get("object_key").map_err(DbError::Statement))
        .collect()
}

/// Forgets the person: their profile and all that hangs on it, and their traces elsewhere. `false` where the claim was
/// lost.
pub(super) async fn erase_person(tx: &TenantTx, now: Timestamp, claim: &Claim) -> Result<bool, DbError> {
    let row = tx
        .query_one(
            "-- gdpr.erase_person
             select zencall.erase_person(r.user_id, $4) as erased
               from gdpr_requests r
              where r.organization_id = $1 and r.id = $2 and r.status = 'processing' and r.lease_until = $3
             union all select false limit 1",
            &[&tx.organization(), &claim.request.id, &claim.until, &now],
        )
        .await?;
    row.try_get("erased").map_err(DbError::Statement)
}

/// Marks the organisation as one that goes, and stops what it is doing; returns its assistants at Vapi.
pub(super) async fn begin_erasure(tx: &TenantTx, now: Timestamp) -> Result<Vec<String>, DbError> {
    tx.execute(
        "-- gdpr.mark_erasing
         update organizations set erasing_at = coalesce(erasing_at, $2) where id = $1",
        &[&tx.organization(), &now],
    )
    .await?;
    tx.execute(
        "-- gdpr.stop_campaigns
         update campaigns set status = 'cancelled', ended_at = coalesce(ended_at, $2), updated_at = $2
          where organization_id = $1 and status in ('scheduled', 'running', 'paused')",
        &[&tx.organization(), &now],
    )
    .await?;
    let rows = tx
        .query(
            "-- gdpr.assistants
             select vapi_assistant_id from assistants order by id",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| row.try_get("vapi_assistant_id").map_err(DbError::Statement))
        .collect()
}

/// Deletes some rows; returns how many.
pub(super) async fn erase_rows(tx: &TenantTx) -> Result<i32, DbError> {
    let row = tx
        .query_one(
            "-- gdpr.erase_rows
             select zencall.erase_rows($1) as erased",
            &[&CHUNK],
        )
        .await?;
    row.try_get("erased").map_err(DbError::Statement)
}

/// Deletes the organisation with whatever is left of it.
pub(super) async fn erase_organization(tx: &TenantTx) -> Result<bool, DbError> {
    let row = tx
        .query_one(
            "-- gdpr.erase_organization
             select zencall.erase_organization() as erased",
            &[],
        )
        .await?;
    row.try_get("erased").map_err(DbError::Statement)
}
