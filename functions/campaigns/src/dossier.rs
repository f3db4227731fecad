//! The dossier of one contact, as it is answered.

use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use zencall::App;
use zencall::calls::Disclosures;
use zencall::campaigns::CampaignError;
use zencall::campaigns::dossier::{self, Attempt, Dossier, Person};
use zencall::consents::Consent;
use zencall::contacts::{CallbackRequest, Contract};
use zencall::http::{Answer, Caller, Json, ProblemBody};
use zencall::kernel::ids::{AttemptId, ContactId};
use zencall::kernel::{Money, PhoneNumber};

use crate::campaign_id;
use crate::views::{CampaignContactView, CampaignView, DecisionView};

/// A dossier.
#[derive(Serialize, ToSchema)]
pub(crate) struct DossierAnswer {
    dossier: DossierView,
}

/// Everything about one contact of a campaign: why it was called or not, each time, and what came of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct DossierView {
    campaign: CampaignView,
    person: PersonView,
    /// Where the contact stands, and why; the outcome of the last call.
    standing: CampaignContactView,
    /// What the person agreed to and took back, with its proofs, newest first.
    consents: Vec<Consent>,
    /// Oldest first.
    attempts: Vec<AttemptView>,
    /// Newest first.
    decisions: Vec<DecisionView>,
}

/// The person, as far as it bears on why they were called.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonView {
    contact_id: ContactId,
    #[schema(value_type = String)]
    phone: PhoneNumber,
    #[schema(required)]
    first_name: Option<String>,
    #[schema(required)]
    last_name: Option<String>,
    /// `consumer` or `business`.
    kind: String,
    #[schema(required)]
    timezone: Option<String>,
    #[schema(required)]
    postal_code: Option<String>,
    /// Whether they asked never to be called.
    do_not_call: bool,
    #[schema(required)]
    contract: Option<Contract>,
    #[schema(required)]
    callback_request: Option<CallbackRequest>,
}

/// An attempt to call, with the call that came of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttemptView {
    /// The call has the same id.
    id: AttemptId,
    number: i32,
    /// `queued`, `dialing`, `in_call`, `unknown`, `ended` or `released`.
    status: String,
    #[schema(required)]
    outcome: Option<String>,
    /// Why it was given back, uncounted.
    #[schema(required)]
    released_reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    queued_at: Timestamp,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    dialing_at: Option<Timestamp>,
    /// Until when the gate allowed it to be placed.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    allowed_until: Option<Timestamp>,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    answered_at: Option<Timestamp>,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    #[schema(required)]
    duration_seconds: Option<i32>,
    #[schema(required)]
    ended_reason: Option<String>,
    #[schema(required)]
    cost: Option<Money>,
    /// What its transcript shows of what must be said, once its report has come.
    #[schema(required)]
    disclosures: Option<Disclosures>,
}

impl PersonView {
    fn new(contact_id: ContactId, person: Person) -> Self {
        Self {
            contact_id,
            phone: person.phone,
            first_name: person.first_name,
            last_name: person.last_name,
            kind: person.kind,
            timezone: person.timezone,
            postal_code: person.postal_code,
            do_not_call: person.do_not_call,
            contract: person.contract,
            callback_request: person.callback_request,
        }
    }
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            id: attempt.id,
            number: attempt.number,
            status: attempt.status,
            outcome: attempt.outcome,
            released_reason: attempt.released_reason,
            queued_at: attempt.queued_at,
            dialing_at: attempt.dialing_at,
            allowed_until: attempt.allowed_until,
            answered_at: attempt.answered_at,
            ended_at: attempt.ended_at,
            duration_seconds: attempt.duration_seconds,
            ended_reason: attempt.ended_reason,
            cost: attempt.cost.map(Money::new),
            disclosures: attempt.disclosures,
        }
    }
}

impl From<Dossier> for DossierAnswer {
    fn from(dossier: Dossier) -> Self {
        let person = PersonView::new(dossier.standing.contact, dossier.person);
        Self {
            dossier: DossierView {
                campaign: dossier.campaign.into(),
                person,
                standing: dossier.standing.into(),
                consents: dossier.consents,
                attempts: dossier.attempts.into_iter().map(AttemptView::from).collect(),
                decisions: dossier.decisions.into_iter().map(DecisionView::from).collect(),
            },
        }
    }
}

/// Everything about one contact: consents with their proofs, attempts, decisions, outcome. Reading it is noted.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/contacts/{contact_id}/dossier", tag = "campaigns",
    params(("id" = String, Path), ("contact_id" = String, Path)),
    responses((status = 200, body = DossierAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn read_dossier(
    State(app): State<App>,
    caller: Caller,
    Path((id, contact_id)): Path<(String, String)>,
) -> Answer<Json<DossierAnswer>> {
    let contact = ContactId::parse(&contact_id).map_err(|_| CampaignError::NotFound)?;
    let dossier = dossier::dossier(&app, &caller, (campaign_id(&id)?, contact)).await?;
    Ok(Json(dossier.into()))
}
