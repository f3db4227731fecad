//! Cold start of `migrate`: read the settings, serve the deployment step.

use zencall::config::Need;
use zencall::{App, telemetry, worker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), worker::Error> {
    telemetry::init();
    let app = App::from_env(&[Need::OwnerDatabase, Need::Database])?;
    worker::serve_asked(app, migrate::handle).await
}
