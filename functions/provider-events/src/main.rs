//! Cold start of `provider-events`: read the settings, serve the queue.

use zencall::config::Need;
use zencall::{App, telemetry, worker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), worker::Error> {
    telemetry::init();
    let app = App::from_env(&[
        Need::Database,
        Need::Pepper,
        Need::CallsQueue,
        Need::MessagesQueue,
        Need::Storage,
    ])?;
    worker::serve(app, provider_events::handle).await
}
