//! Starting a campaign: one transaction, then its first wave. A million contacts start as fast as ten.

use jiff::Timestamp;
use serde_json::json;

use super::caller_id::automated_call_allowed;
use super::{CampaignError, Status, release, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::Claims;
use crate::kernel::ids::CampaignId;
use crate::kernel::{Caller, PhoneNumber};

/// A campaign that has begun, or will at its time.
#[derive(Debug, Clone, Copy)]
pub struct Started {
    /// Which.
    pub id: CampaignId,
    /// `running`, or `scheduled` for a time to come.
    pub status: Status,
    /// How many contacts it has.
    pub total_contacts: i64,
}

/// Starts it, if it is a draft, has contacts, and its number may call.
pub async fn start(app: &App, caller: &Caller, id: CampaignId) -> Result<Started, CampaignError> {
    let now = app.clock.now();
    let actor = &Actor::from(caller);
    let started = app
        .db
        .write("campaigns.start", &Claims::from(caller), async |tx| {
            let (campaign, line) = store::lifecycle::lock_to_start(tx, id).await?;
            if campaign.status != Status::Draft {
                return Err(CampaignError::NotStartable(campaign.status));
            }
            if !line.is_configured {
                return Err(CampaignError::TwilioNotConfigured);
            }
            let number = line
                .phone_number
                .map(PhoneNumber::from_database)
                .ok_or(CampaignError::TwilioNotConfigured)?;
            automated_call_allowed(&number).map_err(CampaignError::CallerIdNotAllowed)?;
            if !line.has_assistant {
                return Err(CampaignError::AssistantNotReady);
            }
            if campaign.total_contacts == 0 {
                return Err(CampaignError::Empty);
            }
            let status = status_at(campaign.scheduled_at, now);
            store::lifecycle::begin(tx, id, status, now).await?;
            let details = json!({
                "campaign_id": id, "contacts": campaign.total_contacts,
                "before": { "status": campaign.status }, "after": { "status": status },
            });
            audit::record(tx, &app.clock, actor, "campaign.start", details).await?;
            Ok(Started {
                id,
                status,
                total_contacts: campaign.total_contacts,
            })
        })
        .await?;
    tracing::info!(campaign_id = %id, contacts = started.total_contacts, "started a campaign");
    // After the commit: what this does not do, `minute-tick` does.
    if started.status == Status::Running
        && let Err(error) = release::release(app, caller.organization).await
    {
        tracing::warn!(campaign_id = %id, error = &error as &dyn std::error::Error, "the first wave is left to the tick");
    }
    Ok(started)
}

/// What a campaign is that begins now, or at a time to come.
pub(super) fn status_at(scheduled_at: Option<Timestamp>, now: Timestamp) -> Status {
    if scheduled_at.is_some_and(|at| at > now) {
        Status::Scheduled
    } else {
        Status::Running
    }
}
