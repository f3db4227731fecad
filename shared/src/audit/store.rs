//! The SQL of reading the log.

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;
use uuid::Uuid;

use super::list::Filter;
use super::{Doer, Entry};
use crate::db::{DbError, TenantTx};
use crate::kernel::PageRequest;

/// An entry's id is made a moment before or after its time is read.
const MOMENT: SignedDuration = SignedDuration::from_secs(60);

/// The entries that pass the filter, newest first, one more than the page holds. Ids sort by time, so that a range of
/// time is a range of the index too; the columns say exactly.
pub(super) async fn list(tx: &TenantTx, filter: &Filter, page: PageRequest) -> Result<Vec<Entry>, DbError> {
    let first = filter
        .from
        .and_then(|from| from.checked_sub(MOMENT).ok())
        .map(first_id_at);
    let last = filter
        .to
        .and_then(|to| to.checked_add(MOMENT).ok())
        .map(first_id_at);
    let rows = tx
        .query(
            "-- audit.list
             select l.id, l.action, l.user_id, p.full_name, l.api_key_id, k.name, l.details, l.ip_address,
                    l.user_agent, l.created_at
               from gdpr_audit_logs l
               left join profiles p on p.organization_id = l.organization_id and p.id = l.user_id
               left join api_keys k on k.organization_id = l.organization_id and k.id = l.api_key_id
              where ($1::uuid is null or l.id < $1)
                and ($2::text is null or l.action = $2)
                and ($3::uuid is null or coalesce(l.user_id, l.api_key_id) = $3)
                and ($4::uuid is null or l.id >= $4)
                and ($5::uuid is null or l.id < $5)
                and ($6::timestamptz is null or l.created_at >= $6)
                and ($7::timestamptz is null or l.created_at < $7)
              order by l.id desc
              limit $8",
            &[
                &page.after,
                &filter.action,
                &filter.actor,
                &first,
                &last,
                &filter.from,
                &filter.to,
                &page.rows_to_fetch(),
            ],
        )
        .await?;
    rows.iter().map(Entry::try_from).collect()
}

/// The smallest UUID v7 of this instant (RFC 9562, 5.7).
fn first_id_at(instant: Timestamp) -> Uuid {
    let milliseconds = u64::try_from(instant.as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

impl TryFrom<&Row> for Entry {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let text = |column: &str| row.try_get(column).map_err(DbError::Statement);
        let user: Option<_> = row.try_get("user_id").map_err(DbError::Statement)?;
        let key: Option<_> = row.try_get("api_key_id").map_err(DbError::Statement)?;
        let doer = match (user, key) {
            (Some(user), _) => Some(Doer::Person(user, text("full_name")?)),
            (None, Some(key)) => Some(Doer::ApiKey(key, text("name")?)),
            (None, None) => None,
        };
        Ok(Self {
            id: row.try_get("id").map_err(DbError::Statement)?,
            action: row.try_get("action").map_err(DbError::Statement)?,
            doer,
            details: row.try_get("details").map_err(DbError::Statement)?,
            ip_address: text("ip_address")?,
            user_agent: text("user_agent")?,
            created_at: row.try_get("created_at").map_err(DbError::Statement)?,
        })
    }
}
