//! The SQL of reading calls.

use futures_util::future::try_join3;
use tokio_postgres::Row;

use super::ended_reason::Outcome;
use super::list::Filter;
use super::read::CallInFull;
use super::{Call, Direction, Event, Recording, Sentiment, SentimentFilter, Status, Transfer, Turn};
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::CallId;
use crate::kernel::{Money, PageRequest, PhoneNumber};

/// The calls that pass the filter, newest first, one more than the page holds. When a call began is written as the index
/// `calls_by_time` has it.
pub(super) async fn list(tx: &TenantTx, filter: &Filter, page: PageRequest) -> Result<Vec<Call>, DbError> {
    let (without_sentiment, sentiment) = match filter.sentiment {
        None => (false, None),
        Some(SentimentFilter::Unknown) => (true, None),
        Some(SentimentFilter::Known(sentiment)) => (false, Some(sentiment.as_str())),
    };
    let rows = tx
        .query(
            "-- calls.list
             select id, vapi_call_id, campaign_id, contact_id, assistant_id, direction, phone, status, outcome,
                    ended_reason, started_at, ended_at, duration_seconds, cost, sentiment, sentiment_score,
                    sentiment_source, summary, recording_available
               from calls
              where ($1::uuid is null or id < $1)
                and ($2::uuid is null or campaign_id = $2)
                and ($3::text is null or status = $3)
                and ($4::text is null or sentiment = $4)
                and (not $5 or sentiment is null)
                and ($6::text is null or direction = $6)
                and ($7::timestamptz is null
                     or case when started_at is null then created_at else started_at end >= $7)
                and ($8::timestamptz is null
                     or case when started_at is null then created_at else started_at end < $8)
              order by id desc
              limit $9",
            &[
                &page.after,
                &filter.campaign,
                &filter.status.map(Status::as_str),
                &sentiment,
                &without_sentiment,
                &filter.direction.map(Direction::as_str),
                &filter.from,
                &filter.to,
                &page.rows_to_fetch(),
            ],
        )
        .await?;
    rows.iter().map(Call::try_from).collect()
}

/// The call, what was said and what happened, in one packet; `None` if this tenant has no such call.
pub(super) async fn find(tx: &TenantTx, id: CallId) -> Result<Option<CallInFull>, DbError> {
    let id: &dyn crate::db::Param = &id;
    let (call, turns, events) = try_join3(
        tx.query_opt(
            "-- calls.find
             select id, vapi_call_id, campaign_id, contact_id, assistant_id, direction, phone, status, outcome,
                    ended_reason, started_at, ended_at, duration_seconds, cost, sentiment, sentiment_score,
                    sentiment_source, summary, recording_available, transfer_destination, transfer_connected,
                    disclosures
               from calls
              where id = $1",
            &[id],
        ),
        tx.query(
            "-- calls.turns
             select role, text, at from call_turns
              where call_id = $1
              order by at, role",
            &[id],
        ),
        tx.query(
            "-- calls.timeline
             select event, provider, occurred_at from provider_events
              where call_id = $1 and event is not null
              order by occurred_at, received_at",
            &[id],
        ),
    )
    .await?;
    let Some(row) = call else {
        return Ok(None);
    };
    let recording = get::<bool>(&row, "recording_available")?.then_some(Recording { available: true });
    let destination: Option<String> = get(&row, "transfer_destination")?;
    let connected: Option<bool> = get(&row, "transfer_connected")?;
    let disclosures: Option<serde_json::Value> = get(&row, "disclosures")?;
    Ok(Some(CallInFull {
        disclosures: disclosures.and_then(|found| serde_json::from_value(found).ok()),
        transfer: destination.map(|destination| Transfer::new(destination, connected)),
        call: Call::try_from(&row)?,
        turns: turns.iter().map(Turn::try_from).collect::<Result<_, _>>()?,
        timeline: events.iter().map(Event::try_from).collect::<Result<_, _>>()?,
        recording,
    }))
}

/// Vapi's id of a call that was recorded; none inside where it was not, none at all where there is no such call.
pub(super) async fn recorded(tx: &TenantTx, id: CallId) -> Result<Option<Option<String>>, DbError> {
    let row = tx
        .query_opt(
            "-- calls.recorded
             select case when recording_available then vapi_call_id end as vapi_call_id
               from calls where id = $1",
            &[&id],
        )
        .await?;
    row.map(|row| get(&row, "vapi_call_id")).transpose()
}

impl TryFrom<&Row> for Call {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let text = |column| get::<Option<String>>(row, column);
        Ok(Self {
            id: get(row, "id")?,
            vapi_call_id: get(row, "vapi_call_id")?,
            campaign_id: get(row, "campaign_id")?,
            contact_id: get(row, "contact_id")?,
            assistant_id: get(row, "assistant_id")?,
            // The checks of the table hold no other word than these enumerations.
            direction: Direction::parse(&get::<String>(row, "direction")?).unwrap_or(Direction::Outbound),
            phone: text("phone")?.map(PhoneNumber::from_database),
            status: Status::parse(&get::<String>(row, "status")?).unwrap_or(Status::Ended),
            outcome: text("outcome")?.and_then(|outcome| Outcome::parse(&outcome).ok()),
            ended_reason: get(row, "ended_reason")?,
            started_at: get(row, "started_at")?,
            ended_at: get(row, "ended_at")?,
            duration_seconds: get(row, "duration_seconds")?,
            cost: get::<Option<rust_decimal::Decimal>>(row, "cost")?.map(Money::new),
            sentiment: text("sentiment")?.and_then(|sentiment| Sentiment::parse(&sentiment).ok()),
            sentiment_score: get(row, "sentiment_score")?,
            sentiment_source: get(row, "sentiment_source")?,
            summary: get(row, "summary")?,
        })
    }
}

impl TryFrom<&Row> for Turn {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            role: get(row, "role")?,
            text: get(row, "text")?,
            at: get(row, "at")?,
        })
    }
}

impl TryFrom<&Row> for Event {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            event: get(row, "event")?,
            at: get(row, "occurred_at")?,
            provider: get(row, "provider")?,
        })
    }
}

fn get<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, DbError> {
    row.try_get(column).map_err(DbError::Statement)
}
