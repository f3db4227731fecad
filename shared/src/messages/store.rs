//! The SQL of messages as they are taken and shown.

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::{Direction, Message, NewMessage, Purpose, Step, hours};
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::ids::{MessageId, UserId};
use crate::kernel::{PageRequest, PhoneNumber, Timezone, Zones};

/// A message to insert.
pub(super) struct New<'a> {
    pub(super) id: MessageId,
    pub(super) message: &'a NewMessage,
    pub(super) segments: i32,
    pub(super) due_at: Timestamp,
    pub(super) is_test: bool,
    /// Nobody, where the platform sends by itself.
    pub(super) created_by: Option<UserId>,
    /// Whether its holder asked for it, to prove that the number is theirs: whoever wants no more messages may.
    pub(super) carries_code: bool,
    /// The hash by which the recipient is known should they have been erased at their request.
    pub(super) opposition: Option<Bytes>,
}

/// Whether it was inserted, and why not.
pub(super) enum Taken {
    Inserted,
    NotConfigured,
    CredentialsRejected,
    Suppressed,
}

/// What tells on which clock a recipient's hours are read.
pub(super) struct Recipient {
    home: Timezone,
    own: Option<Timezone>,
    postal_code: Option<String>,
}

impl Recipient {
    pub(super) fn clocks(&self, number: &PhoneNumber) -> Zones {
        hours::clocks(number, self.own.as_ref(), self.postal_code.as_deref(), &self.home)
    }

    pub(super) fn read(row: &Row) -> Result<Self, DbError> {
        let home = Timezone::parse(get(row, "home_timezone")?);
        let own: Option<&str> = get(row, "contact_timezone")?;
        Ok(Self {
            home: home.unwrap_or_else(|_| Timezone::paris()),
            own: own.and_then(|name| Timezone::parse(name).ok()),
            postal_code: get(row, "postal_code")?,
        })
    }
}

/// Looks the recipient's clock up.
pub(super) async fn recipient(tx: &TenantTx, number: &PhoneNumber) -> Result<Recipient, DbError> {
    let row = tx
        .query_one(
            "-- messages.recipient
             select o.timezone as home_timezone, c.timezone as contact_timezone, c.postal_code
               from organizations o left join contacts c on c.phone = $1",
            &[&number.as_str()],
        )
        .await?;
    Recipient::read(&row)
}

/// Inserts a message, unless nothing may be sent to this number, or by this organisation.
pub(super) async fn insert(tx: &TenantTx, new: &New<'_>, now: Timestamp) -> Result<Taken, DbError> {
    let queued_at = (new.due_at <= now).then_some(now);
    let row = tx
        .query_one(
            "-- messages.insert
             with asked as (
               select o.twilio_configured as configured, o.twilio_rejected_at is not null and not $10 as rejected,
                      coalesce(o.twilio_sms_sender, o.twilio_phone_number) as sender, c.id as contact_id,
                      not $12 and (coalesce(c.do_not_call, false) or exists (
                        select from do_not_call n where n.organization_id = $1 and n.phone = $3) or exists (
                        select from oppositions x where x.organization_id = $1 and x.phone_hash = $13)) as suppressed
                 from organizations o left join contacts c on c.organization_id = $1 and c.phone = $3
                where o.id = $1
             ), inserted as (
               insert into messages (id, organization_id, direction, phone, sender, body, purpose, status, status_rank,
                                     segments, contact_id, dispatch, due_at, queued_at, created_by, created_at, updated_at,
                                     carries_code)
               select $2, $1, 'outbound', $3, a.sender, $4, $5, 'queued', 1, $6, a.contact_id, 'waiting', $7, $8, $9, $11,
                      $11, $12
                 from asked a where a.configured and a.sender is not null and not a.rejected and not a.suppressed
               returning id
             ), told as (
               insert into message_history (organization_id, message_id, status, rank, at)
               select $1, id, 'queued', 1, $11 from inserted
             )
             select configured and sender is not null as configured, rejected, suppressed from asked",
            &[
                &tx.organization(),
                &new.id,
                &new.message.to.as_str(),
                &new.message.body,
                &new.message.purpose.as_str(),
                &new.segments,
                &new.due_at,
                &queued_at,
                &new.created_by,
                &new.is_test,
                &now,
                &new.carries_code,
                &new.opposition,
            ],
        )
        .await?;
    Ok(if !get::<bool>(&row, "configured")? {
        Taken::NotConfigured
    } else if get(&row, "rejected")? {
        Taken::CredentialsRejected
    } else if get(&row, "suppressed")? {
        Taken::Suppressed
    } else {
        Taken::Inserted
    })
}

/// One message.
pub(super) async fn find(tx: &TenantTx, id: MessageId) -> Result<Option<Message>, DbError> {
    let row = tx
        .query_opt(
            "-- messages.find
             select m.*, h.steps, h.steps_at
               from messages m
              cross join lateral (
                select coalesce(array_agg(h.status order by h.at, h.rank), '{}') as steps,
                       coalesce(array_agg(h.at order by h.at, h.rank), '{}') as steps_at
                  from message_history h where h.message_id = m.id) h
              where m.id = $1",
            &[&id],
        )
        .await?;
    row.as_ref().map(Message::try_from).transpose()
}

/// Messages, newest first, one more than the page holds.
pub(super) async fn list(tx: &TenantTx, page: PageRequest) -> Result<Vec<Message>, DbError> {
    let rows = tx
        .query(
            "-- messages.list
             with page as materialized (
               select * from messages where ($1::uuid is null or id < $1) order by id desc limit $2
             ), history as (
               select h.message_id, array_agg(h.status order by h.at, h.rank) as steps,
                      array_agg(h.at order by h.at, h.rank) as steps_at
                 from message_history h
                where h.message_id = any (array(select id from page))
                group by h.message_id)
             select m.*, coalesce(h.steps, '{}') as steps, coalesce(h.steps_at, '{}') as steps_at
               from page m left join history h on h.message_id = m.id
              order by m.id desc",
            &[&page.after, &page.rows_to_fetch()],
        )
        .await?;
    rows.iter().map(Message::try_from).collect()
}

impl TryFrom<&Row> for Message {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let inbound = get::<&str>(row, "direction")? == "inbound";
        let (phone, sender): (String, String) = (get(row, "phone")?, get(row, "sender")?);
        let (to, from) = if inbound { (sender, phone) } else { (phone, sender) };
        let statuses: Vec<String> = get(row, "steps")?;
        let instants: Vec<Timestamp> = get(row, "steps_at")?;
        Ok(Self {
            id: get(row, "id")?,
            direction: if inbound {
                Direction::Inbound
            } else {
                Direction::Outbound
            },
            to,
            from,
            body: get(row, "body")?,
            purpose: get::<Option<&str>>(row, "purpose")?.and_then(|word| Purpose::parse(word).ok()),
            status: get(row, "status")?,
            twilio_message_sid: get(row, "twilio_message_sid")?,
            error_code: get(row, "error_code")?,
            segments: get(row, "segments")?,
            contact_id: get(row, "contact_id")?,
            due_at: get(row, "due_at")?,
            retry_of: get(row, "retry_of")?,
            created_at: get(row, "created_at")?,
            history: statuses
                .into_iter()
                .zip(instants)
                .map(|(status, at)| Step { status, at })
                .collect(),
        })
    }
}

pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, DbError> {
    row.try_get(column).map_err(DbError::Statement)
}
