//! May Vapi dial this person? Vapi runs campaigns of its own and asks before each call (`campaign.predial`). The same gate
//! answers, for a running campaign of ours that the person belongs to; whatever is missing, unknown or ambiguous is a no.
//!
//! A yes counts as an attempt, of the campaign and of the law's four: Vapi dials at once.

use jiff::{SignedDuration, Timestamp};

use super::evidence;
use super::gate::{self, Decision};
use super::objections;
use super::solicitation;
use super::store;
use super::store::decision::DecisionRow;
use super::store::predial::Waiting;
use crate::App;
use crate::adapters::vapi::webhook::Predial;
use crate::db::edge::EventKeys;
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::ids::OrganizationId;
use crate::kernel::number_key::NumberKey;
use crate::law::ATTEMPTS_CAP;
use crate::oppositions::platform;

/// Vapi asks again where our answer was lost: within this time it is the same question, and the same attempt.
const SAME_QUESTION: SignedDuration = SignedDuration::from_secs(60);

/// Whether the person may be dialled now.
pub async fn is_eligible(app: &App, asked: &Predial) -> Result<bool, DbError> {
    let Some(organization) = organization_of(app, asked).await? else {
        return Ok(false);
    };
    let key = solicitation::number_key(app).await;
    let (key, now) = (key.as_deref(), app.clock.now());
    app.db
        .write("campaigns.predial", &Claims::platform(organization), async |tx| {
            decide(tx, app, key, asked, now).await
        })
        .await
}

/// Whose assistant it is, by Vapi's ids of our own rows. The name that we wrote on the assistant is believed where Vapi
/// tells none of them, and only as far as the assistant is that organisation's.
async fn organization_of(app: &App, asked: &Predial) -> Result<Option<OrganizationId>, DbError> {
    if asked.vapi_assistant.is_none() && asked.vapi_phone_number.is_none() {
        return Ok(asked.organization);
    }
    let keys = EventKeys {
        vapi_assistant_id: asked.vapi_assistant.clone(),
        vapi_phone_number_id: asked.vapi_phone_number.clone(),
        ..EventKeys::default()
    };
    let found = app.db.organization_of_vapi_event(&keys).await?;
    Ok(found.filter(|found| asked.organization.is_none_or(|named| named == *found)))
}

async fn decide(
    tx: &TenantTx,
    app: &App,
    number_key: Option<&NumberKey>,
    asked: &Predial,
    now: Timestamp,
) -> Result<bool, DbError> {
    let since = now.saturating_sub(SAME_QUESTION).unwrap_or(now);
    let price = app.config.call_price_per_minute;
    let Some(waiting) = store::predial::lock(tx, asked, since, price).await? else {
        return Ok(false);
    };
    let Waiting {
        campaign,
        contact,
        gate_campaign,
        mut gate_contact,
        mut history,
        due_at,
        was_allowed,
    } = waiting;
    // Between two attempts the campaign's delay passes, whoever dials.
    if due_at > now && !was_allowed {
        return Ok(false);
    }
    let Some(number_key) = number_key else {
        // Nobody knows who objects, nor how often the law lets them be called.
        return Ok(false);
    };
    let number = (
        platform::hash(number_key, &gate_contact.phone),
        gate_contact.phone.as_str(),
    );
    let objections = platform::among(tx, number_key, std::iter::once(number)).await?;
    objections::tell(&mut gate_contact, objections.into_values().next());
    let mut key = None;
    if ATTEMPTS_CAP.binds(gate_campaign.legal_basis) {
        let siren = gate_campaign.advertiser.siren.as_deref();
        let of_person = solicitation::key(number_key, siren, tx.organization(), &gate_contact.phone);
        history.solicitations = store::predial::hold_solicitations(tx, &of_person, now).await?;
        key = Some(of_person);
    }
    if was_allowed {
        // The attempt that was allowed then is this one.
        history.campaign_attempts = (history.campaign_attempts - 1).max(0);
        if key.is_some() && !history.solicitations.is_empty() {
            history.solicitations.remove(0);
        }
    }
    let decision = gate::decide(&gate_contact, &gate_campaign, &history, now);
    let is_allowed = matches!(decision, Decision::Allow { .. });
    let inputs = evidence::inputs(&gate_contact, &gate_campaign, &history, now);
    let row = DecisionRow::new(&app.clock, (campaign, contact), None, decision, inputs);
    store::predial::note(tx, &row, now).await?;
    if is_allowed && !was_allowed {
        store::predial::count(tx, &row, (campaign, contact), key.as_ref(), now).await?;
    }
    Ok(is_allowed)
}
