//! Cold start of `campaigns-start`: read the settings, serve the routes.

use zencall::config::Need;
use zencall::{App, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    telemetry::init();
    // Vapi last: only an assistant that was not looked at lately is looked at before it calls.
    let app = App::from_env(&[
        Need::Database,
        Need::TokenKeys,
        Need::Pepper,
        Need::CallsQueue,
        Need::Vapi,
        Need::VapiWebhook,
    ])?;
    http::serve(campaigns_start::routes(), app).await
}
