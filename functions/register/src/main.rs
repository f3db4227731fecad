//! Cold start of `register`: read the settings, serve the route.

use zencall::config::Need;
use zencall::{App, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    telemetry::init();
    let app = App::from_env(&[Need::Database, Need::Pepper, Need::MailQueue])?;
    http::serve(register::routes(), app).await
}
