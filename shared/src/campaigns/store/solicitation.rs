//! The SQL of the count of solicitations, which lies outside every tenant behind narrow functions.

use std::collections::HashMap;

use jiff::Timestamp;

use super::get;
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::ids::AttemptId;
use crate::law::{attempts_period, most_attempts};

/// The latest solicitations under each key, the latest first; as many as the law allows in its period.
pub(in crate::campaigns) async fn recent(
    tx: &TenantTx,
    keys: &[Bytes],
    now: Timestamp,
) -> Result<HashMap<Vec<u8>, Vec<Timestamp>>, DbError> {
    let rows = tx
        .query(
            "-- campaigns.recent_solicitations
             select key, at from zencall.recent_solicitations($1, $2, $3)",
            &[&keys, &since(now), &at_most()],
        )
        .await?;
    let mut times: HashMap<Vec<u8>, Vec<Timestamp>> = HashMap::new();
    for row in &rows {
        times.entry(get(row, "key")?).or_default().push(get(row, "at")?);
    }
    Ok(times)
}

/// The same for one attempt, whose key is held until the transaction ends: of two who dial for one advertiser the second
/// sees what the first has done.
pub(in crate::campaigns) async fn hold(
    tx: &TenantTx,
    attempt: AttemptId,
    now: Timestamp,
) -> Result<Vec<Timestamp>, DbError> {
    let rows = tx
        .query(
            "-- campaigns.hold_solicitations
             select s.at from call_attempts a,
                    lateral zencall.hold_solicitations(a.solicitation_key, $3, $4) s
              where a.organization_id = $1 and a.id = $2 and a.status = 'queued' and a.solicitation_key is not null",
            &[&tx.organization(), &attempt, &since(now), &at_most()],
        )
        .await?;
    rows.iter().map(|row| get(row, "at")).collect()
}

pub(super) fn since(now: Timestamp) -> Timestamp {
    now.saturating_sub(attempts_period()).unwrap_or(Timestamp::MIN)
}

pub(super) fn at_most() -> i32 {
    i32::try_from(most_attempts()).unwrap_or(i32::MAX)
}
