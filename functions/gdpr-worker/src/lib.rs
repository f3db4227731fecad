//! `gdpr-worker`: one message of the `gdpr` queue is one request to carry out: an archive to write, somebody to forget.

use zencall::App;
use zencall::adapters::storage::Storage;
use zencall::gdpr::{self, GdprMessage};
use zencall::worker::{Message, NotHandled};

/// Carries out the request that the message names, once.
pub async fn handle(app: &App, storage: &Storage, message: &Message) -> Result<(), NotHandled> {
    let wanted: GdprMessage = message.parse()?;
    let worked = gdpr::work(app, storage, &wanted).await?;
    tracing::info!(request_id = %wanted.request_id, ?worked, "handled a request");
    Ok(())
}
