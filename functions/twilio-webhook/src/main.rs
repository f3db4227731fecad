//! Cold start of `twilio-webhook`: read the settings, serve the routes.

use zencall::config::Need;
use zencall::{App, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    telemetry::init();
    // The database is needed for the bare address only, and not connected to before.
    let app = App::from_env(&[Need::Twilio, Need::EventsQueue])?;
    http::serve(twilio_webhook::routes(), app).await
}
