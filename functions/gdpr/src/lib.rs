//! `gdpr`: leaving, what one agreed to, the words that one agreed to; and what the people who are called
//! may know and withdraw without an account.

mod consents;
mod legal;
mod proof;
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
        .routes(routes!(proof::ask_code))
        .routes(routes!(proof::read_proof))
        .routes(routes!(proof::withdraw))
}
