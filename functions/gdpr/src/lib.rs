//! `gdpr`: leaving, what one agreed to, and the words that one agreed to.

mod consents;
mod legal;
mod requests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::App;
use zencall::http;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    http::api()
        .routes(routes!(requests::request_deletion, requests::list_requests))
        .routes(routes!(requests::cancel_request))
        .routes(routes!(consents::read_consents, consents::give_consent))
        .routes(routes!(legal::read_document))
}
