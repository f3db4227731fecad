//! The SQL of taking in an event.

use futures_util::future::join;
use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio_postgres::Row;
use uuid::Uuid;

use super::ended_reason::Outcome;
use super::facts::{Certainty, Facts, Moment};
use super::report_store::FIRST_QUESTION;
use super::{Direction, Sentiment, Status};
use crate::adapters::vapi::webhook::{Fact, Keys, Projection};
use crate::db::{DbError, TenantTx};
use crate::kernel::Language;
use crate::kernel::ids::{AssistantId, AttemptId, CallId, CampaignId, ContactId};
use crate::law::LegalBasis;

/// Our locks of calls among other advisory locks.
const LOCKS_OF_CALLS: i32 = 1_501;

/// An event as it is stored.
pub(super) struct Record<'a> {
    pub(super) id: Uuid,
    /// The same for every delivery of one event.
    pub(super) dedupe_key: &'a str,
    /// What the product calls it.
    pub(super) name: Option<&'static str>,
    /// The call that the event begins, if we know none; nothing for an event that is not about a call.
    pub(super) new_call: Option<CallId>,
    /// When that call was created.
    pub(super) created_at: Timestamp,
    pub(super) projection: &'a serde_json::Value,
}

/// What we knew when the event came.
pub(super) struct Found {
    /// False where the same event was stored before.
    pub(super) stored: bool,
    pub(super) attempt: Option<Attempt>,
    pub(super) call: Option<KnownCall>,
    /// What its assistant was to say, where a report asks.
    pub(super) script: Option<Script>,
    /// Whether it may be of a call that is being placed: we know neither its attempt nor its call, and wait for one of its
    /// assistant's whose id Vapi has not told us yet.
    pub(super) expecting: bool,
}

/// In which language an assistant speaks, and for what, where a campaign placed the call.
pub(super) struct Script {
    pub(super) language: Language,
    pub(super) campaign: Option<Behalf>,
}

/// On whose behalf, why and on which ground a campaign calls.
pub(super) struct Behalf {
    pub(super) advertiser: String,
    pub(super) object: String,
    pub(super) basis: LegalBasis,
}

/// The attempt that the call was placed for.
pub(super) struct Attempt {
    pub(super) id: AttemptId,
    pub(super) campaign: CampaignId,
    pub(super) contact: ContactId,
    pub(super) assistant: AssistantId,
    pub(super) queued_at: Timestamp,
    pub(super) open: bool,
    pub(super) bound: bool,
    pub(super) outcome: Option<Outcome>,
}

/// The call as far as we know it.
pub(super) struct KnownCall {
    pub(super) id: CallId,
    pub(super) facts: Facts,
    /// Whether the row names Vapi's call.
    pub(super) bound: bool,
}

/// Waits for its turn among the events of this call.
pub(super) async fn lock(tx: &TenantTx, keys: &Keys) -> Result<(), DbError> {
    let subject = keys
        .call
        .clone()
        .or(keys.attempt.map(|attempt| attempt.to_string()));
    tx.execute(
        "-- calls.lock
         select pg_advisory_xact_lock($1, hashtext($2)) where $2 is not null",
        &[&LOCKS_OF_CALLS, &subject],
    )
    .await
    .map(drop)
}

/// Stores an event unless it was stored before, and tells what was known: with more columns, from more tables, where given.
macro_rules! take_event {
    ($columns:literal, $tables:literal) => {
        concat!(
            "-- calls.take_event
             with attempt as (
               select id, campaign_id, contact_id, assistant_id, queued_at, status, outcome, vapi_call_id
                 from call_attempts
                where organization_id = $1
                  and ((id = $2 and (vapi_call_id is null or $3 is null)) or vapi_call_id = $3)
                order by vapi_call_id nulls last limit 1
             ), call as (
               select id, vapi_call_id, campaign_id, assistant_id, created_at, status, ended_reason, started_at,
                      started_certainty, ended_at, ended_certainty, cost, sentiment, sentiment_score, sentiment_source,
                      summary, transfer_destination, transfer_connected, recording_available, reported_at, disclosures
                 from calls
                where organization_id = $1
                  and ((id = (select id from attempt) and (vapi_call_id is null or $3 is null)) or vapi_call_id = $3)
                order by vapi_call_id nulls last limit 1
             ), stored as (
               insert into provider_events (id, organization_id, month, provider, dedupe_key, kind, event, call_id,
                                            occurred_at, received_at, projection)
               select $5, $1,
                      date_trunc('month', coalesce((select queued_at from attempt), (select created_at from call), $6)
                                          at time zone 'UTC')::date,
                      'vapi', $7, $8, $9, coalesce((select id from call), (select id from attempt), $10), $11, $12, $13
               on conflict do nothing
               returning 1
             )
             select exists (select from stored) as stored,
                    a.id is null and c.id is null and zencall.expects_call($1, $4) as expecting,
                    a.id as attempt_id, a.campaign_id, a.contact_id, a.assistant_id, a.queued_at,
                    a.status as attempt_status, a.outcome as attempt_outcome,
                    a.vapi_call_id is not null as attempt_bound,
                    c.id as call_id, c.vapi_call_id is not null as call_bound, c.status, c.ended_reason, c.started_at,
                    c.started_certainty, c.ended_at, c.ended_certainty, c.cost, c.sentiment, c.sentiment_score,
                    c.sentiment_source, c.summary, c.transfer_destination, c.transfer_connected,
                    c.recording_available, c.reported_at, c.disclosures",
            $columns,
            " from (select) one left join attempt a on true left join call c on true",
            $tables
        )
    };
}

const TAKE: &str = take_event!("", "");
/// A report is held against what its assistant was to say.
const TAKE_REPORT: &str = take_event!(
    ", s.language, m.advertiser_name, m.object, m.legal_basis",
    " left join assistants s on s.organization_id = $1
                 and case when coalesce(c.assistant_id, a.assistant_id) is null then s.vapi_assistant_id = $4
                          else s.id = coalesce(c.assistant_id, a.assistant_id) end
               left join campaigns m on m.organization_id = $1 and m.id = coalesce(c.campaign_id, a.campaign_id)"
);

/// Waits for its turn among the events of this call, stores the event unless it was stored before, and tells what was
/// known: one packet. The month is that of the call's creation, so that a repetition meets the first delivery.
pub(super) async fn take(tx: &TenantTx, event: &Projection, record: &Record<'_>) -> Result<Found, DbError> {
    let keys = &event.keys;
    let is_report = matches!(event.fact, Fact::Report(_));
    let (locked, row) = join(
        lock(tx, keys),
        tx.query_one(
            if is_report { TAKE_REPORT } else { TAKE },
            &[
                &tx.organization(),
                &keys.attempt,
                &keys.call,
                &keys.assistant,
                &record.id,
                &record.created_at,
                &record.dedupe_key,
                &event.kind,
                &record.name,
                &record.new_call,
                &event.at(),
                &event.received_at,
                record.projection,
            ],
        ),
    )
    .await;
    locked?;
    Found::read(&row?, is_report)
}

/// Writes what is known of the call. Events of one call come one after the other; the dialler and reconciliation, which
/// do not wait for their turn, may have written in between, and nothing that they knew is taken back.
pub(super) async fn write(
    tx: &TenantTx,
    id: CallId,
    event: &Projection,
    attempt: Option<&Attempt>,
    created_at: Timestamp,
    facts: &Facts,
    now: Timestamp,
) -> Result<(), DbError> {
    let direction = match (attempt, event.inbound) {
        (None, Some(true)) => Direction::Inbound,
        _ => Direction::Outbound,
    };
    // What Vapi does not tell is asked for.
    let report_due_at = (facts.status == Status::Ended && facts.reported_at.is_none())
        .then(|| now.saturating_add(FIRST_QUESTION).unwrap_or(now));
    let disclosures = facts
        .disclosures
        .as_ref()
        .and_then(|found| serde_json::to_value(found).ok());
    tx.execute(
        "-- calls.write_facts
         insert into calls (id, organization_id, vapi_call_id, campaign_id, contact_id, attempt_id, assistant_id, direction,
                            phone, created_at, updated_at, status, outcome, ended_reason, started_at, started_certainty,
                            ended_at, ended_certainty, duration_seconds, cost, sentiment, sentiment_score,
                            sentiment_source, summary, transfer_destination, transfer_connected, recording_available,
                            reported_at, report_due_at, disclosures)
         select $1, $2, $3, $4,
                coalesce($5, (select k.id from contacts k where k.organization_id = $2 and k.phone = $10)), $6,
                coalesce($7, (select s.id from assistants s where s.organization_id = $2 and s.vapi_assistant_id = $8)),
                $9, coalesce((select k.phone from contacts k where k.organization_id = $2 and k.id = $5), $10),
                $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30,
                $31
         on conflict (id) do update
            set vapi_call_id = coalesce(calls.vapi_call_id, excluded.vapi_call_id),
                campaign_id = coalesce(calls.campaign_id, excluded.campaign_id),
                contact_id = coalesce(calls.contact_id, excluded.contact_id),
                attempt_id = coalesce(calls.attempt_id, excluded.attempt_id),
                assistant_id = coalesce(calls.assistant_id, excluded.assistant_id),
                phone = coalesce(calls.phone, excluded.phone),
                updated_at = excluded.updated_at,
                status = case when calls.status = 'ended' then 'ended' else excluded.status end,
                outcome = coalesce(excluded.outcome, calls.outcome),
                ended_reason = coalesce(excluded.ended_reason, calls.ended_reason),
                started_at = coalesce(excluded.started_at, calls.started_at),
                started_certainty = coalesce(excluded.started_certainty, calls.started_certainty),
                ended_at = coalesce(excluded.ended_at, calls.ended_at),
                ended_certainty = coalesce(excluded.ended_certainty, calls.ended_certainty),
                duration_seconds = coalesce(excluded.duration_seconds, calls.duration_seconds),
                cost = coalesce(excluded.cost, calls.cost),
                sentiment = coalesce(excluded.sentiment, calls.sentiment),
                sentiment_score = coalesce(excluded.sentiment_score, calls.sentiment_score),
                sentiment_source = coalesce(excluded.sentiment_source, calls.sentiment_source),
                summary = coalesce(excluded.summary, calls.summary),
                transfer_destination = coalesce(excluded.transfer_destination, calls.transfer_destination),
                transfer_connected = coalesce(excluded.transfer_connected, calls.transfer_connected),
                recording_available = excluded.recording_available or calls.recording_available,
                reported_at = coalesce(excluded.reported_at, calls.reported_at),
                disclosures = coalesce(excluded.disclosures, calls.disclosures),
                report_due_at = case when coalesce(excluded.reported_at, calls.reported_at) is null
                                     then coalesce(calls.report_due_at, excluded.report_due_at) end",
        &[
            &id,
            &tx.organization(),
            &event.keys.call,
            &attempt.map(|attempt| attempt.campaign),
            &attempt.map(|attempt| attempt.contact),
            &attempt.map(|attempt| attempt.id),
            &attempt.map(|attempt| attempt.assistant),
            &event.keys.assistant,
            &direction.as_str(),
            &event.phone,
            &created_at,
            &now,
            &facts.status.as_str(),
            &facts.end().map(|end| end.outcome.as_str()),
            &facts.ended_reason,
            &facts.started.map(|moment| moment.at),
            &facts.started.map(|moment| moment.certainty as i32),
            &facts.ended.map(|moment| moment.at),
            &facts.ended.map(|moment| moment.certainty as i32),
            &facts.duration_seconds(),
            &facts.cost,
            &facts.sentiment.map(Sentiment::as_str),
            &facts.sentiment_score,
            &facts.sentiment_source,
            &facts.summary,
            &facts.transfer_destination,
            &facts.transfer_connected,
            &facts.recording,
            &facts.reported_at,
            &report_due_at,
            &disclosures,
        ],
    )
    .await
    .map(drop)
}

impl Found {
    fn read(row: &Row, is_report: bool) -> Result<Self, DbError> {
        Ok(Self {
            stored: get(row, "stored")?,
            expecting: get(row, "expecting")?,
            script: if is_report { Script::read(row)? } else { None },
            attempt: match get::<Option<AttemptId>>(row, "attempt_id")? {
                Some(id) => Some(Attempt::read(row, id)?),
                None => None,
            },
            call: match get::<Option<CallId>>(row, "call_id")? {
                Some(id) => Some(KnownCall {
                    id,
                    facts: Facts::read(row)?,
                    bound: get(row, "call_bound")?,
                }),
                None => None,
            },
        })
    }
}

impl Script {
    fn read(row: &Row) -> Result<Option<Self>, DbError> {
        let language: Option<&str> = get(row, "language")?;
        let advertiser: Option<String> = get(row, "advertiser_name")?;
        let object: Option<String> = get(row, "object")?;
        let basis = get::<Option<&str>>(row, "legal_basis")?;
        // The check of the table holds no other word.
        let basis = basis.and_then(|basis| LegalBasis::parse(basis).ok());
        Ok(language.map(|language| Self {
            // The check of the table holds no other language.
            language: Language::parse(language).unwrap_or_default(),
            campaign: advertiser
                .zip(object)
                .zip(basis)
                .map(|((advertiser, object), basis)| Behalf {
                    advertiser,
                    object,
                    basis,
                }),
        }))
    }
}

impl Attempt {
    fn read(row: &Row, id: AttemptId) -> Result<Self, DbError> {
        let outcome: Option<String> = get(row, "attempt_outcome")?;
        Ok(Self {
            id,
            campaign: get(row, "campaign_id")?,
            contact: get(row, "contact_id")?,
            assistant: get(row, "assistant_id")?,
            queued_at: get(row, "queued_at")?,
            open: !matches!(get(row, "attempt_status")?, "ended" | "released"),
            bound: get(row, "attempt_bound")?,
            outcome: outcome.and_then(|outcome| Outcome::parse(&outcome).ok()),
        })
    }
}

impl Facts {
    fn read(row: &Row) -> Result<Self, DbError> {
        let text = |column| get::<Option<String>>(row, column);
        Ok(Self {
            // The checks of the table hold no other word than these enumerations.
            status: Status::parse(get(row, "status")?).unwrap_or(Status::Queued),
            ended_reason: text("ended_reason")?,
            started: moment(row, "started_at", "started_certainty")?,
            ended: moment(row, "ended_at", "ended_certainty")?,
            cost: get::<Option<Decimal>>(row, "cost")?,
            sentiment: text("sentiment")?.and_then(|word| Sentiment::parse(&word).ok()),
            sentiment_score: get(row, "sentiment_score")?,
            sentiment_source: text("sentiment_source")?,
            summary: text("summary")?,
            transfer_destination: text("transfer_destination")?,
            transfer_connected: get(row, "transfer_connected")?,
            recording: get(row, "recording_available")?,
            reported_at: get(row, "reported_at")?,
            disclosures: get::<Option<serde_json::Value>>(row, "disclosures")?
                .and_then(|found| serde_json::from_value(found).ok()),
        })
    }
}

fn moment(row: &Row, at: &str, certainty: &str) -> Result<Option<Moment>, DbError> {
    let certainty: Option<i32> = get(row, certainty)?;
    Ok(get::<Option<Timestamp>>(row, at)?.map(|at| Moment {
        at,
        certainty: certainty.map_or(Certainty::Signal, Certainty::of_number),
    }))
}

fn get<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, DbError> {
    row.try_get(column).map_err(DbError::Statement)
}
