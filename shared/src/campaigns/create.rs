//! Making a campaign, as a draft.

use jiff::Timestamp;
use serde_json::json;

use super::add_contacts::{self, Selection};
use super::{Advertiser, Campaign, Settings, Status, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::Claims;
use crate::kernel::Caller;
use crate::kernel::ids::{AssistantId, CampaignId};
use crate::law::{LegalBasis, Sector};

/// A campaign to make.
#[derive(Debug, Clone)]
pub struct NewCampaign {
    /// What its makers call it.
    pub name: String,
    /// Who speaks.
    pub assistant: AssistantId,
    /// What the call is about.
    pub object: String,
    /// On what ground.
    pub legal_basis: LegalBasis,
    /// On whose behalf; the organisation itself where nothing is said.
    pub advertiser: Option<Advertiser>,
    /// What is sold or told.
    pub sector: Sector,
    /// When it begins by itself.
    pub scheduled_at: Option<Timestamp>,
    /// When, how often and how many at once.
    pub settings: Settings,
    /// Whether the settings name a zone; else the organisation's is taken.
    pub has_own_timezone: bool,
    /// Whom to call, as far as it is known already.
    pub contacts: Selection,
}

/// Makes it, with its first contacts, in one transaction.
pub async fn create(
    app: &App,
    caller: &Caller,
    new: &NewCampaign,
) -> Result<Campaign, add_contacts::AddError> {
    let now = app.clock.now();
    let id = CampaignId::new(&app.clock);
    let actor = &Actor::from(caller);
    app.db
        .write("campaigns.create", &Claims::from(caller), async |tx| {
            let (own, timezone) = store::campaign::own_defaults(tx).await?;
            let mut campaign = Campaign {
                id,
                name: new.name.clone(),
                assistant: new.assistant,
                object: new.object.clone(),
                legal_basis: new.legal_basis,
                advertiser: new
                    .advertiser
                    .clone()
                    .map_or_else(|| own.clone(), |advertiser| advertiser.known_by(&own)),
                sector: new.sector,
                status: Status::Draft,
                pause_reason: None,
                settings: new.settings.clone(),
                scheduled_at: new.scheduled_at,
                started_at: None,
                ended_at: None,
                created_at: now,
                updated_at: now,
                total_contacts: 0,
            };
            if !new.has_own_timezone {
                campaign.settings.timezone = timezone;
            }
            store::campaign::insert(tx, &campaign, caller.user()).await?;
            if !new.contacts.is_empty() {
                let added = add_contacts::add_in(tx, id, &new.contacts, now).await?;
                campaign.total_contacts = added.added + added.suppressed;
            }
            let details = json!({ "campaign_id": id, "legal_basis": new.legal_basis });
            audit::record(tx, &app.clock, actor, "campaign.create", details).await?;
            Ok(campaign)
        })
        .await
}
