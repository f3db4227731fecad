//! Another password: for somebody who is logged in, and for somebody who lost theirs.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zencall::App;
use zencall::http::{Answer, Caller, Json, Member, Origin, Prefers, ProblemBody};
use zencall::identity::{self, NewPassword};
use zencall::kernel::{Email, Faults, Text};

use crate::wire::{ResendAnswer, ResendRequest};

const MAILED: Text = Text::new(
    "Si cette adresse est celle d'un compte, un e-mail vient de lui être envoyé.",
    "If this address is that of an account, a mail is on its way to it.",
);

/// The present password and the next.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct ChangePasswordRequest {
    /// The present one.
    #[serde(default)]
    #[schema(value_type = String, format = Password, required)]
    current_password: Member<String>,
    /// The next one: 12 characters or more, of any kind.
    #[serde(default)]
    #[schema(value_type = String, format = Password, min_length = 12, required)]
    password: Member<String>,
}

/// The token of a link and the next password.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct ResetPasswordRequest {
    /// From the link in the mail.
    #[serde(default)]
    #[schema(value_type = String, required)]
    token: Member<String>,
    /// 12 characters or more, of any kind.
    #[serde(default)]
    #[schema(value_type = String, format = Password, min_length = 12, required)]
    password: Member<String>,
}

/// Changes the caller's password; their other sessions end.
#[utoipa::path(post, path = "/api/v1/auth/password", tag = "identity",
    request_body = ChangePasswordRequest,
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn change_password(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<ChangePasswordRequest>,
) -> Answer<StatusCode> {
    let mut faults = Faults::default();
    let current = request
        .current_password
        .required("current_password", &mut faults, Ok);
    let password = request
        .password
        .required("password", &mut faults, |typed| NewPassword::parse(&typed, &[]));
    let (current, password) = faults.finish(|| current.zip(password))?;
    identity::change_password(&app, &caller, current, &password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mails a link with which a new password can be chosen, if the address is known; the answer does not tell.
#[utoipa::path(post, path = "/api/v1/auth/password/forgot", tag = "identity", security(()),
    request_body = ResendRequest,
    responses((status = 202, body = ResendAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn forgot(
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
    identity::forgot(&app, &origin, &email).await?;
    let answer = ResendAnswer {
        success: true,
        message: prefers.choose(&MAILED).to_owned(),
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// Sets a new password with the token of the link that was mailed; every session ends. The address is confirmed by it.
#[utoipa::path(post, path = "/api/v1/auth/password/reset", tag = "identity", security(()),
    request_body = ResetPasswordRequest,
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn reset_password(
    State(app): State<App>,
    origin: Origin,
    Json(request): Json<ResetPasswordRequest>,
) -> Answer<StatusCode> {
    let mut faults = Faults::default();
    let token = request.token.required("token", &mut faults, Ok);
    let password = request
        .password
        .required("password", &mut faults, |typed| NewPassword::parse(&typed, &[]));
    let (token, password) = faults.finish(|| token.zip(password))?;
    identity::reset_password(&app, &origin, &token, &password).await?;
    Ok(StatusCode::NO_CONTENT)
}
