//! The SQL of messages on their way to Twilio.

use jiff::Timestamp;

use super::Purpose;
use super::poll_store::FIRST_POLL;
use super::store::{Recipient, get};
use crate::db::{DbError, TenantTx};
use crate::kernel::PhoneNumber;
use crate::kernel::ids::MessageId;

/// A message that is on its way, locked.
pub(super) struct UnderWay {
    pub(super) id: MessageId,
    pub(super) to: PhoneNumber,
    pub(super) from: String,
    pub(super) body: String,
    pub(super) is_marketing: bool,
    pub(super) is_waiting: bool,
    pub(super) due_at: Timestamp,
    pub(super) sending_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
    pub(super) configured: bool,
    /// The account that the organisation is connected with.
    pub(super) account_sid: Option<String>,
    /// Whether it answers whoever asked for it a moment ago, which a list of objections has no say in.
    pub(super) is_asked_for: bool,
    /// Whether the person objects to messages of this organisation's.
    pub(super) suppressed: bool,
    /// Whether the text lacks the code that follows from its id.
    pub(super) carries_code: bool,
    pub(super) recipient: Recipient,
}

/// Takes a message up if it is still on its way; a duplicate, late or stale request finds nothing.
pub(super) async fn lock(tx: &TenantTx, id: MessageId) -> Result<Option<UnderWay>, DbError> {
    let row = tx
        .query_opt(
            "-- messages.lock
             select m.id, m.phone, m.sender, m.body, m.purpose, m.dispatch, m.due_at, m.sending_at, m.created_at,
                    m.carries_code,
                    o.twilio_configured, o.twilio_account_sid, o.timezone as home_timezone,
                    c.timezone as contact_timezone, c.postal_code,
                    m.confirms_stop or m.carries_code as is_asked_for,
                    coalesce(c.do_not_call, false) or exists (
                      select from do_not_call n where n.organization_id = $1 and n.phone = m.phone) as suppressed
               from messages m
               join organizations o on o.id = $1
               left join contacts c on c.organization_id = $1 and c.phone = m.phone
              where m.organization_id = $1 and m.id = $2 and m.dispatch <> 'done'
                for update of m",
            &[&tx.organization(), &id],
        )
        .await?;
    row.as_ref()
        .map(|row| {
            Ok(UnderWay {
                id: get(row, "id")?,
                to: PhoneNumber::from_database(get(row, "phone")?),
                from: get(row, "sender")?,
                body: get(row, "body")?,
                is_marketing: get::<Option<&str>>(row, "purpose")? == Some(Purpose::Marketing.as_str()),
                is_waiting: get::<&str>(row, "dispatch")? == "waiting",
                due_at: get(row, "due_at")?,
                sending_at: get(row, "sending_at")?,
                created_at: get(row, "created_at")?,
                configured: get(row, "twilio_configured")?,
                account_sid: get(row, "twilio_account_sid")?,
                is_asked_for: get(row, "is_asked_for")?,
                suppressed: get(row, "suppressed")?,
                carries_code: get(row, "carries_code")?,
                recipient: Recipient::read(row)?,
            })
        })
        .transpose()
}

/// The request leaves now.
pub(super) async fn mark_sending(tx: &TenantTx, id: MessageId, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- messages.mark_sending
         with told as (
           insert into message_history (organization_id, message_id, status, rank, at)
           values ($1, $2, 'sending', 2, $3) on conflict do nothing
         )
         update messages set dispatch = 'sending', status = 'sending', status_rank = 2, sending_at = $3, updated_at = $3
          where organization_id = $1 and id = $2 and dispatch = 'waiting'",
        &[&tx.organization(), &id, &now],
    )
    .await
    .map(drop)
}

/// Nobody knows whether Twilio has it.
pub(super) async fn mark_unknown(tx: &TenantTx, id: MessageId, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- messages.mark_unknown
         update messages set dispatch = 'unknown', updated_at = $3
          where organization_id = $1 and id = $2 and dispatch = 'sending'",
        &[&tx.organization(), &id, &now],
    )
    .await
    .map(drop)
}

/// Twilio has it, under this id. May be repeated, and a callback may have been faster; if none comes, it is asked for.
pub(super) async fn mark_accepted(
    tx: &TenantTx,
    id: MessageId,
    sid: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let poll_at = now.saturating_add(FIRST_POLL).unwrap_or(now);
    tx.execute(
        "-- messages.mark_accepted
         with works as (
           update organizations set twilio_rejected_at = null where id = $1 and twilio_rejected_at is not null
         )
         update messages set dispatch = 'done', twilio_message_sid = coalesce(twilio_message_sid, $3), updated_at = $4,
                             next_poll_at = case when status_rank < 4 then $5 end
          where organization_id = $1 and id = $2",
        &[&tx.organization(), &id, &sid, &now, &poll_at],
    )
    .await
    .map(drop)
}

/// It was certainly not sent: it waits until `due_at`.
pub(super) async fn give_back(
    tx: &TenantTx,
    id: MessageId,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- messages.give_back
         update messages set dispatch = 'waiting', status = 'queued', status_rank = 1, due_at = $3, queued_at = null,
                             sending_at = null, updated_at = $4
          where organization_id = $1 and id = $2 and dispatch <> 'done'",
        &[&tx.organization(), &id, &due_at, &now],
    )
    .await
    .map(drop)
}

/// It will not be sent.
pub(super) async fn end(
    tx: &TenantTx,
    id: MessageId,
    status: &str,
    error_code: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- messages.end
         with ended as (
           update messages set dispatch = 'done', status = $3, status_rank = 4, error_code = $4, updated_at = $5
            where organization_id = $1 and id = $2 and dispatch <> 'done'
           returning id
         )
         insert into message_history (organization_id, message_id, status, rank, error_code, at)
         select $1, id, $3, 4, $4, $5 from ended on conflict do nothing",
        &[&tx.organization(), &id, &status, &error_code, &now],
    )
    .await
    .map(drop)
}

/// Nobody will ever know whether it was sent; a callback may still tell.
pub(super) async fn abandon(tx: &TenantTx, id: MessageId, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- messages.abandon
         update messages set dispatch = 'done', error_code = 'outcome_unknown', updated_at = $3
          where organization_id = $1 and id = $2 and dispatch <> 'done'",
        &[&tx.organization(), &id, &now],
    )
    .await
    .map(drop)
}

/// Twilio refuses the organisation's credentials.
pub(super) async fn mark_rejected(tx: &TenantTx, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- messages.mark_credentials_rejected
         update organizations set twilio_rejected_at = coalesce(twilio_rejected_at, $2) where id = $1",
        &[&tx.organization(), &now],
    )
    .await
    .map(drop)
}

/// Those of Twilio's ids that are messages of ours already.
pub(super) async fn known_sids(tx: &TenantTx, sids: &[String]) -> Result<Vec<String>, DbError> {
    let rows = tx
        .query(
            "-- messages.known_sids
             select twilio_message_sid from messages where twilio_message_sid = any ($1)",
            &[&sids],
        )
        .await?;
    rows.iter().map(|row| get(row, "twilio_message_sid")).collect()
}
