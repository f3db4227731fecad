//! Applying an event: stored once, applied in the same transaction, whatever its order and however often it comes
//! (`architecture.md` §6). Whose it is follows from our own rows, never from what it claims.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::ended_reason::Outcome;
use super::event_store::{self, Attempt, Found, Record};
use super::facts::Facts;
use crate::App;
use crate::adapters::vapi::webhook::{Fact, Projection};
use crate::campaigns::correction;
use crate::campaigns::end::{self, AttemptEnd, Ended};
use crate::db::edge::EventKeys;
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{CallId, OrganizationId};

/// How long an event of a call that we do not know waits for a call that is being placed. Placing takes seconds.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// How far from its coming an event's own time is believed: Vapi tries again for minutes.
const BELIEVED: SignedDuration = SignedDuration::from_hours(24 * 28);

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It was stored, and what it says is known now.
    Stored {
        /// Whose line is free now, if it ended an attempt: [`end::release_next`] is due.
        freed: Option<OrganizationId>,
    },
    /// It was stored before, and changed nothing.
    Repeated,
    /// Whose it is, or of which call, is not known yet: it waits.
    Parked,
}

/// An event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for ApplyError {
    fn failure(&self) -> Failure {
        match self {
            Self::Db(error) => error.failure(),
        }
    }
}

/// Applies an event.
pub async fn apply(app: &App, event: &Projection) -> Result<Applied, ApplyError> {
    let Some(organization) = app.db.organization_of_vapi_event(&keys(event)).await? else {
        tracing::info!(
            kind = event.kind,
            "an event of an assistant that we do not know waits"
        );
        return park(app, event).await;
    };
    let projection = serde_json::to_value(event).unwrap_or_default();
    let record = Record {
        id: app.clock.uuid(),
        dedupe_key: &dedupe_key(event),
        name: name(event),
        new_call: is_about_a_call(event).then(|| CallId::new(&app.clock)),
        created_at: created_at(event),
        projection: &projection,
    };
    let mut done = store(app, organization, event, &record).await;
    if let Err(Undone::Db(error)) = &done
        && error.lacks_partition()
    {
        // The first event of a month whose partition the schedule has not made.
        let today = app.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        app.db.ensure_partitions(today).await?;
        done = store(app, organization, event, &record).await;
    }
    match done {
        Ok(applied) => Ok(applied),
        Err(Undone::NotYet) => park(app, event).await,
        Err(Undone::Db(error)) => Err(error.into()),
    }
}

async fn park(app: &App, event: &Projection) -> Result<Applied, ApplyError> {
    let body = serde_json::to_value(event).unwrap_or_default();
    app.db.park_event(&app.clock, &body).await?;
    Ok(Applied::Parked)
}

/// Why a transaction was taken back.
enum Undone {
    Db(DbError),
    /// A call is being placed that may be this one: its attempt is not bound yet.
    NotYet,
}

impl From<DbError> for Undone {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// One transaction: a packet to store the event, one to write what is known of the call, what the campaign does at an
/// end, and the commit.
async fn store(
    app: &App,
    organization: OrganizationId,
    event: &Projection,
    record: &Record<'_>,
) -> Result<Applied, Undone> {
    let now = app.clock.now();
    let hurries = now.duration_since(event.received_at) > PATIENCE;
    app.db
        .write("calls.apply", &Claims::platform(organization), async |tx| {
            let found = event_store::take(tx, event, record).await?;
            if !found.stored {
                return Ok(Applied::Repeated);
            }
            let Some(new_call) = record.new_call else {
                return Ok(Applied::Stored { freed: None });
            };
            let unknown = found.attempt.is_none() && found.call.is_none();
            if unknown && event.inbound != Some(true) && found.expecting && !hurries {
                return Err(Undone::NotYet);
            }
            let facts = learn(tx, event, &found, new_call, record.created_at, now).await?;
            let freed = match &found.attempt {
                Some(attempt) => tell_campaign(tx, app, event, attempt, &facts).await?,
                None => false,
            };
            Ok(Applied::Stored {
                freed: freed.then_some(organization),
            })
        })
        .await
}

/// Adds what the event says to what is known of its call.
async fn learn(
    tx: &TenantTx,
    event: &Projection,
    found: &Found,
    new_call: CallId,
    created_at: Timestamp,
    now: Timestamp,
) -> Result<Facts, DbError> {
    let attempt = found.attempt.as_ref();
    let known = found.call.as_ref();
    let id = known.map_or_else(
        || attempt.map_or(new_call, |attempt| CallId(attempt.id.0)),
        |call| call.id,
    );
    let mut facts = known.map(|call| call.facts.clone()).unwrap_or_default();
    facts.learn(event);
    let write = async {
        match known {
            Some(call) if call.facts == facts && (call.bound || event.keys.call.is_none()) => Ok(()),
            _ => {
                let created_at = attempt.map_or(created_at, |attempt| attempt.queued_at);
                event_store::write(tx, id, event, attempt, created_at, &facts, now).await
            }
        }
    };
    let hear = async {
        match &event.fact {
            Fact::Said(turn) => event_store::append_turn(tx, id, turn).await,
            Fact::Report(report) if !report.turns.is_empty() => {
                event_store::replace_turns(tx, id, &report.turns).await
            }
            _ => Ok(()),
        }
    };
    // One packet: the call's row leaves first, since turns refer to it.
    let (written, heard) = futures_util::future::join(write, hear).await;
    written.and(heard)?;
    Ok(facts)
}

/// Tells the campaign that its attempt is a call, or has ended; returns whether a line is free now. The first of the two
/// signals of an end counts: the report that follows completes the call and ends nothing twice.
async fn tell_campaign(
    tx: &TenantTx,
    app: &App,
    event: &Projection,
    attempt: &Attempt,
    facts: &Facts,
) -> Result<bool, DbError> {
    if attempt.open
        && !attempt.bound
        && let Some(call) = &event.keys.call
    {
        end::attempt_in_call(tx, attempt.id, call, event.at()).await?;
    }
    let Some(what) = facts.end() else {
        return Ok(false);
    };
    if attempt.open {
        if !what.known {
            tracing::warn!(
                ended_reason = facts.ended_reason,
                attempt_id = %attempt.id,
                "a call ended for a reason that nobody has seen before: it counts as failed"
            );
        }
        let attempt_end = AttemptEnd {
            attempt: attempt.id,
            outcome: what.outcome,
            action: what.action,
            was_answered: facts.started.is_some(),
            at: facts.ended.map_or(event.at(), |ended| ended.at),
        };
        return Ok(end::attempt_ended(tx, app, &attempt_end).await? == Ended::Now);
    }
    let conversation = |outcome| matches!(outcome, Outcome::Answered | Outcome::Transferred);
    if let Some(known) = attempt.outcome
        && known != what.outcome
        && conversation(known)
        && conversation(what.outcome)
    {
        // A transfer that we heard of after the end.
        correction::correct_outcome(tx, attempt.id, known, what.outcome).await?;
    }
    Ok(false)
}

fn keys(event: &Projection) -> EventKeys {
    EventKeys {
        attempt: event.keys.attempt,
        vapi_call_id: event.keys.call.clone(),
        vapi_assistant_id: event.keys.assistant.clone(),
        vapi_phone_number_id: event.keys.phone_number.clone(),
    }
}

fn is_about_a_call(event: &Projection) -> bool {
    event.keys.call.is_some() || event.keys.attempt.is_some()
}

/// When a call was created that we have no attempt of. A time that cannot be right would ask for a partition of its own.
fn created_at(event: &Projection) -> Timestamp {
    let told = event.call_created_at.unwrap_or(event.at());
    if told.duration_since(event.received_at).abs() > BELIEVED {
        return event.received_at;
    }
    told
}

/// What the product calls it (`architecture.md` §6).
fn name(event: &Projection) -> Option<&'static str> {
    match &event.fact {
        Fact::Status { status, .. } if status == "in-progress" => Some("call-started"),
        Fact::Status { status, .. } if status == "forwarding" => Some("transfer"),
        Fact::Transfer { destination: Some(_) } => Some("transfer"),
        Fact::Report(_) => Some("call-ended"),
        Fact::Said(_) => Some("transcript"),
        Fact::Other if event.kind == "appointment-booked" => Some("appointment-booked"),
        _ => None,
    }
}

/// The same for every delivery of one event, and for no other: Vapi gives none an id (`providers.md` 1.5), and two
/// deliveries of one report differ byte for byte.
fn dedupe_key(event: &Projection) -> String {
    let attempt = event.keys.attempt.map(|attempt| attempt.0.to_string());
    let subject = event.keys.call.as_deref().or(attempt.as_deref()).unwrap_or("-");
    let at = event
        .occurred_at
        .map(Timestamp::as_millisecond)
        .unwrap_or_default();
    match &event.fact {
        Fact::Report(_) => format!("report:{subject}"),
        Fact::Status { status, .. } => format!("status:{subject}:{status}"),
        Fact::Said(turn) => format!(
            "said:{subject}:{}:{at}:{}",
            turn.role.as_str(),
            digest(&turn.text)
        ),
        Fact::Transfer { destination } => {
            format!(
                "transfer:{subject}:{}:{at}",
                destination.as_deref().unwrap_or("-")
            )
        }
        Fact::ToolCalls { ids, .. } if !ids.is_empty() => {
            format!("tools:{subject}:{}", digest(&ids.join("\n")))
        }
        Fact::ToolCalls { .. } | Fact::Other => format!("{}:{subject}:{at}", event.kind),
    }
}

/// 128 bits of SHA-256.
fn digest(text: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(text)[..16]);
    Uuid::from_bytes(bytes)
}
