//! Cold start of `vapi-webhook`: read the settings, serve the routes.

use zencall::config::Need;
use zencall::{App, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    telemetry::init();
    // The database, and what a booking needs besides, last: few messages ask for it.
    let app = App::from_env(&[
        Need::VapiWebhook,
        Need::EventsQueue,
        Need::Storage,
        Need::MessagesQueue,
        Need::Pepper,
        Need::DatabaseOnDemand,
    ])?;
    http::serve(vapi_webhook::routes(), app).await
}
