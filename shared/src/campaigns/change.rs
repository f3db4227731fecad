//! Changing a campaign that is being prepared or paused, and deleting one that calls nobody.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Advertiser, Campaign, CampaignError, Settings, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::Claims;
use crate::kernel::Caller;
use crate::kernel::ids::{AssistantId, CampaignId};
use crate::law::{LegalBasis, Sector};

/// What is to change; the rest stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// What its makers call it.
    pub name: Option<String>,
    /// Who speaks.
    pub assistant: Option<AssistantId>,
    /// What the call is about.
    pub object: Option<String>,
    /// On what ground.
    pub legal_basis: Option<LegalBasis>,
    /// On whose behalf.
    pub advertiser: Option<Advertiser>,
    /// What is sold or told.
    pub sector: Option<Sector>,
    /// When it begins by itself; `Some(None)` for never.
    pub scheduled_at: Option<Option<Timestamp>>,
}

/// Changes the campaign; `settle` turns its settings into the new ones.
pub async fn change(
    app: &App,
    caller: &Caller,
    id: CampaignId,
    changes: &Changes,
    settle: impl Fn(&mut Settings) + Sync,
) -> Result<Campaign, CampaignError> {
    let now = app.clock.now();
    let (actor, settle) = (&Actor::from(caller), &settle);
    app.db
        .write("campaigns.change", &Claims::from(caller), async |tx| {
            let mut campaign = store::campaign::lock(tx, id).await?;
            if !campaign.status.is_editable() {
                return Err(CampaignError::State(campaign.status));
            }
            let before = told(&campaign);
            apply(&mut campaign, changes);
            if changes.advertiser.is_some() {
                let (own, _) = store::campaign::own_defaults(tx).await?;
                campaign.advertiser = campaign.advertiser.known_by(&own);
            }
            settle(&mut campaign.settings);
            campaign.updated_at = now;
            store::campaign::update(tx, &campaign, now).await?;
            let details = audit::difference(json!({ "campaign_id": id }), &before, &told(&campaign), &[]);
            audit::record(tx, &app.clock, actor, "campaign.change", details).await?;
            Ok(campaign)
        })
        .await
}

/// What may change, as the audit log tells it. None of it is about a person.
fn told(campaign: &Campaign) -> Value {
    let settings = &campaign.settings;
    json!({
        "name": campaign.name,
        "assistant_id": campaign.assistant,
        "object": campaign.object,
        "legal_basis": campaign.legal_basis,
        "advertiser": { "name": campaign.advertiser.name, "siren": campaign.advertiser.siren },
        "sector": campaign.sector,
        "scheduled_at": campaign.scheduled_at,
        "timezone": settings.timezone.as_str(),
        "call_windows": settings.call_windows,
        "max_attempts": settings.max_attempts,
        "retry_delay_minutes": settings.retry_delay_minutes,
        "retry_on": settings.retry_on,
        "concurrent_calls": settings.concurrent_calls,
        "max_cost": settings.max_cost,
    })
}

fn apply(campaign: &mut Campaign, changes: &Changes) {
    fn replace<T: Clone>(current: &mut T, new: Option<&T>) {
        if let Some(new) = new {
            current.clone_from(new);
        }
    }
    replace(&mut campaign.name, changes.name.as_ref());
    replace(&mut campaign.assistant, changes.assistant.as_ref());
    replace(&mut campaign.object, changes.object.as_ref());
    replace(&mut campaign.legal_basis, changes.legal_basis.as_ref());
    replace(&mut campaign.advertiser, changes.advertiser.as_ref());
    replace(&mut campaign.sector, changes.sector.as_ref());
    replace(&mut campaign.scheduled_at, changes.scheduled_at.as_ref());
}

/// Deletes a campaign that is a draft or over.
pub async fn delete(app: &App, caller: &Caller, id: CampaignId) -> Result<(), CampaignError> {
    let actor = &Actor::from(caller);
    app.db
        .write("campaigns.delete", &Claims::from(caller), async |tx| {
            let campaign = store::campaign::lock(tx, id).await?;
            if !campaign.status.is_deletable() {
                return Err(CampaignError::State(campaign.status));
            }
            // Of a call under way nobody would know when its line is free.
            if store::campaign::is_calling(tx, id).await? {
                return Err(CampaignError::Calling);
            }
            store::campaign::delete(tx, id).await?;
            audit::record(
                tx,
                &app.clock,
                actor,
                "campaign.delete",
                json!({ "campaign_id": id, "before": { "status": campaign.status } }),
            )
            .await?;
            Ok(())
        })
        .await
}
