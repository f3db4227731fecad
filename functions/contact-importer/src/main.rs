//! Cold start of `contact-importer`: read the settings, build the storage client, serve the queue.

use zencall::adapters::storage::Storage;
use zencall::config::Need;
use zencall::{App, telemetry, worker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), worker::Error> {
    telemetry::init();
    let app = App::from_env(&[Need::Database, Need::Pepper, Need::Storage, Need::ImportsQueue])?;
    let storage = Storage::new(app.aws().await, &app.config.export_bucket)?;
    worker::serve(app, async |app, message| {
        contact_importer::handle(app, &storage, message).await
    })
    .await
}
