//! `twilio-webhook`: how far messages are, and what people write back. Proven on the raw bytes with the token of the
//! organisation in the address, put on a queue, acknowledged; no database but for the bare address.

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::App;
use zencall::adapters::twilio::webhook::{Envelope, Received};
use zencall::http::{self, Answer, Json, ProblemBody, RawTarget, WEBHOOK_BODY_LIMIT};
use zencall::messages::{self, Heard};

/// Nothing is replied from here: Twilio confirms STOP itself, and where it does not understand the word, we send one
/// message of our own once the number is on the list.
const NO_ANSWER: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#;

/// The routes of this function: the versioned ones, the address that existing accounts know, and those of a function URL.
/// Numbers may be configured to ask with GET.
pub fn routes() -> OpenApiRouter<App> {
    let one = || get(receive_notice).post(receive_notice);
    let bare = || get(receive_account_notice).post(receive_account_notice);
    http::api()
        .routes(routes!(receive_notice))
        .routes(routes!(receive_account_notice))
        .route("/api/v1/twilio/webhook/{organization_id}", get(receive_notice))
        .route("/api/v1/twilio/webhook", get(receive_account_notice))
        .route("/api/twilio/webhook", bare())
        .route("/twilio/webhook", bare())
        .route("/twilio/webhook/{organization_id}", one())
        .route("/", bare())
        .route("/health", get(async || Json(json!({ "status": "ok" }))))
}

/// An event of one organisation's account. The answer is empty, or TwiML without instructions where somebody wrote.
#[utoipa::path(post, path = "/api/v1/twilio/webhook/{organization_id}", tag = "webhooks", security(()),
    params(("organization_id" = String, Path, description = "Whose token has signed it")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
                 description = "Twilio's parameters, signed"),
    responses((status = 204, description = "A status, taken"),
              (status = 200, description = "A message, taken", body = String, content_type = "text/xml"),
              (status = "4XX", body = ProblemBody), (status = 503, body = ProblemBody)))]
async fn receive_notice(
    State(app): State<App>,
    Path(organization_id): Path<String>,
    request: Request,
) -> Answer<Response> {
    let envelope = take(&app, request).await?;
    let heard = messages::receive(&app, &organization_id, &envelope)
        .await
        .inspect_err(|error| tracing::warn!(%error, "a webhook was not taken"))?;
    Ok(answer(heard))
}

/// An event of an account, where the address names no organisation.
#[utoipa::path(post, path = "/api/v1/twilio/webhook", tag = "webhooks", security(()),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
                 description = "Twilio's parameters, signed"),
    responses((status = 204, description = "A status, taken"),
              (status = 200, description = "A message, taken", body = String, content_type = "text/xml"),
              (status = "4XX", body = ProblemBody), (status = 503, body = ProblemBody)))]
async fn receive_account_notice(State(app): State<App>, request: Request) -> Answer<Response> {
    let envelope = take(&app, request).await?;
    let heard = messages::receive_for_account(&app, &envelope)
        .await
        .inspect_err(|error| tracing::warn!(%error, "a webhook was not taken"))?;
    Ok(answer(heard))
}

async fn take(app: &App, request: Request) -> Answer<Envelope> {
    let (parts, body) = request.into_parts();
    let body = http::raw_body(body, WEBHOOK_BODY_LIMIT).await?;
    let target = RawTarget::of(&parts);
    let envelope = Envelope::take(Received {
        method: &parts.method,
        origin: &app.config.twilio_webhook_url,
        path: &target.path,
        query: &target.query,
        headers: &parts.headers,
        body,
    })
    .inspect_err(|refused| tracing::warn!(%refused, "a webhook was refused"))?;
    Ok(envelope)
}

fn answer(heard: Heard) -> Response {
    match heard {
        Heard::Status => StatusCode::NO_CONTENT.into_response(),
        Heard::Message => ([(header::CONTENT_TYPE, "text/xml")], NO_ANSWER).into_response(),
    }
}
