//! Starting a campaign: one transaction, then its first wave. A million contacts start as fast as ten.

use jiff::Timestamp;
use serde_json::json;

use super::caller_id::automated_call_allowed;
use super::{CampaignError, NotReady, Status, release, store};
use crate::App;
use crate::assistants;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::ids::{AssistantId, CampaignId};
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

/// Why it was not started at once.
enum NotStarted {
    Refused(CampaignError),
    /// The last look at its assistant is too old.
    Unchecked(AssistantId),
}

impl From<DbError> for NotStarted {
    fn from(error: DbError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<CampaignError> for NotStarted {
    fn from(error: CampaignError) -> Self {
        Self::Refused(error)
    }
}

/// Starts it, if it is a draft, has contacts, its number may call, and its assistant says what the law wants said.
pub async fn start(app: &App, caller: &Caller, id: CampaignId) -> Result<Started, CampaignError> {
    let checked_after = assistants::too_old_at(app, app.clock.now());
    let started = match begin(app, caller, id, checked_after).await {
        Ok(started) => started,
        Err(NotStarted::Refused(error)) => return Err(error),
        Err(NotStarted::Unchecked(assistant)) => {
            if let Err(error) = assistants::check(app, caller.organization, assistant).await {
                // The look before this one may serve.
                tracing::warn!(
                    assistant_id = %assistant,
                    error = &error as &dyn std::error::Error,
                    "an assistant could not be looked at"
                );
            }
            begin(app, caller, id, Timestamp::MIN)
                .await
                .map_err(|error| match error {
                    NotStarted::Refused(error) => error,
                    NotStarted::Unchecked(_) => CampaignError::AssistantNotReady(NotReady::NotCompliant),
                })?
        }
    };
    tracing::info!(campaign_id = %id, contacts = started.total_contacts, "started a campaign");
    // After the commit: what this does not do, `minute-tick` does.
    if started.status == Status::Running
        && let Err(error) = release::release(app, caller.organization).await
    {
        tracing::warn!(campaign_id = %id, error = &error as &dyn std::error::Error, "the first wave is left to the tick");
    }
    Ok(started)
}

/// Begins it, if its assistant was looked at after this time; otherwise somebody has to look first.
async fn begin(
    app: &App,
    caller: &Caller,
    id: CampaignId,
    checked_after: Timestamp,
) -> Result<Started, NotStarted> {
    let now = app.clock.now();
    let actor = &Actor::from(caller);
    app.db
        .write("campaigns.start", &Claims::from(caller), async |tx| {
            let (campaign, line) = store::lifecycle::lock_to_start(tx, id).await?;
            if campaign.status != Status::Draft {
                return Err(CampaignError::NotStartable(campaign.status).into());
            }
            if !line.is_configured {
                return Err(CampaignError::TwilioNotConfigured.into());
            }
            let number = line
                .phone_number
                .map(PhoneNumber::from_database)
                .ok_or(CampaignError::TwilioNotConfigured)?;
            automated_call_allowed(&number, now).map_err(CampaignError::CallerIdNotAllowed)?;
            if !line.has_assistant {
                return Err(CampaignError::AssistantNotReady(NotReady::Deleted).into());
            }
            if campaign.total_contacts == 0 {
                return Err(CampaignError::Empty.into());
            }
            let lately = line.compliance.checked_at.is_some_and(|at| at > checked_after);
            match line.compliance.holds_at(now) {
                Ok(()) if lately => {}
                _ if checked_after > Timestamp::MIN => return Err(NotStarted::Unchecked(line.assistant)),
                Ok(()) => {}
                Err(_) => return Err(CampaignError::AssistantNotReady(NotReady::NotCompliant).into()),
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
        .await
}

/// What a campaign is that begins now, or at a time to come.
pub(super) fn status_at(scheduled_at: Option<Timestamp>, now: Timestamp) -> Status {
    if scheduled_at.is_some_and(|at| at > now) {
        Status::Scheduled
    } else {
        Status::Running
    }
}
