//! Cold start of `contacts`: read the settings, serve the routes.

use zencall::config::Need;
use zencall::{App, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    telemetry::init();
    let app = App::from_env(&[Need::Database, Need::TokenKeys, Need::Pepper, Need::Storage])?;
    http::serve(contacts::routes(), app).await
}
