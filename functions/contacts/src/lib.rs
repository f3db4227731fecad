//! `contacts`: the people and businesses whom an organisation calls.

mod consents;
mod do_not_call;
mod import;
mod imports;
mod wire;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::App;
use zencall::contacts::{self, Contact, Filter, Members};
use zencall::http::{self, Answer, Caller, Json, ListOf, ListQuery, ProblemBody};

pub use consents::{ConsentAnswer, ConsentRequest, WithdrawalRequest};
pub use do_not_call::{DoNotCallAnswer, NewDoNotCall};
pub use import::{ImportAnswer, ImportFault};
pub use imports::{
    ImportDetail, ImportJobAnswer, ImportView, NewImport, ReasonView, RefusedView, RowFaultView,
};
pub use wire::{ContactAnswer, ContactMembers, ContactsQuery};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    http::api()
        .routes(routes!(list_contacts, create_contact))
        .routes(routes!(import::import_contacts))
        .routes(routes!(imports::list_imports, imports::create_import))
        .routes(routes!(imports::read_import))
        .routes(routes!(imports::cancel_import))
        .routes(routes!(read_contact, change_contact, delete_contact))
        .routes(routes!(consents::list_consents, consents::record_consent))
        .routes(routes!(consents::withdraw_consent))
        .routes(routes!(do_not_call::list_numbers, do_not_call::add_number))
        .routes(routes!(do_not_call::remove_number))
        .layer(Extension(imports::Bucket::default()))
}

/// The organisation's contacts, newest first.
#[utoipa::path(get, path = "/api/v1/contacts", tag = "contacts",
    params(ContactsQuery, ("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before")),
    responses((status = 200, body = ListOf<Contact>), (status = "4XX", body = ProblemBody)))]
async fn list_contacts(
    State(app): State<App>,
    caller: Caller,
    ListQuery { page, filter }: ListQuery<ContactsQuery>,
) -> Answer<Json<ListOf<Contact>>> {
    let filter = Filter::parse(filter.q.as_deref(), filter.tag.as_deref())?;
    let contacts = contacts::list(&app, &caller, &filter, page).await?;
    Ok(Json(ListOf::from_page(contacts, |contact| contact)))
}

/// Make a contact; `phone` is required. What the person agreed to may be recorded with it, as `consent`; a number whose
/// holder was erased at their request is taken in again only with a consent that has its `evidence` and was collected more
/// than 60 days later.
#[utoipa::path(post, path = "/api/v1/contacts", tag = "contacts", request_body = ContactMembers,
    responses((status = 201, body = ContactAnswer), (status = "4XX", body = ProblemBody)))]
async fn create_contact(
    State(app): State<App>,
    caller: Caller,
    Json(given): Json<Map<String, Value>>,
) -> Answer<(StatusCode, Json<ContactAnswer>)> {
    let home = contacts::home_country(&app, &caller).await?;
    let (contact, consent) = consents::read_with_contact(&given, home, app.clock.now())?;
    let contact = contacts::create(&app, &caller, &contact, consent.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(ContactAnswer { contact })))
}

/// One contact.
#[utoipa::path(get, path = "/api/v1/contacts/{id}", tag = "contacts",
    params(("id" = String, Path, description = "The contact's id")),
    responses((status = 200, body = ContactAnswer), (status = "4XX", body = ProblemBody)))]
async fn read_contact(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<ContactAnswer>> {
    let contact = contacts::read(&app, &caller, &id).await?;
    Ok(Json(ContactAnswer { contact }))
}

/// Change the members that are given; null clears one. `do_not_call` counts from the next time a call is considered.
#[utoipa::path(patch, path = "/api/v1/contacts/{id}", tag = "contacts", request_body = ContactMembers,
    params(("id" = String, Path, description = "The contact's id")),
    responses((status = 200, body = ContactAnswer), (status = "4XX", body = ProblemBody)))]
async fn change_contact(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(given): Json<Map<String, Value>>,
) -> Answer<Json<ContactAnswer>> {
    consents::refuse_in_a_change(&given)?;
    let home = contacts::home_country(&app, &caller).await?;
    let (phone, members) = Members::read_change(&given, home)?;
    let contact = contacts::change(&app, &caller, &id, phone.as_ref(), &members).await?;
    Ok(Json(ContactAnswer { contact }))
}

/// Delete a contact, its place in campaigns included; 409 `contact_in_campaign` while it is being called.
#[utoipa::path(delete, path = "/api/v1/contacts/{id}", tag = "contacts",
    params(("id" = String, Path, description = "The contact's id")),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
async fn delete_contact(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    contacts::delete(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
