//! The SQL of the platform's lines at Vapi, which all organisations share.

use jiff::Timestamp;

use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{AttemptId, CallId};

/// Notes what Vapi's answer to an attempt says about the lines.
pub(in crate::campaigns) async fn learn(
    tx: &TenantTx,
    attempt: AttemptId,
    (refused, allowed, remaining): (bool, Option<i32>, Option<i32>),
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.learn_lines
         select zencall.learn_lines($1, $2, $3, $4, $5)",
        &[&attempt, &refused, &allowed, &remaining, &now],
    )
    .await
    .map(drop)
}

/// Notes that an inbound call takes a line, or has given it back.
pub(in crate::campaigns) async fn note_inbound(
    tx: &TenantTx,
    call: CallId,
    under_way: bool,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.note_inbound
         select zencall.note_inbound($1, $2, $3)",
        &[&call, &under_way, &now],
    )
    .await
    .map(drop)
}
