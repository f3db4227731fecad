//! The SQL of what the sweep looks after: messages that are due, and messages of which Twilio tells nothing.

use jiff::{SignedDuration, Timestamp};

use super::store::get;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::MessageId;

/// How long after Twilio took a message it is asked what became of it, unless it has told.
pub(super) const FIRST_POLL: SignedDuration = SignedDuration::from_mins(5);
/// How many seconds after each question the next one comes. Twilio gives up after ten hours; some operators never tell.
const PAUSES: [i32; 5] = [15 * 60, 3_600, 4 * 3_600, 12 * 3_600, 24 * 3_600];

/// What is put on the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) message: MessageId,
    /// It was sent: Twilio is asked what became of it.
    pub(super) ask: bool,
}

/// A message that Twilio has.
pub(super) struct Silent {
    pub(super) sid: String,
}

/// Messages that are due and on no queue, or were queued before `queued_before`, and those to ask Twilio about; marks
/// them as queued now.
pub(super) async fn take_due(
    tx: &TenantTx,
    now: Timestamp,
    queued_before: Timestamp,
    at_most: i64,
    asked_at_most: i64,
) -> Result<Vec<Due>, DbError> {
    // Materialised: what is limited and locked must be chosen once, whatever the planner makes of the join.
    let rows = tx
        .query(
            "-- messages.take_due
             with due as materialized (
               select id from messages
                where organization_id = $1 and dispatch <> 'done' and due_at <= $2
                  and (queued_at is null or queued_at < $3)
                order by due_at limit $4 for update skip locked
             ), unsent as (
               update messages m set queued_at = $2 from due
                where m.organization_id = $1 and m.id = due.id
               returning m.id
             ), quiet as materialized (
               select id from messages
                where organization_id = $1 and next_poll_at <= $2
                order by next_poll_at limit $5 for update skip locked
             ), silent as (
               update messages m
                  set polls = polls + 1, next_poll_at = $2 + make_interval(secs => ($6::int[])[polls + 1])
                 from quiet
                where m.organization_id = $1 and m.id = quiet.id
               returning m.id
             )
             select id, false as ask from unsent union all select id, true from silent",
            &[
                &tx.organization(),
                &now,
                &queued_before,
                &at_most,
                &asked_at_most,
                &PAUSES.as_slice(),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Due {
                message: get(row, "id")?,
                ask: get(row, "ask")?,
            })
        })
        .collect()
}

/// The message, if Twilio has it and nobody knows yet what became of it.
pub(super) async fn silent(tx: &TenantTx, id: MessageId) -> Result<Option<Silent>, DbError> {
    let row = tx
        .query_opt(
            "-- messages.silent
             select twilio_message_sid from messages
              where id = $1 and dispatch = 'done' and status_rank < 4
                and twilio_message_sid is not null",
            &[&id],
        )
        .await?;
    row.as_ref()
        .map(|row| {
            Ok(Silent {
                sid: get(row, "twilio_message_sid")?,
            })
        })
        .transpose()
}

/// Nobody will ever tell: it is not asked again.
pub(super) async fn stop_asking(tx: &TenantTx, id: MessageId) -> Result<(), DbError> {
    tx.execute(
        "-- messages.stop_asking
         update messages set next_poll_at = null where organization_id = $1 and id = $2",
        &[&tx.organization(), &id],
    )
    .await
    .map(drop)
}

/// Twilio answers nothing for this organisation now: none of its messages is asked about before `at`.
pub(super) async fn postpone(tx: &TenantTx, at: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- messages.postpone_questions
         update messages set next_poll_at = $2 where organization_id = $1 and next_poll_at < $2",
        &[&tx.organization(), &at],
    )
    .await
    .map(drop)
}
