//! What every answer has, whatever route it came from: a request id, headers, a problem document for each error, one
//! log line.

use std::any::Any;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::Instrument as _;
use utoipa_axum::router::OpenApiRouter;

use super::idempotency;
use super::language::Prefers;
use super::problem::Problem;
use crate::App;
use crate::kernel::api_key;
use crate::kernel::class::Failure;
use crate::kernel::meter::{Meter, Standing};

/// The largest body of an ordinary route: 1 MiB.
pub const API_BODY_LIMIT: usize = 1024 * 1024;
/// The largest body of a webhook and of an import: 5 MiB.
pub const WEBHOOK_BODY_LIMIT: usize = 5 * 1024 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_LIMIT: usize = 128;
/// How many requests are allowed, how many are left, in how many seconds the count begins anew.
const RATE_LIMIT: [HeaderName; 3] = [
    HeaderName::from_static("ratelimit-limit"),
    HeaderName::from_static("ratelimit-remaining"),
    HeaderName::from_static("ratelimit-reset"),
];

/// On every answer. Pages would need a policy of their own; there are none here.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000; includeSubDomains"),
    ),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=()"),
    ),
];

/// An empty set of routes to add to, whose OpenAPI description grows with it.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

/// Serves a function's routes under Lambda.
pub async fn serve(routes: OpenApiRouter<App>, app: App) -> Result<(), lambda_http::Error> {
    lambda_http::run(with_edge(routes, app)).await
}

/// A function's routes behind everything that they have in common.
pub fn with_edge(routes: OpenApiRouter<App>, app: App) -> Router {
    let (routes, _) = routes.split_for_parts();
    routes
        .method_not_allowed_fallback(async || StatusCode::METHOD_NOT_ALLOWED)
        .fallback(async || StatusCode::NOT_FOUND)
        .with_state(app.clone())
        .layer(CatchPanicLayer::custom(answer_a_panic))
        .layer(from_fn_with_state(app.clone(), idempotency::once))
        .layer(cors(&app))
        .layer(from_fn_with_state(app, finish))
}

fn cors(app: &App) -> CorsLayer {
    let origins = app
        .config
        .allowed_origins
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([
            axum::http::Method::GET,
            axum::http::Method::POST,
            axum::http::Method::PUT,
            axum::http::Method::PATCH,
            axum::http::Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT_LANGUAGE,
            idempotency::KEY,
            REQUEST_ID,
        ])
        .expose_headers(
            [
                &[
                    REQUEST_ID,
                    header::RETRY_AFTER,
                    header::LOCATION,
                    idempotency::REPLAYED,
                ][..],
                &RATE_LIMIT,
            ]
            .concat(),
        )
        .max_age(std::time::Duration::from_secs(600))
}

async fn finish(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let meter = Meter::default();
    request.extensions_mut().insert(meter.clone());
    let request_id = request_id(&app, request.headers());
    let prefers = Prefers::of(request.headers());
    let route = request
        .extensions()
        .get::<axum::extract::MatchedPath>()
        .map_or_else(|| "unknown".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let span = tracing::info_span!("request", request_id, organization_id = tracing::field::Empty);
    let response = async {
        let response = next.run(request).await;
        let response = settle(&app, &meter, response).await;
        let response = describe(response, prefers, &request_id).await;
        let status = response.status().as_u16();
        tracing::info!(%method, route, status, "{method} {route} -> {status}");
        response
    }
    .instrument(span)
    .await;
    decorate(response, &request_id, meter.standing())
}

/// Has paid what no transaction paid: a request that was refused before the database was asked counts as well. And
/// whatever a handler made of an API key that nobody proved does not leave.
async fn settle(app: &App, meter: &Meter, response: Response) -> Response {
    if let Err(error) = Box::pin(app.db.settle(meter)).await {
        return Problem::from(error).into_response();
    }
    if meter.unproven_key().is_some() && response.status().as_u16() < 400 {
        return Problem::from(api_key::refused()).into_response();
    }
    response
}

/// Gives an error its document, in the reader's language.
async fn describe(response: Response, prefers: Prefers, request_id: &str) -> Response {
    let status = response.status();
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) => problem.clone(),
        // Refusals of the router itself have no document yet.
        None if status.is_client_error() || status.is_server_error() => Problem::of_status(status),
        None => return response,
    };
    let (mut parts, _) = response.into_parts();
    let mut body = problem.body(prefers, request_id);
    body.set_status(parts.status);
    let json = serde_json::to_vec(&body).unwrap_or_default();
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(json))
}

fn decorate(mut response: Response, request_id: &str, standing: Option<Standing>) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        // A page may have set a policy of its own.
        headers.entry(name).or_insert(value);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    for (name, number) in standing.iter().flat_map(|standing| {
        let numbers = [standing.limit, standing.remaining, standing.reset_seconds];
        RATE_LIMIT.into_iter().zip(numbers)
    }) {
        headers.insert(name, HeaderValue::from(number));
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
    response
}

/// The caller's id if it is harmless, else one of ours.
fn request_id(app: &App, headers: &HeaderMap) -> String {
    let harmless = |id: &&str| {
        !id.is_empty()
            && id.len() <= REQUEST_ID_LIMIT
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
    };
    headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(harmless)
        .map_or_else(|| app.clock.uuid().to_string(), str::to_owned)
}

fn answer_a_panic(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    Problem::from(Failure::internal()).into_response()
}
