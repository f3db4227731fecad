//! Voice assistants: make, list, read, change, delete. Members may do all of it.

mod answer;
mod request;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::App;
use zencall::assistants::{self, AssistantKey};
use zencall::http::{Answer, Caller, Json, ListOf, ListQuery, Member, NoFilter, ProblemBody};
use zencall::kernel::Faults;

pub use answer::{Assistant, AssistantAnswer, ChangedAnswer, CreatedAnswer, SyncAnswer};
pub use request::{ChangeAssistant, CreateAssistant};

/// The routes of this function. Existing frontends use the second address.
pub fn routes() -> OpenApiRouter<App> {
    zencall::http::api()
        .routes(routes!(
            list_assistants,
            create_assistant,
            change_named_assistant,
            delete_named_assistant
        ))
        .routes(routes!(read_assistant, change_assistant, delete_assistant))
        .routes(routes!(sync_assistants))
        .route(
            "/api/vapi/assistants",
            get(list_assistants)
                .post(create_assistant)
                .patch(change_named_assistant)
                .delete(delete_named_assistant),
        )
}

/// Which assistant, where the path does not say it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Named {
    /// Vapi's id of the assistant.
    id: Option<String>,
}

/// The organisation's assistants, newest first.
#[utoipa::path(get, path = "/api/v1/vapi/assistants", tag = "assistants",
    params(("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before")),
    responses((status = 200, body = ListOf<Assistant>), (status = "4XX", body = ProblemBody)))]
async fn list_assistants(
    State(app): State<App>,
    caller: Caller,
    ListQuery {
        page,
        filter: NoFilter {},
    }: ListQuery<NoFilter>,
) -> Answer<Json<ListOf<Assistant>>> {
    let page = assistants::list(&app, &caller, page).await?;
    Ok(Json(ListOf::from_page(page, Assistant::from)))
}

/// Makes an assistant, at Vapi too.
#[utoipa::path(post, path = "/api/v1/vapi/assistants", tag = "assistants", request_body = CreateAssistant,
    responses((status = 201, body = CreatedAnswer), (status = "4XX", body = ProblemBody),
              (status = 502, description = "Vapi refused or does not answer; nothing was made", body = ProblemBody)))]
async fn create_assistant(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<CreateAssistant>,
) -> Answer<(StatusCode, Json<CreatedAnswer>)> {
    let country = assistants::organization_country(&app, &caller).await?;
    let new = request.parse(country)?;
    let created = assistants::create(&app, &caller, new).await?;
    Ok((StatusCode::CREATED, Json(created.into())))
}

/// One assistant.
#[utoipa::path(get, path = "/api/v1/vapi/assistants/{id}", tag = "assistants",
    params(("id" = String, Path, description = "The assistant's id")),
    responses((status = 200, body = AssistantAnswer), (status = "4XX", body = ProblemBody)))]
async fn read_assistant(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<AssistantAnswer>> {
    let found = assistants::read(&app, &caller, &AssistantKey::new(id)).await?;
    Ok(Json(found.into()))
}

/// Changes an assistant, at Vapi too. `null` gives a member back its default.
#[utoipa::path(patch, path = "/api/v1/vapi/assistants/{id}", tag = "assistants", request_body = ChangeAssistant,
    params(("id" = String, Path, description = "The assistant's id")),
    responses((status = 200, body = ChangedAnswer), (status = "4XX", body = ProblemBody),
              (status = 502, description = "Vapi refused or does not answer; nothing was changed", body = ProblemBody)))]
async fn change_assistant(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<ChangeAssistant>,
) -> Answer<Json<ChangedAnswer>> {
    change(&app, &caller, AssistantKey::new(id), request, Faults::default()).await
}

/// The same for the assistant that the body names by `vapi_assistant_id`.
#[utoipa::path(patch, path = "/api/v1/vapi/assistants", tag = "assistants", request_body = ChangeAssistant,
    responses((status = 200, body = ChangedAnswer), (status = "4XX", body = ProblemBody),
              (status = 502, description = "Vapi refused or does not answer; nothing was changed", body = ProblemBody)))]
async fn change_named_assistant(
    State(app): State<App>,
    caller: Caller,
    Json(mut request): Json<ChangeAssistant>,
) -> Answer<Json<ChangedAnswer>> {
    let mut faults = Faults::default();
    let named = std::mem::take(&mut request.vapi_assistant_id);
    let key = named.required("vapi_assistant_id", &mut faults, |id| Ok(AssistantKey::new(id)));
    // Without a name, the faults say so: no assistant is looked for.
    let key = key.unwrap_or_else(|| AssistantKey::new(""));
    change(&app, &caller, key, request, faults).await
}

async fn change(
    app: &App,
    caller: &Caller,
    key: AssistantKey,
    request: ChangeAssistant,
    faults: Faults,
) -> Answer<Json<ChangedAnswer>> {
    let country = assistants::organization_country(app, caller).await?;
    let changes = request.parse(country, faults)?;
    let changed = assistants::update(app, caller, &key, changes).await?;
    Ok(Json(changed.into()))
}

/// Deletes an assistant, at Vapi too. A campaign that runs, waits for its time or is paused keeps it; one that has not
/// begun must choose another.
#[utoipa::path(delete, path = "/api/v1/vapi/assistants/{id}", tag = "assistants",
    params(("id" = String, Path, description = "The assistant's id")),
    responses((status = 204, description = "Deleted"), (status = "4XX", body = ProblemBody),
              (status = 502, description = "Vapi refused or does not answer; nothing was deleted", body = ProblemBody)))]
async fn delete_assistant(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    assistants::delete(&app, &caller, &AssistantKey::new(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The same for the assistant that the query names by Vapi's id.
#[utoipa::path(delete, path = "/api/v1/vapi/assistants", tag = "assistants", params(Named),
    responses((status = 204, description = "Deleted"), (status = "4XX", body = ProblemBody),
              (status = 502, description = "Vapi refused or does not answer; nothing was deleted", body = ProblemBody)))]
async fn delete_named_assistant(
    State(app): State<App>,
    caller: Caller,
    Query(named): Query<Named>,
) -> Answer<StatusCode> {
    let mut faults = Faults::default();
    let named = named.id.map_or(Member::Absent, Member::Given);
    let key = named.required("id", &mut faults, |id: String| Ok(AssistantKey::new(id)));
    let key = faults.finish(|| key)?;
    assistants::delete(&app, &caller, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes Vapi's assistants those of the organisation here: what somebody changed there is told again, what is gone is made
/// again, and what bears the organisation's name without being one of its assistants is deleted. May be repeated.
#[utoipa::path(post, path = "/api/v1/vapi/assistants/sync", tag = "assistants",
    responses((status = 200, body = SyncAnswer), (status = "4XX", body = ProblemBody),
              (status = 502, description = "Vapi refused or does not answer; some may be repaired", body = ProblemBody)))]
async fn sync_assistants(State(app): State<App>, caller: Caller) -> Answer<Json<SyncAnswer>> {
    let synced = assistants::sync(&app, &caller).await?;
    Ok(Json(synced.into()))
}
