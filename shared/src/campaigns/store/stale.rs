//! The SQL of reconciliation: attempts of which nothing is heard.

use jiff::Timestamp;

use super::get;
use crate::adapters::vapi::ListedCall;
use crate::campaigns::end::AttemptEnd;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::AttemptId;

/// An attempt that has waited too long for something.
pub(in crate::campaigns) struct Stale {
    pub(in crate::campaigns) attempt: AttemptId,
    pub(in crate::campaigns) status: String,
    pub(in crate::campaigns) vapi_assistant_id: String,
    pub(in crate::campaigns) vapi_call_id: Option<String>,
    pub(in crate::campaigns) dialing_at: Option<Timestamp>,
    pub(in crate::campaigns) max_duration_seconds: i32,
}

/// Attempts of which something should have been heard by now, oldest first: queued before `queued_before` and not
/// dialled; dialled before `dialing_before` and nothing known; in a call that must have ended before `dialing_before`.
pub(in crate::campaigns) async fn stale(
    tx: &TenantTx,
    queued_before: Timestamp,
    dialing_before: Timestamp,
    at_most: i64,
) -> Result<Vec<Stale>, DbError> {
    let rows = tx
        .query(
            "-- campaigns.stale_attempts
             select a.id, a.status, a.vapi_call_id, a.dialing_at, s.vapi_assistant_id, s.max_duration_seconds
               from call_attempts a
               join assistants s on s.id = a.assistant_id
              where ((a.status = 'queued' and coalesce(a.sent_at, a.queued_at) < $1)
                  or (a.status in ('dialing', 'unknown') and a.dialing_at < $2)
                  or (a.status = 'in_call' and a.dialing_at + make_interval(secs => s.max_duration_seconds) < $2))
              order by a.queued_at limit $3",
            &[&queued_before, &dialing_before, &at_most],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Stale {
                attempt: get(row, "id")?,
                status: get(row, "status")?,
                vapi_assistant_id: get(row, "vapi_assistant_id")?,
                vapi_call_id: get(row, "vapi_call_id")?,
                dialing_at: get(row, "dialing_at")?,
                max_duration_seconds: get(row, "max_duration_seconds")?,
            })
        })
        .collect()
}

/// The call is over, as far as Vapi tells, where no webhook told it.
pub(in crate::campaigns) async fn note_end(
    tx: &TenantTx,
    end: &AttemptEnd,
    call: Option<&ListedCall>,
    now: Timestamp,
) -> Result<(), DbError> {
    let started_at = call.and_then(|call| call.started_at);
    let ended_reason = call.and_then(|call| call.ended_reason.as_deref());
    let cost = call.and_then(|call| call.cost);
    let duration = started_at
        .and_then(|started_at| i32::try_from(end.at.duration_since(started_at).as_secs()).ok())
        .map(|seconds| seconds.max(0));
    tx.execute(
        "-- campaigns.note_end
         update calls set status = 'ended', outcome = $3, ended_reason = coalesce(ended_reason, $4),
                          started_at = coalesce(started_at, $5), ended_at = coalesce(ended_at, $6),
                          duration_seconds = coalesce(duration_seconds, $7), cost = coalesce($8, cost), updated_at = $9,
                          -- What was said, and how, stands in the report: it is asked for next.
                          report_due_at = case when reported_at is null and vapi_call_id is not null
                                               then coalesce(report_due_at, $9) end
          where organization_id = $1 and id = $2 and (status <> 'ended' or outcome is null)",
        &[
            &tx.organization(),
            &end.attempt,
            &end.outcome.as_str(),
            &ended_reason,
            &started_at,
            &end.at,
            &duration,
            &cost,
            &now,
        ],
    )
    .await
    .map(drop)
}

/// Notes that the messages of these attempts were sent again.
pub(in crate::campaigns) async fn mark_sent(
    tx: &TenantTx,
    attempts: &[AttemptId],
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.mark_sent
         update call_attempts set sent_at = $3 where organization_id = $1 and id = any ($2) and status = 'queued'",
        &[&tx.organization(), &attempts, &now],
    )
    .await
    .map(drop)
}
