//! The SQL of the list.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::{Entry, Suppression};
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::DoNotCallId;
use crate::kernel::{PageRequest, PhoneNumber};

/// Adds a number; one that is there stays as it is.
pub(super) async fn insert(
    tx: &TenantTx,
    id: DoNotCallId,
    suppression: &Suppression<'_>,
    now: Timestamp,
) -> Result<(Entry, bool), DbError> {
    let row = tx
        .query_one(
            // An update of nothing: the row comes back, and is locked, whoever put it there.
            "-- do_not_call.insert
             insert into do_not_call (id, organization_id, phone, reason, source, created_by, created_at)
             values ($2, $1, $3, $4, $5, $6, $7)
             on conflict (organization_id, phone) do update set phone = excluded.phone
             returning *",
            &[
                &tx.organization(),
                &id,
                &suppression.phone.as_str(),
                &suppression.reason,
                &suppression.source,
                &suppression.created_by,
                &now,
            ],
        )
        .await?;
    let entry = Entry::try_from(&row)?;
    let new = entry.id == id;
    Ok((entry, new))
}

/// Ends the messages to a number of which no request has left.
pub(super) async fn cancel_messages(
    tx: &TenantTx,
    phone: &PhoneNumber,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- do_not_call.cancel_messages
         with cancelled as (
           update messages set dispatch = 'done', status = 'canceled', status_rank = 4,
                               error_code = 'recipient_opted_out', updated_at = $3
            where organization_id = $1 and phone = $2 and dispatch = 'waiting' and not confirms_stop and not carries_code
           returning id
         )
         insert into message_history (organization_id, message_id, status, rank, error_code, at)
         select $1, id, 'canceled', 4, 'recipient_opted_out', $3 from cancelled on conflict do nothing",
        &[&tx.organization(), &phone.as_str(), &now],
    )
    .await
    .map(drop)
}

/// The list, newest first, one more than the page holds.
pub(super) async fn list(
    tx: &TenantTx,
    phone: Option<&PhoneNumber>,
    page: PageRequest,
) -> Result<Vec<Entry>, DbError> {
    let phone = phone.map(PhoneNumber::as_str);
    let rows = tx
        .query(
            "-- do_not_call.list
             select * from do_not_call
              where ($1::uuid is null or id < $1) and ($2::text is null or phone = $2)
              order by id desc limit $3",
            &[&page.after, &phone, &page.rows_to_fetch()],
        )
        .await?;
    rows.iter().map(Entry::try_from).collect()
}

/// Removes a number; returns whether it was there.
pub(super) async fn delete(tx: &TenantTx, id: DoNotCallId) -> Result<bool, DbError> {
    let deleted = tx
        .execute(
            "-- do_not_call.delete
             delete from do_not_call where organization_id = $1 and id = $2",
            &[&tx.organization(), &id],
        )
        .await?;
    Ok(deleted == 1)
}

impl TryFrom<&Row> for Entry {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let read = || {
            Ok(Self {
                id: row.try_get("id")?,
                phone: PhoneNumber::from_database(row.try_get("phone")?),
                reason: row.try_get("reason")?,
                source: row.try_get("source")?,
                created_at: row.try_get("created_at")?,
            })
        };
        read().map_err(DbError::Statement)
    }
}
