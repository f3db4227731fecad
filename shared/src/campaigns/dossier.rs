//! The dossier of a contact in a campaign: on what ground somebody was called or not, what was decided each time and why, what
//! became of it. It is what an authority, or the person, may ask for (R223-2 code de la consommation, article 15 RGPD), and
//! reading it is noted.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::json;

use super::read::{CampaignContact, StoredDecision};
use super::{Campaign, CampaignError, store};
use crate::App;
use crate::assistants::said::Disclosures;
use crate::audit::{self, Actor};
use crate::consents::{self, Consent};
use crate::contacts::{CallbackRequest, Contract};
use crate::db::Claims;
use crate::kernel::ids::{AttemptId, CampaignId, ContactId};
use crate::kernel::shown::shows;
use crate::kernel::{Caller, PageRequest, PhoneNumber};

/// The most consents and decisions that a dossier holds, newest first.
const ROWS: PageRequest = PageRequest {
    limit: 1_000,
    after: None,
};

/// Everything about one contact of a campaign.
pub struct Dossier {
    /// The campaign as it is now.
    pub campaign: Campaign,
    /// The person.
    pub person: Person,
    /// Where the contact stands, and why.
    pub standing: CampaignContact,
    /// What the person agreed to and took back, with its proofs, newest first.
    pub consents: Vec<Consent>,
    /// Each attempt to call, oldest first.
    pub attempts: Vec<Attempt>,
    /// Each decision of the gate, newest first.
    pub decisions: Vec<StoredDecision>,
}

/// The person, as far as it bears on why they were called.
pub struct Person {
    /// Whom.
    pub phone: PhoneNumber,
    /// Their first name.
    pub first_name: Option<String>,
    /// Their last name.
    pub last_name: Option<String>,
    /// `consumer` or `business`.
    pub kind: String,
    /// Their own clock, where it was given.
    pub timezone: Option<String>,
    /// Where they live.
    pub postal_code: Option<String>,
    /// Whether they asked never to be called.
    pub do_not_call: bool,
    /// Their contract in progress.
    pub contract: Option<Contract>,
    /// Their request to be called.
    pub callback_request: Option<CallbackRequest>,
}

shows!(Person, kind, do_not_call);

/// An attempt to call, with the call that came of it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its id; the call has the same.
    pub id: AttemptId,
    /// Which one it is, from 1.
    pub number: i32,
    /// `queued`, `dialing`, `in_call`, `unknown`, `ended` or `released`.
    pub status: String,
    /// How it ended.
    pub outcome: Option<String>,
    /// Why it was given back, uncounted.
    pub released_reason: Option<String>,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// When it was handed to the provider.
    pub dialing_at: Option<Timestamp>,
    /// Until when it might be.
    pub allowed_until: Option<Timestamp>,
    /// When somebody answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How long they talked.
    pub duration_seconds: Option<i32>,
    /// The provider's reason for its end.
    pub ended_reason: Option<String>,
    /// What it cost, in US dollars.
    pub cost: Option<Decimal>,
    /// What its transcript shows of what must be said, once its report has come.
    pub disclosures: Option<Disclosures>,
}

/// The dossier; reading it is noted in the audit log.
pub async fn dossier(
    app: &App,
    caller: &Caller,
    (id, contact): (CampaignId, ContactId),
) -> Result<Dossier, CampaignError> {
    let (now, actor) = (app.clock.now(), &Actor::from(caller));
    app.db
        .write("campaigns.dossier", &Claims::from(caller), async |tx| {
            let campaign = store::campaign::find(tx, id).await?;
            let campaign = campaign.ok_or(CampaignError::NotFound)?;
            let found = store::dossier::person(tx, id, contact).await?;
            let (person, standing) = found.ok_or(CampaignError::NotFound)?;
            let dossier = Dossier {
                campaign,
                person,
                standing,
                consents: consents::of_contact(tx, contact, ROWS, now).await?,
                attempts: store::dossier::attempts(tx, id, contact).await?,
                decisions: store::report::decisions(tx, id, contact, ROWS)
                    .await?
                    .unwrap_or_default(),
            };
            let details = json!({ "campaign_id": id, "contact_id": contact });
            audit::record(tx, &app.clock, actor, "campaign.read_dossier", details).await?;
            Ok(dossier)
        })
        .await
}
