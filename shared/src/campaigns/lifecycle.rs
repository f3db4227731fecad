//! Pausing, resuming and cancelling. Queued calls stop at once; calls in progress end normally.

use serde_json::json;

use super::breaker::PROVIDER_FAILURES;
use super::start::status_at;
use super::{Campaign, CampaignError, Status, Step, release, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::Claims;
use crate::kernel::Caller;
use crate::kernel::ids::CampaignId;

/// Takes the step, if it is legal from where the campaign stands.
pub async fn take(app: &App, caller: &Caller, id: CampaignId, step: Step) -> Result<Campaign, CampaignError> {
    let now = app.clock.now();
    let actor = &Actor::from(caller);
    let campaign = app
        .db
        .write("campaigns.take_step", &Claims::from(caller), async |tx| {
            let mut campaign = store::campaign::lock(tx, id).await?;
            // It would be tried again by itself: whoever pauses it does not want that.
            let waits_for_provider = campaign.pause_reason.as_deref() == Some(PROVIDER_FAILURES);
            let mut next = match campaign.status.after(step) {
                Some(next) => next,
                None if step == Step::Pause && waits_for_provider => Status::Paused,
                None => return Err(CampaignError::State(campaign.status)),
            };
            if step == Step::Resume && campaign.started_at.is_none() {
                // It was paused before its time, which may be still to come.
                next = status_at(campaign.scheduled_at, now);
            }
            store::lifecycle::set_status(tx, id, next, now).await?;
            match step {
                Step::Pause => store::lifecycle::release_queued(tx, id, "campaign_paused", now).await?,
                // Whoever waits is marked by and by: the status of the campaign says it already.
                Step::Cancel => store::lifecycle::release_queued(tx, id, "campaign_cancelled", now).await?,
                Step::Resume => {}
            }
            let details = json!({
                "campaign_id": id, "before": { "status": campaign.status }, "after": { "status": next },
            });
            audit::record(tx, &app.clock, actor, action(step), details).await?;
            match next {
                Status::Running => campaign.started_at = campaign.started_at.or(Some(now)),
                Status::Cancelled => campaign.ended_at = Some(now),
                _ => {}
            }
            campaign.status = next;
            campaign.pause_reason = None;
            campaign.updated_at = now;
            Ok::<_, CampaignError>(campaign)
        })
        .await?;
    if campaign.status == Status::Running
        && let Err(error) = release::release(app, caller.organization).await
    {
        tracing::warn!(campaign_id = %id, error = &error as &dyn std::error::Error, "the next wave is left to the tick");
    }
    Ok(campaign)
}

fn action(step: Step) -> &'static str {
    match step {
        Step::Pause => "campaign.pause",
        Step::Resume => "campaign.resume",
        Step::Cancel => "campaign.cancel",
    }
}
