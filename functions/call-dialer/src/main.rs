//! Cold start of `call-dialer`: read the settings, serve the queue.

use zencall::config::Need;
use zencall::{App, telemetry, worker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), worker::Error> {
    telemetry::init();
    let app = App::from_env(&[Need::Database, Need::Pepper, Need::Vapi, Need::CallsQueue])?;
    worker::serve(app, call_dialer::handle).await
}
