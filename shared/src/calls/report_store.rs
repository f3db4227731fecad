//! The SQL of reports that did not come.

use jiff::{SignedDuration, Timestamp};

use crate::db::{DbError, TenantTx};
use crate::kernel::ids::CallId;

/// How long after its end a call's report may come by itself.
pub(super) const FIRST_QUESTION: SignedDuration = SignedDuration::from_mins(5);
/// How many seconds after each question the next one comes. Vapi forgets a call after 14 days.
const PAUSES: [i32; 7] = [
    10 * 60,
    30 * 60,
    2 * 3_600,
    8 * 3_600,
    24 * 3_600,
    3 * 24 * 3_600,
    7 * 24 * 3_600,
];

/// A call that has ended and of which no report has come.
pub(super) struct Unreported {
    pub(super) id: CallId,
    pub(super) vapi_call_id: String,
    /// How often it was asked for, this time included.
    pub(super) asks: i32,
}

/// Takes calls whose report is to be asked for now. The next time is noted at once: who dies meanwhile asks later.
pub(super) async fn take(tx: &TenantTx, now: Timestamp, at_most: i64) -> Result<Vec<Unreported>, DbError> {
    let rows = tx
        .query(
            "-- calls.take_unreported
             with due as materialized (
               select id from calls
                where organization_id = $1 and report_due_at <= $2 and vapi_call_id is not null
                order by report_due_at limit $3 for update skip locked
             )
             update calls c
                set report_asks = report_asks + 1,
                    report_due_at = $2 + make_interval(secs => ($4::int[])[report_asks + 1])
               from due
              where c.organization_id = $1 and c.id = due.id
             returning c.id, c.vapi_call_id, c.report_asks",
            &[&tx.organization(), &now, &at_most, &PAUSES.as_slice()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let read = || {
                Ok(Unreported {
                    id: row.try_get("id")?,
                    vapi_call_id: row.try_get("vapi_call_id")?,
                    asks: row.try_get("report_asks")?,
                })
            };
            read().map_err(DbError::Statement)
        })
        .collect()
}

/// They were not asked about after all: Vapi has no time.
pub(super) async fn give_back(tx: &TenantTx, calls: &[CallId], at: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- calls.give_unreported_back
         update calls set report_asks = greatest(report_asks - 1, 0), report_due_at = $3
          where organization_id = $1 and id = any ($2) and reported_at is null",
        &[&tx.organization(), &calls, &at],
    )
    .await
    .map(drop)
}

/// Vapi knows the call no more: it is not asked again, and a call without an outcome has failed.
pub(super) async fn stop_asking(tx: &TenantTx, id: CallId, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- calls.stop_asking
         update calls set report_due_at = null, outcome = coalesce(outcome, 'failed'), updated_at = $3
          where organization_id = $1 and id = $2 and reported_at is null",
        &[&tx.organization(), &id, &now],
    )
    .await
    .map(drop)
}
