//! `sessions`: who somebody is, from the link in the mail to logout; and whether the service is well. Addresses that no
//! function has come here too, for their 404.

mod auth;
mod email;
mod invitations;
mod logins;
mod me;
mod operations;
mod password;
mod wire;

use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::App;
use zencall::http;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    http::api()
        .routes(routes!(auth::confirm))
        .routes(routes!(auth::resend))
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(invitations::accept))
        .routes(routes!(me::read_me, me::change_me))
        .routes(routes!(password::change_password))
        .routes(routes!(password::forgot))
        .routes(routes!(password::reset_password))
        .routes(routes!(email::change_email))
        .routes(routes!(logins::list))
        .routes(routes!(logins::revoke))
        .routes(routes!(operations::health))
        .routes(routes!(operations::ready))
        .route("/.well-known/jwks.json", get(operations::jwks))
}
