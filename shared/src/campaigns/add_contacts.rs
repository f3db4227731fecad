//! Adding contacts to a campaign.

use jiff::Timestamp;
use serde_json::json;

use super::{CampaignError, Status, release, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{CampaignId, ContactId};
use crate::kernel::{Caller, Faults, Invalid};

/// Contacts by id, by tag, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// These.
    pub ids: Vec<ContactId>,
    /// And all that carry one of these tags.
    pub tags: Vec<String>,
}

impl Selection {
    /// Whether it selects nobody.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.tags.is_empty()
    }
}

/// What came of it: each selected contact counts once.
#[derive(Debug, Clone)]
pub struct Added {
    /// New to the campaign.
    pub added: i64,
    /// In it already.
    pub already_present: i64,
    /// New to it too, and not to be called: its report will say so.
    pub suppressed: i64,
    /// The first thousand of these.
    pub suppressed_ids: Vec<ContactId>,
}

/// Why contacts could not be added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The campaign.
    #[error(transparent)]
    Campaign(#[from] CampaignError),
    /// These are no contacts of the organisation.
    #[error("{} of the contacts do not exist", .0.len())]
    UnknownContacts(Vec<ContactId>),
}

impl From<DbError> for AddError {
    fn from(error: DbError) -> Self {
        Self::Campaign(error.into())
    }
}

impl Classify for AddError {
    fn failure(&self) -> Failure {
        match self {
            Self::Campaign(error) => error.failure(),
            Self::UnknownContacts(ids) => {
                let mut faults = Faults::default();
                for id in ids.iter().take(100) {
                    let mut invalid = Invalid::new("contact_not_found", "", "");
                    invalid.message = crate::kernel::Text::owned(
                        format!("Le contact {id} n'existe pas."),
                        format!("There is no contact {id}."),
                    );
                    faults.add("contact_ids", invalid);
                }
                Failure::invalid(faults)
            }
        }
    }
}

/// Adds the selected contacts; only while the campaign is being prepared or paused, or runs: they are called as well.
pub async fn add(
    app: &App,
    caller: &Caller,
    id: CampaignId,
    selection: &Selection,
) -> Result<Added, AddError> {
    let now = app.clock.now();
    let actor = &Actor::from(caller);
    let (added, status) = app
        .db
        .write("campaigns.add_contacts", &Claims::from(caller), async |tx| {
            let campaign = store::campaign::lock(tx, id).await?;
            if campaign.status.is_over() {
                return Err(AddError::from(CampaignError::State(campaign.status)));
            }
            let added = add_in(tx, id, selection, now).await?;
            let details = json!({ "campaign_id": id, "added": added.added });
            audit::record(tx, &app.clock, actor, "campaign.add_contacts", details).await?;
            Ok((added, campaign.status))
        })
        .await?;
    if status == Status::Running
        && let Err(error) = release::release(app, caller.organization).await
    {
        tracing::warn!(campaign_id = %id, error = &error as &dyn std::error::Error, "the new contacts are left to the tick");
    }
    Ok(added)
}

pub(super) async fn add_in(
    tx: &TenantTx,
    id: CampaignId,
    selection: &Selection,
    now: Timestamp,
) -> Result<Added, AddError> {
    let added = store::campaign::add_contacts(tx, id, &selection.ids, &selection.tags, now).await?;
    if !added.unknown.is_empty() {
        return Err(AddError::UnknownContacts(added.unknown));
    }
    Ok(Added {
        added: added.callable,
        already_present: added.already_present,
        suppressed: added.suppressed,
        suppressed_ids: added.suppressed_ids,
    })
}
