//! Where the caller is logged in.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zencall::App;
use zencall::http::{Answer, Caller, Json, ListOf, ListQuery, ProblemBody};
use zencall::identity::{self, Login, LoginsError};
use zencall::kernel::ids::SessionId;

/// There is nothing to filter by.
#[derive(Deserialize)]
pub(crate) struct NoFilter {}

/// A session of the caller. `Debug` is left out: no log holds from where somebody came.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoginBody {
    id: SessionId,
    /// Whether this request was made with it.
    current: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When its tokens were last renewed.
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
    /// From where it began.
    #[schema(required)]
    ip_address: Option<String>,
    /// What the client called itself then.
    #[schema(required)]
    user_agent: Option<String>,
}

/// The caller's sessions that have not ended, newest first.
#[utoipa::path(get, path = "/api/v1/auth/sessions", tag = "identity",
    params(("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before")),
    responses((status = 200, body = ListOf<LoginBody>), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: ListQuery<NoFilter>,
) -> Answer<Json<ListOf<LoginBody>>> {
    let page = identity::logins(&app, &caller, query.page).await?;
    let here = caller.person().ok().map(|person| person.session);
    let view = |login: Login| LoginBody {
        current: Some(login.id) == here,
        id: login.id,
        created_at: login.created_at,
        last_used_at: login.last_used_at,
        ip_address: login.ip_address,
        user_agent: login.user_agent,
    };
    Ok(Json(ListOf::from_page(page, view)))
}

/// Ends a session of the caller; its access token lives out its minutes.
#[utoipa::path(delete, path = "/api/v1/auth/sessions/{id}", tag = "identity",
    params(("id" = String, Path, description = "The session's id")),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    let session = SessionId::parse(&id).map_err(|_| LoginsError::NotFound)?;
    identity::revoke_login(&app, &caller, session).await?;
    Ok(StatusCode::NO_CONTENT)
}
