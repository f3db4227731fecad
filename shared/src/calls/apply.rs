//! Applying an event: stored once, applied in the same transaction, whatever its order and however often it comes.
//! Whose it is follows from our own rows, never from what it claims.

use futures_util::future::join3;
use jiff::{SignedDuration, Timestamp};

use super::ended_reason::{EndedReason, Outcome};
use super::event::{created_at, dedupe_key, is_about_a_call, keys, name};
use super::event_store::{self, Attempt, Found, Record, Script};
use super::facts::Facts;
use super::{Status, objection, turn_store};
use crate::App;
use crate::adapters::vapi::webhook::{Fact, Projection, Report};
use crate::assistants::said::{self, Disclosures, Spoken};
use crate::campaigns;
use crate::campaigns::end::{self, AttemptEnd, Ended};
use crate::campaigns::lines::{self, Lines};
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{CallId, OrganizationId};
use crate::law::{COMMERCIAL_NATURE, Law};

/// How long an event of a call that we do not know waits for a call that is being placed. Placing takes seconds.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

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

/// Applies an event; one whose owner or whose call is not known yet is kept for later.
pub async fn apply(app: &App, event: &Projection) -> Result<Applied, ApplyError> {
    let applied = apply_known(app, event).await?;
    if applied == Applied::Parked {
        let body = serde_json::to_value(event).unwrap_or_default();
        app.db.park_event(&app.clock, &body).await?;
    }
    Ok(applied)
}

/// Applies an event; one whose owner or whose call is not known yet changes nothing.
pub(super) async fn apply_known(app: &App, event: &Projection) -> Result<Applied, ApplyError> {
    let Some(organization) = app.db.organization_of_vapi_event(&keys(event)).await? else {
        tracing::info!(
            kind = event.kind,
            "an event of an assistant that we do not know waits"
        );
        return Ok(Applied::Parked);
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
        Ok((applied, missing)) => {
            if !missing.is_empty() {
                // Counted by an alarm.
                tracing::warn!(
                    organization_id = %organization,
                    vapi_call_id = event.keys.call,
                    missing = missing.join(" "),
                    disclosures_missing = missing.len(),
                    "an assistant did not say everything that it must"
                );
            }
            Ok(applied)
        }
        Err(Undone::NotYet) => Ok(Applied::Parked),
        Err(Undone::Db(error)) => Err(error.into()),
    }
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

/// One transaction, which also records the disclosures that the assistant left out: a packet to store the event, one to
/// write what is known of the call, what the campaign does at its end, and the commit.
async fn store(
    app: &App,
    organization: OrganizationId,
    event: &Projection,
    record: &Record<'_>,
) -> Result<(Applied, Vec<&'static str>), Undone> {
    let now = app.clock.now();
    let hurries = now.duration_since(event.received_at) > PATIENCE;
    app.db
        .write(
            "calls.apply",
            &Claims::platform(organization).with_joins_as_written(),
            async |tx| {
                let found = event_store::take(tx, event, record).await?;
                if !found.stored {
                    return Ok((Applied::Repeated, Vec::new()));
                }
                if record.new_call.is_none() {
                    return Ok((Applied::Stored { freed: None }, Vec::new()));
                }
                let unknown = found.attempt.is_none() && found.call.is_none();
                if unknown && event.inbound != Some(true) && found.expecting && !hurries {
                    return Err(Undone::NotYet);
                }
                let mut facts = found
                    .call
                    .as_ref()
                    .map(|call| call.facts.clone())
                    .unwrap_or_default();
                facts.learn(event);
                if let (Fact::Report(report), Some(script)) = (&event.fact, &found.script) {
                    facts.disclosures = Some(said(event, report, script));
                }
                // The campaign and its attempt are locked before the call's row, as everywhere: nobody waits in a circle.
                let freed = match &found.attempt {
                    Some(attempt) => tell_campaign(tx, app, event, attempt, &facts).await?,
                    None => false,
                };
                write(tx, event, record, &found, &facts, now).await?;
                objection::apply(tx, app, event).await?;
                let missing = match &event.fact {
                    Fact::Report(_) => facts.disclosures.as_ref().map(Disclosures::missing),
                    _ => None,
                };
                let freed = freed.then_some(organization);
                Ok((Applied::Stored { freed }, missing.unwrap_or_default()))
            },
        )
        .await
}

/// What the report's transcript shows of what must be said. It follows from the report alone, whatever came before it.
fn said(event: &Projection, report: &Report, script: &Script) -> Disclosures {
    let outcome = report
        .ended_reason
        .as_deref()
        .map(|reason| EndedReason::read(reason).outcome);
    let seconds = match (event.started_at, event.ended_at) {
        (Some(started), Some(ended)) => ended.duration_since(started).as_secs(),
        _ => 0,
    };
    let spoken = Spoken {
        language: script.language,
        campaign: script
            .campaign
            .as_ref()
            .map(|campaign| (campaign.advertiser.as_str(), campaign.object.as_str())),
        is_commercial: script
            .campaign
            .as_ref()
            .zip(event.started_at)
            .is_some_and(|(campaign, at)| Law::at(at, campaign.basis).asks(&COMMERCIAL_NATURE)),
        is_recorded: report.recording,
        is_heard: event.started_at.is_some() && outcome != Some(Outcome::Voicemail),
        seconds: i32::try_from(seconds).unwrap_or(i32::MAX),
    };
    said::look_for(&spoken, &report.turns)
}

/// Writes what is known of the call now, and what was said.
async fn write(
    tx: &TenantTx,
    event: &Projection,
    record: &Record<'_>,
    found: &Found,
    facts: &Facts,
    now: Timestamp,
) -> Result<(), DbError> {
    let attempt = found.attempt.as_ref();
    let known = found.call.as_ref();
    // A call of a campaign has the id of its attempt.
    let id = known
        .map(|call| call.id)
        .or(attempt.map(|attempt| CallId(attempt.id.0)))
        .or(record.new_call);
    let Some(id) = id else { return Ok(()) };
    let write = async {
        match known {
            Some(call) if call.facts == *facts && (call.bound || event.keys.call.is_none()) => Ok(()),
            _ => {
                let created_at = attempt.map_or(record.created_at, |attempt| attempt.queued_at);
                event_store::write(tx, id, event, attempt, created_at, facts, now).await
            }
        }
    };
    let hear = async {
        match &event.fact {
            Fact::Said(turn) => turn_store::append(tx, id, turn).await,
            Fact::Report(report) if !report.turns.is_empty() => {
                turn_store::replace(tx, id, &report.turns).await
            }
            _ => Ok(()),
        }
    };
    // An inbound call takes a line of the pool that campaigns share.
    let under_way = facts.status != Status::Ended;
    let line = async {
        match (attempt, event.inbound) {
            (None, Some(true)) => lines::note_inbound(tx, id, under_way, now).await,
            _ => Ok(()),
        }
    };
    // One packet: the call's row leaves first, since turns refer to it.
    let (written, heard, noted) = join3(write, hear, line).await;
    written.and(heard).and(noted)
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
    let freed = match facts.end() {
        Some(what) if attempt.open => end_attempt(tx, app, event, attempt, facts, what).await?,
        Some(what) => {
            correct(tx, attempt, what.outcome).await?;
            false
        }
        None => false,
    };
    if attempt.open
        && !attempt.bound
        && let Some(call) = &event.keys.call
    {
        end::attempt_in_call(tx, attempt.id, call, event.at()).await?;
    }
    Ok(freed)
}

async fn end_attempt(
    tx: &TenantTx,
    app: &App,
    event: &Projection,
    attempt: &Attempt,
    facts: &Facts,
    what: EndedReason,
) -> Result<bool, DbError> {
    if !what.known {
        tracing::warn!(
            ended_reason = facts.ended_reason,
            attempt_id = %attempt.id,
            "a call ended for a reason that nobody has seen before: it counts as failed"
        );
    }
    let end = AttemptEnd {
        attempt: attempt.id,
        outcome: what.outcome,
        action: what.action,
        was_answered: facts.started.is_some(),
        at: facts.ended.map_or(event.at(), |ended| ended.at),
    };
    let ended = end::attempt_ended(tx, app, &end).await? == Ended::Now;
    // Behind the attempt's own locks, as where it is given back: nobody waits in a circle.
    if ended && facts.ended_reason.as_deref() == Some(lines::NO_LINE) {
        Lines::refused().learn(tx, attempt.id, app.clock.now()).await?;
    }
    Ok(ended)
}

/// A transfer of which we heard after the end makes an answered call a transferred one, or a transfer that nobody took
/// the other way round; between other outcomes the first word stays.
async fn correct(tx: &TenantTx, attempt: &Attempt, outcome: Outcome) -> Result<(), DbError> {
    let is_conversation = |outcome| matches!(outcome, Outcome::Answered | Outcome::Transferred);
    match attempt.outcome {
        Some(known) if known != outcome && is_conversation(known) && is_conversation(outcome) => {
            campaigns::correct_outcome(tx, attempt.id, known, outcome).await
        }
        _ => Ok(()),
    }
}
