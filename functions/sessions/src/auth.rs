//! From the link in the mail to logout. Public routes, all of them: each brings a proof of its own.

use axum::extract::State;
use axum::http::StatusCode;
use zencall::App;
use zencall::http::{Answer, Caller, Json, Origin, Prefers, Problem, ProblemBody};
use zencall::identity;
use zencall::kernel::{Email, Faults, Text};

use crate::wire::{ConfirmRequest, LoginRequest, RefreshRequest, ResendAnswer, ResendRequest, SessionBody};

const RESENT: Text = Text::new(
    "Si cette adresse attend une confirmation, un e-mail vient de lui être envoyé.",
    "If this address is to be confirmed, a mail is on its way to it.",
);

/// Confirms an address with the token of the link that was mailed to it; opens a session.
#[utoipa::path(post, path = "/api/v1/auth/confirm", tag = "identity", security(()),
    request_body = ConfirmRequest,
    responses((status = 200, body = SessionBody), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn confirm(
    State(app): State<App>,
    origin: Origin,
    Json(request): Json<ConfirmRequest>,
) -> Answer<Json<SessionBody>> {
    let mut faults = Faults::default();
    let token = request.token.required("token", &mut faults, Ok);
    let token = faults.finish(|| token)?;
    let session = identity::confirm(&app, &origin, &token).await?;
    Ok(Json(session.into()))
}

/// Mails another link, if the address is known and not confirmed; the answer does not tell.
#[utoipa::path(post, path = "/api/v1/auth/confirm/resend", tag = "identity", security(()),
    request_body = ResendRequest,
    responses((status = 202, body = ResendAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn resend(
    State(app): State<App>,
    origin: Origin,
    prefers: Prefers,
    Json(request): Json<ResendRequest>,
) -> Answer<(StatusCode, Json<ResendAnswer>)> {
    let mut faults = Faults::default();
    let email = request
        .email
        .required("email", &mut faults, |typed| Email::parse(&typed));
    let email = faults.finish(|| email)?;
    identity::resend(&app, &origin, &email).await?;
    let answer = ResendAnswer {
        success: true,
        message: prefers.choose(&RESENT).to_owned(),
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// Logs in with address and password.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "identity", security(()),
    request_body = LoginRequest,
    responses((status = 200, body = SessionBody), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn login(
    State(app): State<App>,
    origin: Origin,
    Json(request): Json<LoginRequest>,
) -> Answer<Json<SessionBody>> {
    let mut faults = Faults::default();
    let email = request
        .email
        .required("email", &mut faults, |typed| Email::parse(&typed));
    let password = request.password.required("password", &mut faults, Ok);
    let (email, password) = faults.finish(|| email.zip(password))?;
    let session = identity::login(&app, &origin, &email, password).await?;
    Ok(Json(session.into()))
}

/// Spends a refresh token for a new session. A spent one that comes back ends the whole session.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "identity", security(()),
    request_body = RefreshRequest,
    responses((status = 200, body = SessionBody), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn refresh(
    State(app): State<App>,
    origin: Origin,
    Json(request): Json<RefreshRequest>,
) -> Answer<Json<SessionBody>> {
    let mut faults = Faults::default();
    let token = request.refresh_token.required("refresh_token", &mut faults, Ok);
    let token = faults.finish(|| token)?;
    let session = identity::refresh(&app, &origin, &token).await?;
    Ok(Json(session.into()))
}

/// Ends the session of the refresh token in the body, or without one that of the access token.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "identity", security((), ("bearer" = [])),
    request_body = Option<RefreshRequest>,
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn logout(
    State(app): State<App>,
    origin: Origin,
    caller: Result<Caller, Problem>,
    request: Option<Json<RefreshRequest>>,
) -> Answer<StatusCode> {
    let mut faults = Faults::default();
    let member = request
        .map(|Json(request)| request.refresh_token)
        .unwrap_or_default();
    let token = member.optional("refresh_token", &mut faults, Ok);
    match faults.finish(|| Some(token))? {
        Some(token) => {
            identity::logout_by_refresh_token(&app, &origin, &token).await?;
            // The access token may be another session's, or long expired.
            if let Ok(caller) = caller {
                identity::logout(&app, &caller).await?;
            }
        }
        None => identity::logout(&app, &caller?).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}
