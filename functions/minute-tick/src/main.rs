//! Cold start of `minute-tick`: read the settings, serve the schedule.

use zencall::config::Need;
use zencall::{App, telemetry, worker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), worker::Error> {
    telemetry::init();
    let app = App::from_env(&[
        Need::Database,
        Need::Pepper,
        Need::Vapi,
        Need::CallsQueue,
        Need::MailQueue,
        Need::EventsQueue,
        Need::GdprQueue,
        Need::MessagesQueue,
        Need::ImportsQueue,
    ])?;
    worker::serve_task(app, minute_tick::run).await
}
