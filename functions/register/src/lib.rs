//! `register`: sign-up of companies and of people. Separate from `sessions`, because hashing a password for every
//! visitor scales differently.

mod request;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::App;
use zencall::http::{self, Answer, Json, Origin, Prefers, ProblemBody};
use zencall::identity;
use zencall::kernel::Text;

pub use request::RegisterRequest;

const MESSAGE: Text = Text::new(
    "Merci. Un e-mail vient de vous être envoyé : suivez son lien pour confirmer votre adresse.",
    "Thank you. A mail is on its way to you: follow its link to confirm your address.",
);

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    http::api()
        .routes(routes!(register))
        .route("/api/auth/register", post(register))
}

/// The same for a new and for a known address.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegisterAnswer {
    /// Always true.
    success: bool,
    /// For a person.
    message: String,
}

/// Signs up an organisation with its first person. The rest is in the mail.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "identity", security(()),
    request_body = RegisterRequest,
    responses((status = 202, body = RegisterAnswer), (status = "4XX", body = ProblemBody)))]
async fn register(
    State(app): State<App>,
    origin: Origin,
    prefers: Prefers,
    Json(request): Json<RegisterRequest>,
) -> Answer<(StatusCode, Json<RegisterAnswer>)> {
    let sign_up = request.check(prefers.into())?;
    identity::register(&app, &origin, &sign_up).await?;
    let answer = RegisterAnswer {
        success: true,
        message: prefers.choose(&MESSAGE).to_owned(),
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
