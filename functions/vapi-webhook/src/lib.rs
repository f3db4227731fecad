//! `vapi-webhook`: takes in Vapi's events. They are proven on their raw bytes, queued (or put into the bucket where no
//! queue takes them) and acknowledged, without the database, except for what a person on the telephone is waiting for.

mod answer;

use axum::extract::{Request, State};
use axum::routing::{get, post};
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::adapters::storage::{Storage, StorageError};
use zencall::adapters::vapi::webhook::{self, Proofs};
use zencall::http::{self, Answer, Json, ProblemBody, WEBHOOK_BODY_LIMIT};
use zencall::{App, calls};

/// The routes of this function: the versioned one, the address that existing assistants know, and those of a function
/// URL.
pub fn routes() -> OpenApiRouter<App> {
    http::api()
        .routes(routes!(receive))
        .route("/api/vapi/webhook", post(receive))
        .route("/vapi/webhook", post(receive))
        .route("/", post(receive))
        .route("/health", get(async || Json(json!({ "status": "ok" }))))
}

/// An event of Vapi. The answer is empty but for the messages that want one.
#[utoipa::path(post, path = "/api/v1/vapi/webhook", tag = "webhooks", security(()),
    request_body(content = Value, description = "A message of Vapi, signed or with the bearer token"),
    responses((status = 200, body = Value), (status = "4XX", body = ProblemBody), (status = 503, body = ProblemBody)))]
async fn receive(State(app): State<App>, request: Request) -> Answer<Json<Value>> {
    let (parts, body) = request.into_parts();
    let body = http::raw_body(body, WEBHOOK_BODY_LIMIT).await?;
    let proofs = Proofs::of(&app.config.stage, app.config.vapi_credential_id.as_deref());
    let proven = webhook::prove(
        proofs,
        &app.vapi_webhook_secrets,
        &parts.headers,
        body,
        app.clock.now(),
    )
    .await
    .inspect_err(|refused| tracing::warn!(%refused, "a webhook was refused"))?;
    let seems_predial = proven.seems_predial();
    let message = match proven.parse() {
        Ok(message) => message,
        // Nobody is dialled because a question could not be read; and Vapi learns that it was one.
        Err(_) if seems_predial => return Ok(Json(answer::nobody_is_dialled())),
        Err(unreadable) => return Err(unreadable.into()),
    };
    if let Some(question) = message.get().question() {
        let event = message.get().project(app.clock.now());
        let asking = answer::Asking {
            event: &event,
            language: message.get().spoken(),
        };
        // The record does not wait for the answer, nor the answer for the record, but where nothing else is left to say.
        let kept = calls::receive_in_passing(&app, &message).shared();
        let answer = answer::to(&app, asking, question, kept.clone());
        let (_, answer) = tokio::join!(kept, answer);
        return Ok(Json(answer));
    }
    if message.get().is_noise() {
        tracing::debug!(kind = message.get().kind(), "a message that nobody asked for");
        return Ok(Json(json!({})));
    }
    calls::receive(&app, &message, bucket).await?;
    Ok(Json(json!({})))
}

/// Made where it is needed: one event in thousands is that large.
async fn bucket(app: &App) -> Result<Storage, StorageError> {
    Storage::new(app.aws().await, &app.config.export_bucket)
}
