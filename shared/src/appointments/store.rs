//! The SQL of appointments.

use futures_util::future::join3;
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::list::Filter;
use super::slot::Slot;
use super::{Appointment, Status};
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{AppointmentId, CallId};
use crate::kernel::{Language, PageRequest, PhoneNumber, Timezone};

/// The key that two appointments at one time would share.
pub(super) const SLOT_KEY: &str = "appointment_slots_pkey";

/// An appointment with what else is said of it.
pub(super) struct Found {
    pub(super) appointment: Appointment,
    pub(super) organization_name: String,
}

/// An appointment to book.
pub(super) struct New<'a> {
    pub(super) appointment: &'a Appointment,
    /// Whose time it takes.
    pub(super) calendar: uuid::Uuid,
    pub(super) tool_call: Option<&'a str>,
    pub(super) slot: Slot,
    /// How many may be made in one call.
    pub(super) at_most: i64,
}

/// What became of it.
pub(super) enum Booked {
    /// It is made.
    Now,
    /// It was made before, by the same tool call or in the same call for the same time: when it begins.
    Before(Timestamp),
    /// There have been too many in this call.
    TooMany,
}

/// Makes an appointment, unless the same was made before. A time that somebody else has is refused by [`SLOT_KEY`].
pub(super) async fn book(tx: &TenantTx, new: &New<'_>) -> Result<Booked, DbError> {
    let of = new.appointment;
    let phone = of.phone.as_ref().map(PhoneNumber::as_str);
    let row = tx
        .query_one(
            "-- appointments.book
             with known as (
               select starts_at from appointments
                where organization_id = $1
                  and (coalesce(call_id, calendar_id) = coalesce($6, $3) and tool_call_id = $4
                       or call_id = $6 and starts_at = $9 and status in ('scheduled', 'confirmed'))
                order by tool_call_id is not distinct from $4 desc limit 1
             ), several as (
               select count(*) >= $19 as too_many from appointments
                where organization_id = $1 and call_id = $6 and status <> 'cancelled'
             ), made as (
               insert into appointments (id, organization_id, calendar_id, tool_call_id, assistant_id, call_id, campaign_id,
                                         contact_id, status, starts_at, ends_at, timezone, language, name, phone, email,
                                         notes, created_at, updated_at)
               select $2, $1, $3, $4, $5, $6, $7, $8, 'scheduled', $9, $10, $11, $12, $13, $14, $15, $16, $17, $17
                where not exists (select from known) and not (select too_many from several)
               returning id
             ), held as (
               insert into appointment_slots (organization_id, calendar_id, at, appointment_id)
               select $1, $3, step, made.id from made, unnest($18) step order by step
             )
             select (select starts_at from known) as known, exists (select from made) as made",
            &[
                &tx.organization(),
                &of.id,
                &new.calendar,
                &new.tool_call,
                &of.assistant_id,
                &of.call_id,
                &of.campaign_id,
                &of.contact_id,
                &of.starts_at,
                &of.ends_at,
                &of.timezone.as_str(),
                &of.language.as_str(),
                &of.name,
                &phone,
                &of.email,
                &of.notes,
                &of.created_at,
                &new.slot.steps(),
                &new.at_most,
            ],
        )
        .await?;
    Ok(match get::<Option<Timestamp>>(&row, "known")? {
        Some(starts_at) => Booked::Before(starts_at),
        None if get(&row, "made")? => Booked::Now,
        None => Booked::TooMany,
    })
}

/// When the appointment begins that this tool call made.
pub(super) async fn of_tool_call(
    tx: &TenantTx,
    call: CallId,
    tool_call: &str,
) -> Result<Option<Timestamp>, DbError> {
    let row = tx
        .query_opt(
            "-- appointments.of_tool_call
             select starts_at from appointments
              where coalesce(call_id, calendar_id) = $1 and tool_call_id = $2",
            &[&call, &tool_call],
        )
        .await?;
    row.map(|row| get(&row, "starts_at")).transpose()
}

/// One appointment.
pub(super) async fn find(tx: &TenantTx, id: AppointmentId) -> Result<Option<Found>, DbError> {
    let row = tx
        .query_opt(
            "-- appointments.find
             select a.*, o.name as organization_name
               from appointments a join organizations o on o.id = a.organization_id
              where a.id = $1",
            &[&id],
        )
        .await?;
    row.as_ref().map(Found::read).transpose()
}

/// The same, locked.
pub(super) async fn lock(tx: &TenantTx, id: AppointmentId) -> Result<Option<Found>, DbError> {
    let row = tx
        .query_opt(
            "-- appointments.lock
             select a.*, o.name as organization_name
               from appointments a join organizations o on o.id = a.organization_id
              where a.organization_id = $1 and a.id = $2
                for update of a",
            &[&tx.organization(), &id],
        )
        .await?;
    row.as_ref().map(Found::read).transpose()
}

/// The appointments that pass the filter, newest first, one more than the page holds.
pub(super) async fn list(
    tx: &TenantTx,
    filter: &Filter,
    page: PageRequest,
) -> Result<Vec<Appointment>, DbError> {
    let rows = tx
        .query(
            "-- appointments.list
             select * from appointments
              where ($1::uuid is null or id < $1)
                and ($2::timestamptz is null or starts_at >= $2)
                and ($3::timestamptz is null or starts_at < $3)
                and ($4::text is null or status = $4)
              order by id desc
              limit $5",
            &[
                &page.after,
                &filter.from,
                &filter.to,
                &filter.status.map(Status::as_str),
                &page.rows_to_fetch(),
            ],
        )
        .await?;
    rows.iter().map(Appointment::try_from).collect()
}

/// Writes an appointment as it is now, in one packet. `slot` is the time that it takes from now on where that has changed:
/// `Some(None)` gives its time back.
pub(super) async fn write(
    tx: &TenantTx,
    of: &Appointment,
    slot: Option<Option<Slot>>,
) -> Result<(), DbError> {
    let organization = tx.organization();
    let steps = slot.flatten().map(Slot::steps).unwrap_or_default();
    let (freed, held, written) = join3(
        tx.execute(
            "-- appointments.free_slots
             delete from appointment_slots where organization_id = $1 and appointment_id = $2 and $3",
            &[&organization, &of.id, &slot.is_some()],
        ),
        tx.execute(
            "-- appointments.hold_slots
             insert into appointment_slots (organization_id, calendar_id, at, appointment_id)
             select $1, a.calendar_id, step, a.id
               from appointments a, unnest($3) step
              where a.organization_id = $1 and a.id = $2
              order by step",
            &[&organization, &of.id, &steps],
        ),
        tx.execute(
            "-- appointments.write
             update appointments
                set status = $3, starts_at = $4, ends_at = $5, notes = $6, sequence = $7, updated_at = $8
              where organization_id = $1 and id = $2",
            &[
                &organization,
                &of.id,
                &of.status.as_str(),
                &of.starts_at,
                &of.ends_at,
                &of.notes,
                &of.sequence,
                &of.updated_at,
            ],
        ),
    )
    .await;
    freed?;
    held?;
    written.map(drop)
}

impl Found {
    fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            appointment: Appointment::try_from(row)?,
            organization_name: get(row, "organization_name")?,
        })
    }
}

impl TryFrom<&Row> for Appointment {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let text = |column| get::<Option<String>>(row, column);
        Ok(Self {
            id: get(row, "id")?,
            // The checks of the table hold no other words than these enumerations.
            status: Status::parse(get(row, "status")?).map_err(|_| DbError::Aborted)?,
            starts_at: get(row, "starts_at")?,
            ends_at: get(row, "ends_at")?,
            timezone: Timezone::parse(get(row, "timezone")?).unwrap_or_else(|_| Timezone::utc()),
            language: Language::parse(get(row, "language")?).unwrap_or_default(),
            name: text("name")?,
            phone: text("phone")?.map(PhoneNumber::from_database),
            email: text("email")?,
            notes: text("notes")?,
            assistant_id: get(row, "assistant_id")?,
            call_id: get(row, "call_id")?,
            campaign_id: get(row, "campaign_id")?,
            contact_id: get(row, "contact_id")?,
            sequence: get(row, "sequence")?,
            created_at: get(row, "created_at")?,
            updated_at: get(row, "updated_at")?,
        })
    }
}

fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, DbError> {
    row.try_get(column).map_err(DbError::Statement)
}
