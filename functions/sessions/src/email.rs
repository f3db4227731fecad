//! Another address for somebody who is logged in.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zencall::App;
use zencall::http::{Answer, Caller, Json, Member, Prefers, ProblemBody};
use zencall::identity;
use zencall::kernel::{Email, Faults, Text};

use crate::wire::ResendAnswer;

const MAILED: Text = Text::new(
    "Un e-mail vient d'être envoyé à la nouvelle adresse : suivez son lien, et elle remplacera l'ancienne.",
    "A mail is on its way to the new address: follow its link, and it will take the place of the old one.",
);

/// The password, and the address that is wanted.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct ChangeEmailRequest {
    /// The password.
    #[serde(default)]
    #[schema(value_type = String, format = Password, required)]
    current_password: Member<String>,
    /// The new address.
    #[serde(default)]
    #[schema(value_type = String, format = Email, required)]
    email: Member<String>,
}

/// Mails a link to the new address, which changes it, and tells the old one. The same for an address that is taken.
#[utoipa::path(post, path = "/api/v1/auth/email", tag = "identity",
    request_body = ChangeEmailRequest,
    responses((status = 202, body = ResendAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn change_email(
    State(app): State<App>,
    caller: Caller,
    prefers: Prefers,
    Json(request): Json<ChangeEmailRequest>,
) -> Answer<(StatusCode, Json<ResendAnswer>)> {
    let mut faults = Faults::default();
    let current = request
        .current_password
        .required("current_password", &mut faults, Ok);
    let email = request
        .email
        .required("email", &mut faults, |typed| Email::parse(&typed));
    let (current, email) = faults.finish(|| current.zip(email))?;
    identity::change_email(&app, &caller, current, &email).await?;
    let answer = ResendAnswer {
        success: true,
        message: prefers.choose(&MAILED).to_owned(),
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
