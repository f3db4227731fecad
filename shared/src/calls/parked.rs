//! Events whose call was not known when they came: tried again every minute, given up after a day.

use jiff::{SignedDuration, Timestamp};

use super::apply::{Applied, ApplyError, apply};
use crate::App;
use crate::adapters::vapi::webhook::Projection;
use crate::campaigns::end::release_next;

/// Events of assistants that we never come to know are dropped after this (`architecture.md` §6).
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// An event that was parked this recently is left for the next minute: nothing is tried twice in one run.
const REST: SignedDuration = SignedDuration::from_secs(10);
/// Taken out at once: what a crash would lose.
const BATCH: i32 = 20;
/// Batches in one run.
const BATCHES: usize = 25;

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

/// Tries the events that wait once more.
pub async fn retry_parked(app: &App, now: Timestamp) -> Result<Retried, ApplyError> {
    let mut retried = Retried::default();
    let before = now.saturating_sub(REST).unwrap_or(now);
    for _ in 0..BATCHES {
        let parked = app.db.take_parked_events(before, BATCH).await?;
        let taken = parked.len();
        let mut failed = None;
        for event in parked {
            let Ok(event) = serde_json::from_value::<Projection>(event.body) else {
                tracing::error!("a parked event cannot be read and is dropped");
                retried.dropped += 1;
                continue;
            };
            if now.duration_since(event.received_at) >= KEPT {
                retried.dropped += 1;
                continue;
            }
            match apply(app, &event).await {
                Ok(Applied::Stored { freed }) => {
                    retried.applied += 1;
                    if let Some(organization) = freed {
                        release_next(app, organization).await;
                    }
                }
                Ok(Applied::Repeated) => retried.applied += 1,
                Ok(Applied::Parked) => retried.waiting += 1,
                Err(error) => {
                    // Back to where it was; if even that fails, the database is gone and Vapi's own list remains.
                    let body = serde_json::to_value(&event).unwrap_or_default();
                    app.db.park_event(&app.clock, &body).await?;
                    failed = Some(error);
                }
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if taken == 0 {
            break;
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
