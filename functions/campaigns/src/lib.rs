//! `campaigns`: preparing campaigns, steering them, and reading how they went.

mod dossier;
mod forecast;
mod report;
mod requests;
mod values;
mod views;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::App;
use zencall::campaigns::{self, CampaignError, Step};
use zencall::http::{self, Answer, Caller, Json, ListOf, ListQuery, NoFilter, ProblemBody};
use zencall::kernel::ids::{CampaignId, ContactId};

pub use requests::{ChangeCampaign, CreateCampaign, SelectContacts};
pub use views::{AddedAnswer, CampaignAnswer, CampaignContactView, CampaignView, DecisionView};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    http::api()
        .routes(routes!(list_campaigns, create_campaign))
        .routes(routes!(read_campaign, change_campaign, delete_campaign))
        .routes(routes!(list_contacts, add_contacts))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(cancel))
        .routes(routes!(report::read_report))
        .routes(routes!(forecast::forecast_campaign))
        .routes(routes!(list_decisions))
        .routes(routes!(dossier::read_dossier))
}

/// Makes a campaign, as a draft.
#[utoipa::path(post, path = "/api/v1/campaigns", tag = "campaigns", request_body = CreateCampaign,
    responses((status = 201, body = CampaignAnswer), (status = "4XX", body = ProblemBody)))]
async fn create_campaign(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<CreateCampaign>,
) -> Answer<(StatusCode, Json<CampaignAnswer>)> {
    let new = request.parse()?;
    let campaign = campaigns::create::create(&app, &caller, &new).await?;
    Ok((StatusCode::CREATED, Json(campaign.into())))
}

/// The organisation's campaigns, newest first.
#[utoipa::path(get, path = "/api/v1/campaigns", tag = "campaigns",
    params(("limit" = Option<u16>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = ListOf<CampaignView>), (status = "4XX", body = ProblemBody)))]
async fn list_campaigns(
    State(app): State<App>,
    caller: Caller,
    list: ListQuery<NoFilter>,
) -> Answer<Json<ListOf<CampaignView>>> {
    let page = campaigns::read::list(&app, &caller, list.page).await?;
    Ok(Json(ListOf::from_page(page, CampaignView::from)))
}

/// One campaign.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, body = CampaignAnswer), (status = "4XX", body = ProblemBody)))]
async fn read_campaign(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<CampaignAnswer>> {
    Ok(Json(
        campaigns::read::read(&app, &caller, campaign_id(&id)?)
            .await?
            .into(),
    ))
}

/// Changes a campaign that is a draft or paused.
#[utoipa::path(patch, path = "/api/v1/campaigns/{id}", tag = "campaigns", params(("id" = String, Path)),
    request_body = ChangeCampaign,
    responses((status = 200, body = CampaignAnswer), (status = "4XX", body = ProblemBody)))]
async fn change_campaign(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<ChangeCampaign>,
) -> Answer<Json<CampaignAnswer>> {
    let (changes, settings) = request.parse()?;
    let settle = |current: &mut campaigns::Settings| settings.apply(current);
    let campaign = campaigns::change::change(&app, &caller, campaign_id(&id)?, &changes, settle).await?;
    Ok(Json(campaign.into()))
}

/// Deletes a campaign that is a draft, completed or cancelled.
#[utoipa::path(delete, path = "/api/v1/campaigns/{id}", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
async fn delete_campaign(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    campaigns::change::delete(&app, &caller, campaign_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds contacts by id or by tag.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/contacts", tag = "campaigns", params(("id" = String, Path)),
    request_body = SelectContacts,
    responses((status = 200, body = AddedAnswer), (status = "4XX", body = ProblemBody)))]
async fn add_contacts(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<SelectContacts>,
) -> Answer<Json<AddedAnswer>> {
    let id = campaign_id(&id)?;
    let selection = request.parse()?;
    Ok(Json(
        campaigns::add_contacts::add(&app, &caller, id, &selection)
            .await?
            .into(),
    ))
}

/// A campaign's contacts: where each stands, and why.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/contacts", tag = "campaigns", operation_id = "list_campaign_contacts",
    params(("id" = String, Path), ("limit" = Option<u16>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = ListOf<CampaignContactView>), (status = "4XX", body = ProblemBody)))]
async fn list_contacts(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    list: ListQuery<NoFilter>,
) -> Answer<Json<ListOf<CampaignContactView>>> {
    let page = campaigns::read::contacts(&app, &caller, campaign_id(&id)?, list.page).await?;
    Ok(Json(ListOf::from_page(page, CampaignContactView::from)))
}

/// Every decision of the gate about one contact: why it was called, why not, until when.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/contacts/{contact_id}/decisions", tag = "campaigns",
    params(("id" = String, Path), ("contact_id" = String, Path), ("limit" = Option<u16>, Query),
           ("cursor" = Option<String>, Query)),
    responses((status = 200, body = ListOf<DecisionView>), (status = "4XX", body = ProblemBody)))]
async fn list_decisions(
    State(app): State<App>,
    caller: Caller,
    Path((id, contact_id)): Path<(String, String)>,
    list: ListQuery<NoFilter>,
) -> Answer<Json<ListOf<DecisionView>>> {
    let contact = ContactId::parse(&contact_id).map_err(|_| CampaignError::NotFound)?;
    let page = campaigns::read::decisions(&app, &caller, (campaign_id(&id)?, contact), list.page).await?;
    Ok(Json(ListOf::from_page(page, DecisionView::from)))
}

/// Pauses: queued calls stop, calls in progress end normally.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/pause", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 202, body = CampaignAnswer), (status = "4XX", body = ProblemBody)))]
async fn pause(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<(StatusCode, Json<CampaignAnswer>)> {
    take(&app, &caller, &id, Step::Pause).await
}

/// Goes on after a pause.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/resume", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 202, body = CampaignAnswer), (status = "4XX", body = ProblemBody)))]
async fn resume(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<(StatusCode, Json<CampaignAnswer>)> {
    take(&app, &caller, &id, Step::Resume).await
}

/// Stops for good.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/cancel", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 202, body = CampaignAnswer), (status = "4XX", body = ProblemBody)))]
async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<(StatusCode, Json<CampaignAnswer>)> {
    take(&app, &caller, &id, Step::Cancel).await
}

async fn take(
    app: &App,
    caller: &Caller,
    id: &str,
    step: Step,
) -> Answer<(StatusCode, Json<CampaignAnswer>)> {
    let campaign = campaigns::lifecycle::take(app, caller, campaign_id(id)?, step).await?;
    Ok((StatusCode::ACCEPTED, Json(campaign.into())))
}

/// What is no id names no campaign.
fn campaign_id(text: &str) -> Result<CampaignId, CampaignError> {
    CampaignId::parse(text).map_err(|_| CampaignError::NotFound)
}
