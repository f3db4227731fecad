//! The SQL of calls that are under way.

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::Direction;
use super::during::{Happened, UnderWay};
use crate::adapters::vapi::webhook::Projection;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::CallId;
use crate::kernel::{Country, Language, PhoneNumber, Timezone};

/// The call that a message is about, who is on the line and which assistant speaks, as far as our rows know.
pub(super) async fn find(tx: &TenantTx, event: &Projection) -> Result<UnderWay, DbError> {
    let row = tx
        .query_one(
            "-- calls.under_way
             with attempt as (
               select id, campaign_id, contact_id, assistant_id, queued_at from call_attempts
                where (id = $1 and (vapi_call_id is null or $2 is null)) or vapi_call_id = $2
                order by vapi_call_id nulls last limit 1
             ), call as (
               select id, campaign_id, contact_id, assistant_id, phone, created_at from calls
                where (id = (select id from attempt) and (vapi_call_id is null or $2 is null)) or vapi_call_id = $2
                order by vapi_call_id nulls last limit 1
             )
             select o.name as organization_name, o.timezone, o.country, o.language as home_language,
                    c.id as call_id, a.id as attempt_id, coalesce(a.queued_at, c.created_at) as created_at,
                    coalesce(c.campaign_id, a.campaign_id) as campaign_id,
                    k.id as contact_id, nullif(concat_ws(' ', k.first_name, k.last_name), '') as contact_name,
                    coalesce(c.phone, k.phone, $4) as phone,
                    s.id as assistant_id, s.language, s.transfer_number
               from organizations o
               left join attempt a on true
               left join call c on true
               left join assistants s
                 on case when coalesce(c.assistant_id, a.assistant_id) is null then s.vapi_assistant_id = $3
                         else s.id = coalesce(c.assistant_id, a.assistant_id) end
               left join contacts k
                 on k.id = coalesce(c.contact_id, a.contact_id, (select p.id from contacts p where p.phone = $4))",
            &[
                &event.keys.attempt,
                &event.keys.call,
                &event.keys.assistant,
                &event.phone,
            ],
        )
        .await?;
    let id: Option<CallId> = get(&row, "call_id")?;
    let text = |column| get::<Option<String>>(&row, column);
    let language = text("language")?.unwrap_or(get(&row, "home_language")?);
    let created_at: Option<Timestamp> = get(&row, "created_at")?;
    Ok(UnderWay {
        id,
        is_known: id.is_some(),
        attempt: get(&row, "attempt_id")?,
        created_at: created_at.unwrap_or(event.received_at),
        campaign: get(&row, "campaign_id")?,
        contact: get(&row, "contact_id")?,
        contact_name: text("contact_name")?,
        phone: text("phone")?.map(PhoneNumber::from_database),
        assistant: get(&row, "assistant_id")?,
        // The checks of the tables hold no other language; a zone or a country that nobody knows is the usual one.
        language: Language::parse(&language).unwrap_or_default(),
        transfer_number: text("transfer_number")?.map(PhoneNumber::from_database),
        organization_name: get(&row, "organization_name")?,
        timezone: Timezone::parse(get(&row, "timezone")?).unwrap_or_else(|_| Timezone::paris()),
        country: Country::parse(get(&row, "country")?).unwrap_or(Country::FR),
    })
}

/// A call of which we know nothing but that it takes place.
pub(super) async fn insert(
    tx: &TenantTx,
    id: CallId,
    call: &UnderWay,
    event: &Projection,
    now: Timestamp,
) -> Result<(), DbError> {
    let direction = match (call.attempt, event.inbound) {
        (None, Some(true)) => Direction::Inbound,
        _ => Direction::Outbound,
    };
    let phone = call.phone.as_ref().map(PhoneNumber::as_str);
    tx.execute(
        "-- calls.keep
         insert into calls (id, organization_id, vapi_call_id, campaign_id, contact_id, attempt_id, assistant_id, direction,
                            phone, status, created_at, updated_at)
         values ($2, $1, $3, $4, $5, $6, $7, $8, $9, 'in_progress', $10, $11)
         on conflict do nothing",
        &[
            &tx.organization(),
            &id,
            &event.keys.call,
            &call.campaign,
            &call.contact,
            &call.attempt,
            &call.assistant,
            &direction.as_str(),
            &phone,
            &call.created_at,
            &now,
        ],
    )
    .await
    .map(drop)
}

/// A line of the timeline, in the month of the call like everything about it.
pub(super) async fn note(
    tx: &TenantTx,
    event: Uuid,
    call: CallId,
    known: &UnderWay,
    happened: &Happened<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- calls.note
         insert into provider_events (id, organization_id, month, provider, dedupe_key, kind, event, call_id, occurred_at,
                                      received_at, projection)
         values ($2, $1, date_trunc('month', $3 at time zone 'UTC')::date, 'vapi', $4, $5, $5, $6, $7, $7, $8)
         on conflict do nothing",
        &[
            &tx.organization(),
            &event,
            &known.created_at,
            &happened.dedupe_key,
            &happened.event,
            &call,
            &now,
            happened.details,
        ],
    )
    .await
    .map(drop)
}

fn get<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, DbError> {
    row.try_get(column).map_err(DbError::Statement)
}
