//! Reading campaigns, their contacts, and why each was called or not.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{Campaign, CampaignError, store};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::ids::{CampaignId, ContactId};
use crate::kernel::{Caller, Page, PageRequest};

/// A contact in a campaign.
#[derive(Debug, Clone)]
pub struct CampaignContact {
    /// Who.
    pub contact: ContactId,
    /// `pending`, `waiting`, `active`, `completed`, `failed`, `skipped` or `cancelled`.
    pub status: String,
    /// Attempts that count.
    pub attempts: i32,
    /// When the contact is due again, while it waits.
    pub next_attempt_at: Option<Timestamp>,
    /// How the last call ended.
    pub last_outcome: Option<String>,
    /// Why the contact was refused last.
    pub refusal_code: Option<String>,
    /// The article or the setting that this comes from.
    pub refusal_rule: Option<String>,
    /// Why the last call failed, where the contact is `failed`: the provider's reason, or why it was never placed.
    pub failure_reason: Option<String>,
}

/// A decision of the gate.
#[derive(Debug, Clone)]
pub struct StoredDecision {
    /// Its id.
    pub id: Uuid,
    /// `release`, `dial`, or `predial` where a campaign of Vapi's own asked.
    pub stage: String,
    /// Whether the call was allowed.
    pub allowed: bool,
    /// Why not.
    pub code: Option<String>,
    /// The article or the setting that this comes from.
    pub rule: Option<String>,
    /// Until when it was allowed.
    pub allowed_until: Option<Timestamp>,
    /// When the gate was to be asked again.
    pub retry_at: Option<Timestamp>,
    /// What the gate was asked.
    pub inputs: Value,
    /// SHA-256 of that.
    pub inputs_hash: String,
    /// When.
    pub decided_at: Timestamp,
}

/// One campaign.
pub async fn read(app: &App, caller: &Caller, id: CampaignId) -> Result<Campaign, CampaignError> {
    app.db
        .read("campaigns.read", &Claims::from(caller), async |tx| {
            store::campaign::find(tx, id).await
        })
        .await
        .map_err(CampaignError::Db)?
        .ok_or(CampaignError::NotFound)
}

/// The organisation's campaigns, newest first.
pub async fn list(app: &App, caller: &Caller, page: PageRequest) -> Result<Page<Campaign>, DbError> {
    let rows = app
        .db
        .read("campaigns.list", &Claims::from(caller), async |tx| {
            store::campaign::list(tx, page).await
        })
        .await?;
    Ok(Page::from_rows(rows, page, |campaign| campaign.id))
}

/// A campaign's contacts.
pub async fn contacts(
    app: &App,
    caller: &Caller,
    id: CampaignId,
    page: PageRequest,
) -> Result<Page<CampaignContact>, CampaignError> {
    let rows = app
        .db
        .read("campaigns.contacts", &Claims::from(caller), async |tx| {
            store::report::contacts(tx, id, page).await
        })
        .await?
        .ok_or(CampaignError::NotFound)?;
    Ok(Page::from_rows(rows, page, |row| row.contact))
}

/// Every decision about one contact of a campaign, newest first.
pub async fn decisions(
    app: &App,
    caller: &Caller,
    (id, contact): (CampaignId, ContactId),
    page: PageRequest,
) -> Result<Page<StoredDecision>, CampaignError> {
    let rows = app
        .db
        .read("campaigns.decisions", &Claims::from(caller), async |tx| {
            store::report::decisions(tx, id, contact, page).await
        })
        .await?
        .ok_or(CampaignError::NotFound)?;
    Ok(Page::from_rows(rows, page, |row| {
        crate::kernel::ids::DecisionId(row.id)
    }))
}
