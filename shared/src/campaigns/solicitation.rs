//! How often an advertiser has tried to reach a person, whichever organisation, campaign or assistant did it: the law
//! counts by professional (D223-9 code de la consommation), not by tenant. The count lies outside every tenant, under a
//! keyed hash of advertiser and number, so that it tells nobody who called whom.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::gate::GateCampaign;
use super::store;
use super::store::release::{Candidate, UnderWay};
use crate::App;
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::PhoneNumber;
use crate::kernel::ids::{CampaignId, ContactId, OrganizationId};
use crate::kernel::number_key::NumberKey;
use crate::law::{ATTEMPTS_CAP, attempts_period};

/// How much longer they are kept than they are looked up.
const MARGIN: SignedDuration = SignedDuration::from_hours(2 * 24);
/// Rows that one statement deletes.
const FORGOTTEN_AT_ONCE: i32 = 5000;

/// The key of numbers, if it can be had now. Without it nobody is called: nobody would know who objects.
pub(super) async fn number_key(app: &App) -> Option<Arc<NumberKey>> {
    match app.number_key().await {
        Ok(key) => Some(key),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "nobody knows who objects: nobody is called"
            );
            None
        }
    }
}

/// Forgets attempts that are too old to count, some at a time.
pub async fn forget_old(app: &App, now: Timestamp) -> Result<i32, DbError> {
    let before = now
        .saturating_sub(attempts_period() + MARGIN)
        .unwrap_or(Timestamp::MIN);
    app.db.forget_old_solicitations(before, FORGOTTEN_AT_ONCE).await
}

/// The key of an advertiser and a number: the advertiser is its SIREN or, without one, the organisation.
pub(super) fn key(
    key: &NumberKey,
    siren: Option<&str>,
    organization: OrganizationId,
    phone: &PhoneNumber,
) -> Bytes {
    let organization = organization.to_string();
    let advertiser = siren.unwrap_or(&organization);
    Bytes(key.hash("solicitation", &[advertiser, phone.as_str()]).to_vec())
}

/// What was tried lately for the candidates of a wave.
#[derive(Default)]
pub(super) struct Recent {
    keys: HashMap<(CampaignId, ContactId), Bytes>,
    times: HashMap<Vec<u8>, Vec<Timestamp>>,
}

impl Recent {
    /// When this candidate was last tried, the latest first.
    pub(super) fn of(&self, candidate: &Candidate) -> Vec<Timestamp> {
        self.keys
            .get(&(candidate.campaign, candidate.contact))
            .and_then(|key| self.times.get(&key.0))
            .cloned()
            .unwrap_or_default()
    }

    /// Under which key an attempt counts, where it does.
    pub(super) fn key(&self, candidate: &Candidate) -> Option<Bytes> {
        self.keys.get(&(candidate.campaign, candidate.contact)).cloned()
    }
}

/// The same for the contacts of one campaign.
pub(super) async fn recent_of_one(
    tx: &TenantTx,
    number_key: &NumberKey,
    campaign: &GateCampaign,
    candidates: &[Candidate],
    now: Timestamp,
) -> Result<Recent, DbError> {
    let mut recent = Recent::default();
    if !ATTEMPTS_CAP.binds(campaign.legal_basis) {
        return Ok(recent);
    }
    let siren = campaign.advertiser.siren.as_deref();
    for candidate in candidates {
        let key = key(number_key, siren, tx.organization(), &candidate.gate.phone);
        recent.keys.insert((candidate.campaign, candidate.contact), key);
    }
    let keys: Vec<Bytes> = recent.keys.values().cloned().collect();
    recent.times = store::solicitation::recent(tx, &keys, now).await?;
    Ok(recent)
}

/// Looks up what was tried lately, for those whom the law protects; one statement, or none where it protects nobody.
pub(super) async fn recent(
    tx: &TenantTx,
    number_key: Option<&NumberKey>,
    campaigns: &[UnderWay],
    candidates: &[Candidate],
    now: Timestamp,
) -> Result<Recent, DbError> {
    let mut recent = Recent::default();
    let Some(number_key) = number_key else {
        return Ok(recent);
    };
    let sirens: HashMap<CampaignId, Option<&str>> = campaigns
        .iter()
        .filter(|campaign| ATTEMPTS_CAP.binds(campaign.gate.legal_basis))
        .map(|campaign| (campaign.id, campaign.gate.advertiser.siren.as_deref()))
        .collect();
    for candidate in candidates {
        if let Some(siren) = sirens.get(&candidate.campaign) {
            let key = key(number_key, *siren, tx.organization(), &candidate.gate.phone);
            recent.keys.insert((candidate.campaign, candidate.contact), key);
        }
    }
    if !recent.keys.is_empty() {
        let keys: Vec<Bytes> = recent.keys.values().cloned().collect();
        recent.times = store::solicitation::recent(tx, &keys, now).await?;
    }
    Ok(recent)
}
