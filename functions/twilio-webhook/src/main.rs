//! Cold start of `twilio-webhook`: read the settings, serve the routes.

use zencall::config::Need;
use zencall::{App, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    telemetry::init();
    // The database is asked at the bare address only.
    let app = App::from_env(&[Need::DatabaseOnDemand, Need::Twilio, Need::EventsQueue])?;
    http::serve(twilio_webhook::routes(), app).await
}
