//! The SQL of taking in what Twilio told.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::poll_store::FIRST_POLL;
use super::store::get;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::MessageId;
use crate::kernel::{Language, PhoneNumber};

/// An event as it is stored.
pub(super) struct Event {
    pub(super) id: Uuid,
    /// The same for every delivery of one event.
    pub(super) dedupe_key: String,
    pub(super) received_at: Timestamp,
    pub(super) projection: Value,
}

/// A status that Twilio told.
pub(super) struct Status<'a> {
    pub(super) sid: &'a str,
    pub(super) word: &'a str,
    pub(super) error_code: Option<&'a str>,
}

/// A message that came in.
pub(super) struct Inbound<'a> {
    pub(super) id: MessageId,
    pub(super) sid: &'a str,
    pub(super) from: &'a PhoneNumber,
    pub(super) to: &'a str,
    pub(super) body: &'a str,
    pub(super) segments: i32,
    /// Only if it was sent to the organisation's own number: others have the same account.
    pub(super) shared: bool,
}

/// The message that a status is of, as far as it was known.
pub(super) struct Found {
    pub(super) id: MessageId,
    pub(super) to: PhoneNumber,
    pub(super) status: String,
    pub(super) rank: i32,
    pub(super) retries: i32,
}

/// Stores a status unless it was stored before, and locks the message that it is of. The month is that of the message's
/// making, so that a repetition meets the first delivery.
pub(super) async fn take_status(
    tx: &TenantTx,
    event: &Event,
    message_id: Option<MessageId>,
    sid: &str,
) -> Result<(bool, Option<Found>), DbError> {
    let row = tx
        .query_one(
            "-- messages.take_status
             with message as (
               select id, phone, status, status_rank, retries, created_at from messages
                where organization_id = $1 and direction = 'outbound'
                  and (twilio_message_sid = $2 or (id = $3 and twilio_message_sid is null))
                order by twilio_message_sid nulls last limit 1
                  for no key update
             ), stored as (
               insert into provider_events (id, organization_id, month, provider, dedupe_key, kind, occurred_at,
                                            received_at, projection)
               select $4, $1,
                      date_trunc('month', coalesce((select created_at from message), $6) at time zone 'UTC')::date,
                      'twilio', $5, 'message_status', $6, $6, $7
               on conflict do nothing
               returning 1
             )
             select exists (select from stored) as stored, m.id, m.phone, m.status, m.status_rank, m.retries
               from (select) one left join message m on true",
            &[
                &tx.organization(),
                &sid,
                &message_id,
                &event.id,
                &event.dedupe_key,
                &event.received_at,
                &event.projection,
            ],
        )
        .await?;
    let found = match get::<Option<MessageId>>(&row, "id")? {
        None => None,
        Some(id) => Some(Found {
            id,
            to: PhoneNumber::from_database(get(&row, "phone")?),
            status: get(&row, "status")?,
            rank: get(&row, "status_rank")?,
            retries: get(&row, "retries")?,
        }),
    };
    Ok((get(&row, "stored")?, found))
}

/// Notes a status in the history, and shows it if it counts. Whatever it says, Twilio has the message.
pub(super) async fn write_status(
    tx: &TenantTx,
    id: MessageId,
    status: &Status<'_>,
    rank: i32,
    counts: bool,
    at: Timestamp,
    now: Timestamp,
) -> Result<(), DbError> {
    let poll_at = now.saturating_add(FIRST_POLL).unwrap_or(now);
    tx.execute(
        "-- messages.write_status
         with told as (
           insert into message_history (organization_id, message_id, status, rank, error_code, at)
           values ($1, $2, $3, $4, $5, $7) on conflict do nothing
         )
         update messages
            set status = case when $6 then $3 else status end,
                status_rank = case when $6 then $4 else status_rank end,
                error_code = case when $6 then $5 else error_code end,
                dispatch = 'done', twilio_message_sid = coalesce(twilio_message_sid, $8), updated_at = $9,
                next_poll_at = case when greatest(status_rank, $4) < 4
                                    then case when polls = 0 then coalesce(next_poll_at, $10) else next_poll_at end end
          where organization_id = $1 and id = $2",
        &[
            &tx.organization(),
            &id,
            &status.word,
            &rank,
            &status.error_code,
            &counts,
            &at,
            &status.sid,
            &now,
            &poll_at,
        ],
    )
    .await
    .map(drop)
}

/// Repeats a message later: its recipient's telephone was off.
pub(super) async fn insert_retry(
    tx: &TenantTx,
    id: MessageId,
    of: MessageId,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- messages.insert_retry
         with repeated as (
           insert into messages (id, organization_id, direction, phone, sender, body, purpose, status, status_rank, segments,
                                 contact_id, dispatch, due_at, retry_of, retries, created_by, created_at, updated_at)
           select $3, $1, 'outbound', phone, sender, body, purpose, 'queued', 1, segments, contact_id, 'waiting', $4, id,
                  retries + 1, created_by, $5, $5
             from messages where organization_id = $1 and id = $2 and not carries_code
           returning id
         )
         insert into message_history (organization_id, message_id, status, rank, at)
         select $1, id, 'queued', 1, $5 from repeated",
        &[&tx.organization(), &of, &id, &due_at, &now],
    )
    .await
    .map(drop)
}

/// Whose message it was that came in.
pub(super) struct Taken {
    pub(super) organization_name: String,
    pub(super) language: Language,
}

/// Stores a message that came in, if it is new and this organisation's.
pub(super) async fn take_inbound(
    tx: &TenantTx,
    event: &Event,
    inbound: &Inbound<'_>,
    now: Timestamp,
) -> Result<Option<Taken>, DbError> {
    let row = tx
        .query_opt(
            "-- messages.take_inbound
             with message as (
               insert into messages (id, organization_id, direction, phone, sender, body, status, status_rank,
                                     twilio_message_sid, segments, contact_id, dispatch, due_at, created_at, updated_at)
               select $2, $1, 'inbound', $3, $4, $5, 'received', 4, $6, $7,
                      (select c.id from contacts c where c.organization_id = $1 and c.phone = $3), 'done', $9, $9, $10
                 from organizations o
                where o.id = $1 and (not $8 or $4 in (o.twilio_phone_number, o.twilio_sms_sender))
               on conflict (organization_id, twilio_message_sid) do nothing
               returning id
             ), told as (
               insert into message_history (organization_id, message_id, status, rank, at)
               select $1, id, 'received', 4, $9 from message
             ), stored as (
               insert into provider_events (id, organization_id, month, provider, dedupe_key, kind, occurred_at,
                                            received_at, projection)
               select $11, $1, date_trunc('month', $9 at time zone 'UTC')::date, 'twilio', $12, 'message_received', $9, $9,
                      $13
                 from message
               on conflict do nothing
             )
             select o.name, o.language from organizations o, message where o.id = $1",
            &[
                &tx.organization(),
                &inbound.id,
                &inbound.from.as_str(),
                &inbound.to,
                &inbound.body,
                &inbound.sid,
                &inbound.segments,
                &inbound.shared,
                &event.received_at,
                &now,
                &event.id,
                &event.dedupe_key,
                &event.projection,
            ],
        )
        .await?;
    row.as_ref()
        .map(|row| {
            Ok(Taken {
                organization_name: get(row, "name")?,
                // The check of the table holds no other word.
                language: Language::parse(get(row, "language")?).unwrap_or_default(),
            })
        })
        .transpose()
}

/// An answer to somebody who wrote to us, sent although their number is on the list.
pub(super) struct Confirmation<'a> {
    pub(super) id: MessageId,
    pub(super) to: &'a PhoneNumber,
    /// The number that they wrote to.
    pub(super) from: &'a str,
    pub(super) body: &'a str,
    pub(super) segments: i32,
}

/// Inserts the answer.
pub(super) async fn insert_confirmation(
    tx: &TenantTx,
    confirmation: &Confirmation<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- messages.insert_confirmation
         with inserted as (
           insert into messages (id, organization_id, direction, phone, sender, body, purpose, status, status_rank, segments,
                                 contact_id, dispatch, due_at, queued_at, confirms_stop, created_at, updated_at)
           values ($2, $1, 'outbound', $3, $4, $5, 'service', 'queued', 1, $6,
                   (select c.id from contacts c where c.organization_id = $1 and c.phone = $3), 'waiting', $7, $7, true,
                   $7, $7)
           returning id
         )
         insert into message_history (organization_id, message_id, status, rank, at)
         select $1, id, 'queued', 1, $7 from inserted",
        &[
            &tx.organization(),
            &confirmation.id,
            &confirmation.to.as_str(),
            &confirmation.from,
            &confirmation.body,
            &confirmation.segments,
            &now,
        ],
    )
    .await
    .map(drop)
}
