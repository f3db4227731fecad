//! Cold start of `vapi-webhook`: read the settings, serve the routes.

use zencall::config::Need;
use zencall::{App, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    telemetry::init();
    let app = App::from_env(&[Need::VapiWebhook, Need::EventsQueue, Need::Storage])?;
    http::serve(vapi_webhook::routes(), app).await
}
