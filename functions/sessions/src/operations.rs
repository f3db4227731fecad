//! Whether the service is well, and the keys that others verify its tokens with.

use axum::extract::State;
use axum::http::{HeaderName, header};
use zencall::App;
use zencall::http::{Answer, Json, ProblemBody};

use crate::wire::{JwksBody, StatusBody};

/// The process is up.
#[utoipa::path(get, path = "/api/v1/health", tag = "operations", security(()),
    responses((status = 200, body = StatusBody)))]
pub(crate) async fn health() -> Json<StatusBody> {
    Json(StatusBody { status: "ok" })
}

/// What every request depends on answers: the database and the platform's secrets. Which does not, only the log says.
#[utoipa::path(get, path = "/api/v1/ready", tag = "operations", security(()),
    responses((status = 200, body = StatusBody), (status = 503, body = ProblemBody)))]
pub(crate) async fn ready(State(app): State<App>) -> Answer<Json<StatusBody>> {
    app.token_keys().await?;
    app.pepper().await?;
    app.db.ping().await?;
    Ok(Json(StatusBody { status: "ready" }))
}

/// The public keys of access tokens, at the origin.
pub(crate) async fn jwks(
    State(app): State<App>,
) -> Answer<([(HeaderName, &'static str); 1], Json<JwksBody>)> {
    let keys = app.token_keys().await?.public_keys();
    let headers = [(header::CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, Json(JwksBody { keys })))
}
