//! Cold start of `message-sender`: read the settings, serve the queue.

use zencall::config::Need;
use zencall::{App, telemetry, worker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), worker::Error> {
    telemetry::init();
    let app = App::from_env(&[Need::Database, Need::Pepper, Need::Twilio, Need::MessagesQueue])?;
    worker::serve(app, message_sender::handle).await
}
