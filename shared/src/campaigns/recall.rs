//! The end of a window: a call that still waits at the provider when its time is over would ring too late. It is taken back
//! there, its attempt does not count, and its contact waits for the next lawful time.

use jiff::{SignedDuration, Timestamp};

use super::end::{self, AttemptEnd};
use super::offer::release_next;
use super::store;
use super::store::upkeep::WaitingCall;
use crate::App;
use crate::adapters::vapi::ListedCall;
use crate::db::{Claims, DbError};
use crate::kernel::ended_reason::{Action, EndedReason, Outcome};
use crate::kernel::ids::{AttemptId, OrganizationId};

/// How long before the end of its window a call is taken back: the time between two looks, so that the last one before the end
/// finds it.
const BEFORE: SignedDuration = SignedDuration::from_mins(1);

/// Takes back the calls of an organisation that wait at the provider although their window ends; returns how many.
pub async fn recall_waiting(app: &App, organization: OrganizationId) -> Result<usize, DbError> {
    let now = app.clock.now();
    let claims = &Claims::platform(organization);
    let until = now.saturating_add(BEFORE).unwrap_or(now);
    let waiting: Vec<WaitingCall> = app
        .db
        .read("campaigns.calls_to_take_back", claims, async |tx| {
            store::upkeep::waiting_calls(tx, until).await
        })
        .await?;
    let mut recalled = 0;
    for call in &waiting {
        match recall(app, claims, call, now).await? {
            Some(end) => {
                end_attempt(app, claims, &end).await?;
                tracing::info!(attempt_id = %call.attempt, "a call was taken back at the end of its window");
                recalled += 1;
            }
            None => tracing::info!(attempt_id = %call.attempt, "a call is not taken back"),
        }
    }
    if recalled > 0 {
        release_next(app, organization).await;
    }
    Ok(recalled)
}

/// How the call ended, where it has; nothing while it goes on, or nobody knows.
async fn recall(
    app: &App,
    claims: &Claims,
    waiting: &WaitingCall,
    now: Timestamp,
) -> Result<Option<AttemptEnd>, DbError> {
    let (attempt, id) = (waiting.attempt, waiting.vapi_call_id.as_str());
    let vapi = match app.vapi().await {
        Ok(vapi) => vapi,
        Err(error) => {
            tracing::warn!(%error, "the key of vapi is not to be had");
            return Ok(None);
        }
    };
    let found = match vapi.call(id).await {
        Ok(Some(call)) => call,
        // What we took back is there no more.
        Ok(None) => return Ok(waiting.is_recalled.then(|| taken_back(attempt, now))),
        Err(error) => {
            tracing::warn!(attempt_id = %attempt, %error, "vapi could not be asked");
            return Ok(None);
        }
    };
    if !waits(&found) {
        return Ok(ended(attempt, &found, now));
    }
    app.db
        .write_at_once("campaigns.mark_recalled", claims, async |tx| {
            store::upkeep::mark_recalled(tx, attempt, now).await
        })
        .await?;
    match vapi.delete_call(id).await {
        // Between the two requests it may have begun to ring: then its end is told like any other.
        Ok(Some(call)) if waits(&call) => Ok(Some(taken_back(attempt, now))),
        Ok(Some(call)) => Ok(ended(attempt, &call, now)),
        Ok(None) => Ok(None),
        Err(error) => {
            tracing::warn!(attempt_id = %attempt, %error, "a call could not be taken back");
            Ok(None)
        }
    }
}

fn waits(call: &ListedCall) -> bool {
    matches!(call.status.as_deref(), Some("queued" | "scheduled"))
}

fn ended(attempt: AttemptId, call: &ListedCall, now: Timestamp) -> Option<AttemptEnd> {
    let is_over = call.status.as_deref() == Some("ended");
    is_over.then(|| {
        let reason = EndedReason::read(call.ended_reason.as_deref().unwrap_or_default());
        AttemptEnd {
            attempt,
            outcome: reason.outcome,
            action: reason.action,
            was_answered: call.started_at.is_some(),
            at: call.ended_at.unwrap_or(now),
        }
    })
}

fn taken_back(attempt: AttemptId, now: Timestamp) -> AttemptEnd {
    AttemptEnd {
        attempt,
        outcome: Outcome::Cancelled,
        action: Action::None,
        was_answered: false,
        at: now,
    }
}

async fn end_attempt(app: &App, claims: &Claims, end: &AttemptEnd) -> Result<(), DbError> {
    let now = app.clock.now();
    app.db
        .write("campaigns.end_recalled", claims, async |tx| {
            end::attempt_ended(tx, app, end).await?;
            store::stale::note_end(tx, end, None, now).await
        })
        .await
}
