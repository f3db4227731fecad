//! A router whose handlers do as they are told, and count what they have done.

use std::sync::atomic::AtomicUsize;

use axum::extract::{Extension, Path};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::App;
use zencall::http::{self as edge, Answer, Caller, HoldsSecret, Json, Problem};
use zencall::kernel::{Class, Failure};

use super::*;

/// What a workshop has done, and a gate that lets its runs through. It stands at addresses of the table of rights.
pub(super) struct Workshop {
    pub(super) done: AtomicUsize,
    pub(super) gate: Semaphore,
}

impl Default for Workshop {
    fn default() -> Self {
        Self {
            done: AtomicUsize::default(),
            gate: Semaphore::new(0),
        }
    }
}

/// Makes a thing; `X-Fate`, which is no part of the request's identity, says how it ends.
#[utoipa::path(post, path = "/api/v1/vapi/assistants", responses((status = 201)))]
async fn make(
    _: Caller,
    Extension(workshop): Extension<Arc<Workshop>>,
    headers: HeaderMap,
    _: Body,
) -> Answer<Response> {
    let fate = headers.get("x-fate").map_or("", |fate| fate.to_str().unwrap());
    let refusal = |class| Err(Problem::from(Failure::new(class, "refused", "non", "no")));
    match fate {
        "waits" => workshop.gate.acquire().await.unwrap().forget(),
        "panics" => panic!("as it was told"),
        "breaks" => return refusal(Class::Internal),
        "provider" => return refusal(Class::Provider),
        "down" => return refusal(Class::Unavailable),
        "too many" => return refusal(Class::TooMany(7)),
        "forbidden" => return refusal(Class::Forbidden),
        "conflict" => return refusal(Class::Conflict),
        "invalid" => return refusal(Class::Invalid),
        _ => {}
    }
    let number = workshop.done.fetch_add(1, Ordering::SeqCst) + 1;
    let answer = (
        StatusCode::CREATED,
        [
            ("location", format!("/api/v1/things/{number}")),
            ("x-other", "yes".to_owned()),
        ],
        Json(json!({ "thing": { "number": number } })),
    );
    if fate == "secret" {
        return Ok(HoldsSecret(answer).into_response());
    }
    Ok(answer.into_response())
}

/// Does something to one thing.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/pause", responses((status = 204)))]
async fn polish(_: Caller, Extension(workshop): Extension<Arc<Workshop>>, _: Path<String>) -> StatusCode {
    workshop.done.fetch_add(1, Ordering::SeqCst);
    StatusCode::NO_CONTENT
}

/// Takes no key.
#[utoipa::path(post, path = "/api/v1/auth/login", security(()), responses((status = 204)))]
async fn make_publicly(Extension(workshop): Extension<Arc<Workshop>>) -> StatusCode {
    workshop.done.fetch_add(1, Ordering::SeqCst);
    StatusCode::NO_CONTENT
}

pub(super) fn workshop_routes(workshop: &Arc<Workshop>) -> OpenApiRouter<App> {
    edge::api()
        .routes(routes!(make))
        .routes(routes!(polish))
        .routes(routes!(make_publicly))
        .route("/api/vapi/assistants", post(make))
        .layer(Extension(Arc::clone(workshop)))
}
