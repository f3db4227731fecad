//! What campaigns need every minute beside their calls: their administrators are told why one stopped by itself, a circuit
//! breaker tries one call, contacts of a cancelled campaign are marked, and calls that a provider has not placed are taken back
//! when their window ends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::breaker::Breaker;
use super::recall;
use super::store;
use super::store::release::Overview;
use crate::App;
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::ids::{CampaignId, OrganizationId, UserId};
use crate::kernel::{Email, Language};
use crate::outbox::{self, Destination, Promise};

/// How many organisations one run looks after.
const ORGANIZATIONS: i32 = 100;
/// How many contacts of cancelled campaigns one statement marks, and how many statements one run makes for each organisation.
const CLOSED_AT_ONCE: i64 = 5_000;
const CHUNKS: usize = 10;
/// The version of the messages.
const VERSION: u8 = 1;

/// Looks after the organisations that need it; returns how many it looked after.
pub async fn run(app: &App) -> Result<usize, DbError> {
    let now = app.clock.now();
    let organizations = app.db.organizations_to_look_after(now, ORGANIZATIONS).await?;
    let mut looked_after = 0;
    for organization in organizations {
        match look_after(app, organization).await {
            Ok(()) => looked_after += 1,
            Err(error) => tracing::warn!(
                organization_id = %organization,
                error = &error as &dyn std::error::Error,
                "the upkeep goes on at the next tick"
            ),
        }
    }
    Ok(looked_after)
}

/// Looks after one organisation.
pub async fn look_after(app: &App, organization: OrganizationId) -> Result<(), DbError> {
    let now = app.clock.now();
    let claims = &Claims::platform(organization);
    recall::recall_waiting(app, organization).await?;
    let promises = app
        .db
        .write("campaigns.upkeep", claims, async |tx| {
            store::upkeep::half_open(tx, now).await?;
            tell_pauses(tx, app, now).await
        })
        .await?;
    outbox::keep(app, &promises).await;
    for _ in 0..CHUNKS {
        let left: bool = app
            .db
            .write("campaigns.close", claims, async |tx| {
                store::upkeep::close(tx, CLOSED_AT_ONCE, now).await
            })
            .await?;
        if !left {
            break;
        }
    }
    Ok(())
}

async fn tell_pauses(tx: &TenantTx, app: &App, now: Timestamp) -> Result<Vec<Promise>, DbError> {
    let mut promises = Vec::new();
    for (campaign_id, user_id) in store::upkeep::take_untold(tx, now).await? {
        let mail = CampaignMail {
            v: VERSION,
            kind: Kind::CampaignPaused,
            organization_id: tx.organization(),
            campaign_id,
            user_id,
        };
        promises.push(outbox::promise(tx, app, Destination::Mail, &mail).await?);
    }
    Ok(promises)
}

/// Judges the circuit breakers of what is under way. Campaigns whose provider fails stop here; one that is tried again gets one
/// call at once.
pub(super) async fn watch(
    tx: &TenantTx,
    mut overview: Overview,
    now: Timestamp,
) -> Result<Overview, DbError> {
    let mut turned: Vec<(CampaignId, Breaker)> = Vec::new();
    for campaign in &mut overview.campaigns {
        let (calls, faults) = campaign.latest;
        if let Some(next) = campaign.breaker.judge(calls, faults, now) {
            tracing::warn!(campaign_id = %campaign.id, calls, faults, breaker = next.state.as_str(), "a breaker turned");
            campaign.breaker = next;
            turned.push((campaign.id, next));
        }
        if let Some(at_once) = campaign.breaker.at_once() {
            campaign.room = campaign.room.min(at_once - campaign.leases);
        }
    }
    if !turned.is_empty() {
        store::upkeep::turn(tx, &turned, now).await?;
        overview
            .campaigns
            .retain(|campaign| campaign.breaker.at_once() != Some(0));
    }
    Ok(overview)
}

/// A message on the queue `mail`: a campaign stopped by itself, and an administrator is to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignMail {
    v: u8,
    kind: Kind,
    organization_id: OrganizationId,
    campaign_id: CampaignId,
    user_id: UserId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    CampaignPaused,
}

/// A mail to write, in the language of the person who gets it.
#[derive(Debug)]
pub struct CampaignNotice {
    /// To whom.
    pub to: Email,
    /// In which language.
    pub language: Language,
    /// Which campaign.
    pub campaign: CampaignId,
    /// What its makers call it.
    pub name: String,
    /// Why it is paused.
    pub reason: String,
}

/// What is to be sent; `None` where there is nothing any more: it goes on, or they are gone.
pub async fn compose(app: &App, message: &CampaignMail) -> Result<Option<CampaignNotice>, DbError> {
    app.db
        .read(
            "campaigns.compose_mail",
            &Claims::platform(message.organization_id),
            async |tx| store::upkeep::notice(tx, message.campaign_id, message.user_id).await,
        )
        .await
}
