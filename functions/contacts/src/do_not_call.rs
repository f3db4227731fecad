//! `/do-not-call`: numbers never to be called or texted again.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zencall::App;
use zencall::contacts;
use zencall::do_not_call::{self, Entry, NewEntry};
use zencall::http::{Answer, Caller, Json, ListOf, ListQuery, Member, ProblemBody};
use zencall::kernel::{Country, Faults, PhoneNumber};

/// A number to put on the list.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct NewDoNotCall {
    /// A telephone number; a national one belongs to the organisation's country.
    #[serde(default)]
    #[schema(value_type = String, required)]
    phone: Member<String>,
    /// Why, in your own words.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    reason: Member<String>,
    /// Who said so; `manual` where nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 50)]
    source: Member<String>,
}

/// One number.
#[derive(Debug, Serialize, ToSchema)]
pub struct DoNotCallAnswer {
    do_not_call: Entry,
}

/// Which numbers are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NumbersQuery {
    /// This one only.
    phone: Option<String>,
}

impl NewDoNotCall {
    fn parse(self, home: Country) -> Result<NewEntry, Faults> {
        let mut faults = Faults::default();
        let phone = self
            .phone
            .required("phone", &mut faults, |typed| PhoneNumber::parse(&typed, home));
        let reason = self
            .reason
            .optional("reason", &mut faults, |typed| NewEntry::parse_reason(&typed));
        let source = self
            .source
            .optional("source", &mut faults, |typed| NewEntry::parse_source(&typed));
        faults.finish(|| {
            Some(NewEntry {
                phone: phone?,
                reason,
                source,
            })
        })
    }
}

/// Numbers never to be called or texted, newest first.
#[utoipa::path(get, path = "/api/v1/do-not-call", tag = "contacts",
    params(NumbersQuery, ("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before")),
    responses((status = 200, body = ListOf<Entry>), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn list_numbers(
    State(app): State<App>,
    caller: Caller,
    ListQuery { page, filter }: ListQuery<NumbersQuery>,
) -> Answer<Json<ListOf<Entry>>> {
    let phone = match filter
        .phone
        .as_deref()
        .map(str::trim)
        .filter(|typed| !typed.is_empty())
    {
        None => None,
        Some(typed) => {
            let home = contacts::home_country(&app, &caller).await?;
            let mut faults = Faults::default();
            // An address decodes `+33` to ` 33`.
            let digits = typed.starts_with("33").then(|| format!("+{typed}"));
            let parsed = PhoneNumber::parse(digits.as_deref().unwrap_or(typed), home);
            let phone = faults.keep("phone", parsed);
            Some(faults.finish(|| phone)?)
        }
    };
    let entries = do_not_call::list(&app, &caller, phone.as_ref(), page).await?;
    Ok(Json(ListOf::from_page(entries, |entry| entry)))
}

/// Put a number on the list. When this answers, no call and no message that starts from now on reaches it.
#[utoipa::path(post, path = "/api/v1/do-not-call", tag = "contacts", request_body = NewDoNotCall,
    responses((status = 201, body = DoNotCallAnswer),
              (status = 200, description = "It was on the list already", body = DoNotCallAnswer),
              (status = "4XX", body = ProblemBody)))]
pub(crate) async fn add_number(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<NewDoNotCall>,
) -> Answer<(StatusCode, Json<DoNotCallAnswer>)> {
    let home = contacts::home_country(&app, &caller).await?;
    let entry = request.parse(home)?;
    let added = do_not_call::add(&app, &caller, &entry).await?;
    let status = if added.new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((
        status,
        Json(DoNotCallAnswer {
            do_not_call: added.entry,
        }),
    ))
}

/// Take a number off the list.
#[utoipa::path(delete, path = "/api/v1/do-not-call/{id}", tag = "contacts",
    params(("id" = String, Path, description = "The entry's id")),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn remove_number(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    do_not_call::remove(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
