//! Reconciliation: finds out what became of attempts of which nothing is heard, and sends again what was left.
//!
//! Vapi has no idempotency key, no call metadata and no filter on either: its calls of an assistant around the time are
//! listed, and ours is the one whose `customer.externalId` is the attempt's id.

use jiff::{SignedDuration, Timestamp};

use super::end::{self, AttemptEnd, Ended};
use super::offer::release_next;
use super::requests::request_calls;
use super::store;
use super::store::ending::GivenBack;
use super::store::stale::Stale;
use crate::App;
use crate::adapters::vapi::ListedCall;
use crate::db::{Claims, DbError};
use crate::kernel::class::{Class, Classify as _};
use crate::kernel::ended_reason::{Action, EndedReason, Outcome};
use crate::kernel::ids::{AttemptId, OrganizationId};

/// A queued attempt whose message is this old is sent again.
const QUEUED_TOO_LONG: SignedDuration = SignedDuration::from_secs(60);
/// Before this, a call may still appear in Vapi's list, and the end of one may still be on its way.
const QUARANTINE: SignedDuration = SignedDuration::from_mins(5);
/// How far Vapi's clock may be from ours.
const AROUND: SignedDuration = SignedDuration::from_mins(2);
/// This long after the end that its assistant's limit sets, a call is over whatever Vapi says.
const LONG_OVER: SignedDuration = SignedDuration::from_hours(1);
/// How many organisations, and attempts of each, one tick looks at.
const ORGANIZATIONS: i32 = 50;
const ATTEMPTS: i64 = 100;

/// Looks after every organisation that has attempts which wait too long; returns how many attempts it settled.
pub async fn reconcile(app: &App) -> Result<usize, DbError> {
    let now = app.clock.now();
    let organizations = app
        .db
        .stale_organizations(ago(now, QUEUED_TOO_LONG), ago(now, QUARANTINE), ORGANIZATIONS)
        .await?;
    let mut settled = 0;
    for organization in organizations {
        match reconcile_organization(app, organization).await {
            Ok(count) => settled += count,
            Err(error) => tracing::warn!(
                organization_id = %organization,
                error = &error as &dyn std::error::Error,
                "reconciliation goes on at the next tick"
            ),
        }
    }
    Ok(settled)
}

fn ago(now: Timestamp, duration: SignedDuration) -> Timestamp {
    now.saturating_sub(duration).unwrap_or(now)
}

/// Looks after one organisation.
pub async fn reconcile_organization(app: &App, organization: OrganizationId) -> Result<usize, DbError> {
    let now = app.clock.now();
    let claims = &Claims::platform(organization);
    let stale: Vec<Stale> = app
        .db
        .read("campaigns.stale_attempts", claims, async |tx| {
            store::stale::stale(tx, ago(now, QUEUED_TOO_LONG), ago(now, QUARANTINE), ATTEMPTS).await
        })
        .await?;
    let left: Vec<_> = stale
        .iter()
        .filter(|stale| stale.status == "queued")
        .map(|stale| stale.attempt)
        .collect();
    if !left.is_empty() {
        let left = left.as_slice();
        request_calls(app, organization, left).await;
        app.db
            .write_at_once("campaigns.mark_sent", claims, async |tx| {
                store::stale::mark_sent(tx, left, now).await
            })
            .await?;
    }
    let mut settled = left.len();
    let mut freed = false;
    for attempt in stale.iter().filter(|stale| stale.status != "queued") {
        let found = match find_call(app, attempt).await {
            Ok(found) => found,
            // Vapi is down: nothing is known, so nothing is done.
            Err(error) => {
                tracing::warn!(attempt_id = %attempt.attempt, error, "vapi could not be asked");
                continue;
            }
        };
        match settle(app, claims, attempt, found.as_ref(), now).await {
            Ok(is_free) => {
                freed |= is_free;
                settled += 1;
            }
            // The oldest come first at every tick: one that cannot be settled must not keep the others waiting.
            Err(error) if error.failure().class == Class::Internal => {
                tracing::error!(attempt_id = %attempt.attempt, %error, "an attempt cannot be settled");
            }
            Err(error) => return Err(error),
        }
    }
    if freed {
        release_next(app, organization).await;
    }
    Ok(settled)
}

async fn find_call(app: &App, stale: &Stale) -> Result<Option<ListedCall>, String> {
    let vapi = &app.vapi().await.map_err(|error| error.to_string())?;
    if let Some(id) = &stale.vapi_call_id {
        return vapi.call(id).await.map_err(|error| error.to_string());
    }
    let Some(dialing_at) = stale.dialing_at else {
        return Ok(None);
    };
    let from = dialing_at.saturating_sub(AROUND).unwrap_or(dialing_at);
    let to = dialing_at
        .saturating_add(QUARANTINE + AROUND)
        .unwrap_or(dialing_at);
    let calls = vapi
        .calls_around(&stale.vapi_assistant_id, from, to)
        .await
        .map_err(|error| error.to_string())?;
    let ours = stale.attempt.to_string();
    Ok(calls
        .into_iter()
        .find(|call| call.external_id.as_deref() == Some(ours.as_str())))
}

/// Applies what was found; returns whether a slot is free now.
async fn settle(
    app: &App,
    claims: &Claims,
    stale: &Stale,
    found: Option<&ListedCall>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let attempt = stale.attempt;
    let Some(call) = found else {
        if stale.vapi_call_id.is_some() {
            // Vapi had the call and has forgotten it.
            return end_attempt(app, claims, &over_somehow(attempt, now), None).await;
        }
        // Vapi never had it: nobody was rung.
        let given = GivenBack {
            fault: true,
            ..GivenBack::waiting(attempt, "vapi_never_had_it", now)
        };
        app.db
            .write("campaigns.give_back", claims, async |tx| {
                store::ending::give_back(tx, &given, now).await
            })
            .await?;
        tracing::info!(attempt_id = %attempt, "an unknown attempt never became a call");
        return Ok(true);
    };
    let vapi_call_id = call.id.as_str();
    app.db
        .write_at_once("campaigns.attach_call", claims, async |tx| {
            end::attempt_in_call(tx, attempt, vapi_call_id, now).await
        })
        .await?;
    tracing::info!(attempt_id = %attempt, "an attempt was found at vapi");
    if call.status.as_deref() == Some("ended") {
        let reason = EndedReason::read(call.ended_reason.as_deref().unwrap_or_default());
        let end = AttemptEnd {
            attempt,
            outcome: reason.outcome,
            action: reason.action,
            was_answered: call.started_at.is_some(),
            at: call.ended_at.unwrap_or(now),
        };
        return end_attempt(app, claims, &end, Some(call)).await;
    }
    let longest = SignedDuration::from_secs(i64::from(stale.max_duration_seconds));
    let is_long_over = stale
        .dialing_at
        .is_some_and(|dialing_at| now.duration_since(dialing_at) > longest + LONG_OVER);
    if is_long_over {
        return end_attempt(app, claims, &over_somehow(attempt, now), Some(call)).await;
    }
    Ok(false)
}

/// It is over, and nobody can say how.
fn over_somehow(attempt: AttemptId, now: Timestamp) -> AttemptEnd {
    AttemptEnd {
        attempt,
        outcome: Outcome::Failed,
        action: Action::Redial,
        was_answered: false,
        at: now,
    }
}

async fn end_attempt(
    app: &App,
    claims: &Claims,
    end: &AttemptEnd,
    call: Option<&ListedCall>,
) -> Result<bool, DbError> {
    let now = app.clock.now();
    let ended: Ended = app
        .db
        .write("campaigns.end_attempt", claims, async |tx| {
            let ended = end::attempt_ended(tx, app, end).await?;
            store::stale::note_end(tx, end, call, now).await?;
            Ok::<_, DbError>(ended)
        })
        .await?;
    Ok(ended == Ended::Now)
}
