//! Events whose call was not known when they came: tried again every minute, given up after a day.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::apply::{Applied, ApplyError, apply_known};
use crate::App;
use crate::adapters::vapi::webhook::Projection;
use crate::campaigns::end::release_next;
use crate::kernel::class::{Class, Classify as _};

/// Events of assistants that we never come to know are dropped after this.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// An event that was parked this recently is left for the next minute: nothing is tried twice in one run.
const REST: SignedDuration = SignedDuration::from_secs(10);
/// Looked at at once.
const BATCH: i32 = 100;
/// How long one run goes on: whoever parks many events does not keep those behind them from being looked at.
const TIME: Duration = Duration::from_secs(20);

/// What became of the events that waited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Retried {
    /// Applied, or known already.
    pub applied: usize,
    /// Still waiting.
    pub waiting: usize,
    /// Given up.
    pub dropped: usize,
}

/// Tries the events that wait once more. One is forgotten only after it was applied: a crash in between applies it
/// again, which changes nothing. One that cannot be applied waits on, and holds up none behind it.
pub async fn retry_parked(app: &App, now: Timestamp) -> Result<Retried, ApplyError> {
    let mut retried = Retried::default();
    let before = now.saturating_sub(REST).unwrap_or(now);
    let mut after = None;
    let deadline = tokio::time::Instant::now() + TIME;
    while tokio::time::Instant::now() < deadline {
        let parked = app.db.parked_events(before, after, BATCH).await?;
        let Some(last) = parked.last() else { break };
        after = Some(last.id);
        for event in parked {
            let done = match retry(app, event.body, now, &mut retried).await {
                Err(error) if error.failure().class == Class::Internal => {
                    tracing::error!(event_id = %event.id, %error, "a parked event cannot be applied");
                    retried.waiting += 1;
                    false
                }
                outcome => outcome?,
            };
            if done {
                app.db.forget_parked_event(event.id).await?;
            }
        }
    }
    if retried.dropped > 0 {
        tracing::warn!(
            dropped = retried.dropped,
            "events of assistants that we never came to know were dropped"
        );
    }
    Ok(retried)
}

/// Tries one; returns whether it is done with.
async fn retry(app: &App, body: Value, now: Timestamp, retried: &mut Retried) -> Result<bool, ApplyError> {
    let Ok(event) = serde_json::from_value::<Projection>(body) else {
        tracing::error!("a parked event cannot be read and is dropped");
        retried.dropped += 1;
        return Ok(true);
    };
    if now.duration_since(event.received_at) >= KEPT {
        retried.dropped += 1;
        return Ok(true);
    }
    match apply_known(app, &event).await? {
        Applied::Stored { freed } => {
            retried.applied += 1;
            if let Some(organization) = freed {
                release_next(app, organization).await;
            }
            Ok(true)
        }
        Applied::Repeated => {
            retried.applied += 1;
            Ok(true)
        }
        Applied::Parked => {
            retried.waiting += 1;
            Ok(false)
        }
    }
}
