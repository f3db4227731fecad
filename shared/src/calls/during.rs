//! A call while it lasts, for what must be done and answered during it: whose it is, who is on the line, and which
//! assistant speaks, from our own rows alone.

use futures_util::future::join;
use jiff::Timestamp;

use super::event::{created_at, keys};
use super::{during_store, event_store};
use crate::App;
use crate::adapters::vapi::webhook::Projection;
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::ids::{AssistantId, AttemptId, CallId, CampaignId, ContactId, OrganizationId};
use crate::kernel::shown::shows;
use crate::kernel::{Country, Language, PhoneNumber, Timezone};

/// A call that is under way.
#[derive(Clone)]
pub struct UnderWay {
    /// The call; none where the message names none.
    pub id: Option<CallId>,
    /// Whether it has a row already: the events that tell of it may still be on the queue.
    pub(super) is_known: bool,
    /// The attempt that it was placed for.
    pub(super) attempt: Option<AttemptId>,
    /// When it began, as far as we know.
    pub(super) created_at: Timestamp,
    /// Its campaign.
    pub campaign: Option<CampaignId>,
    /// Who is on the line.
    pub contact: Option<ContactId>,
    /// Their name.
    pub contact_name: Option<String>,
    /// Their number.
    pub phone: Option<PhoneNumber>,
    /// Which assistant speaks.
    pub assistant: Option<AssistantId>,
    /// What it speaks.
    pub language: Language,
    /// Whom it hands over to.
    pub transfer_number: Option<PhoneNumber>,
    /// The organisation's name.
    pub organization_name: String,
    /// On which clock it lives.
    pub timezone: Timezone,
    /// Where national numbers belong.
    pub country: Country,
}

shows!(UnderWay, id, campaign, contact, assistant, language);

/// Something that happened in a call, for its timeline.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
    /// What the product calls it.
    pub event: &'static str,
    /// The same for every telling of one event, and for no other.
    pub dedupe_key: &'a str,
    /// What is kept of it: ids.
    pub details: &'a serde_json::Value,
}

/// Whose call a message is about; `None` where it names nothing of ours.
pub async fn organization_of(app: &App, event: &Projection) -> Result<Option<OrganizationId>, DbError> {
    app.db.organization_of_vapi_event(&keys(event)).await
}

/// To whom the assistant of a call hands over, if to anybody, and what it speaks; `None` for a call that is not ours.
pub async fn transfer_of(
    app: &App,
    event: &Projection,
) -> Result<Option<(Language, Option<PhoneNumber>)>, DbError> {
    let Some(organization) = organization_of(app, event).await? else {
        return Ok(None);
    };
    let call = app
        .db
        .read("calls.under_way", &Claims::platform(organization), async |tx| {
            during_store::find(tx, event).await
        })
        .await?;
    Ok(Some((call.language, call.transfer_number)))
}

/// The call that a message is about. The transaction has its turn among the events of this call from now on: what is told
/// twice comes one after the other.
pub async fn lock(tx: &TenantTx, app: &App, event: &Projection) -> Result<UnderWay, DbError> {
    let (locked, found) = join(event_store::lock(tx, &event.keys), during_store::find(tx, event)).await;
    locked?;
    let mut call = found?;
    if call.id.is_none() && super::event::is_about_a_call(event) {
        call.id = Some(
            call.attempt
                .map_or_else(|| CallId::new(&app.clock), |attempt| CallId(attempt.0)),
        );
    }
    if !call.is_known && call.attempt.is_none() {
        call.created_at = created_at(event);
    }
    Ok(call)
}

/// Writes the row of a call that has none yet, so that others may refer to it; the events on their way complete it.
pub async fn keep(tx: &TenantTx, call: &UnderWay, event: &Projection, now: Timestamp) -> Result<(), DbError> {
    match call.id {
        Some(id) if !call.is_known => during_store::insert(tx, id, call, event, now).await,
        _ => Ok(()),
    }
}

/// Notes what happened on the timeline of the call.
pub async fn note(tx: &TenantTx, app: &App, call: &UnderWay, happened: &Happened<'_>) -> Result<(), DbError> {
    match call.id {
        Some(id) => during_store::note(tx, app.clock.uuid(), id, call, happened, app.clock.now()).await,
        None => Ok(()),
    }
}
