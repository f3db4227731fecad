//! `contact-importer`: each message of the `imports` queue is an uploaded file of contacts, or one to continue with.

use jiff::SignedDuration;
use zencall::App;
use zencall::adapters::storage::Storage;
use zencall::imports::{self, Notice};
use zencall::worker::{Message, NotHandled};

/// How long one message is worked on. The next one goes on where this one ended, so that no import is at the mercy of how
/// long a function may run.
const TURN: SignedDuration = SignedDuration::from_secs(20);

/// Goes on with the imports that the message names.
pub async fn handle(app: &App, storage: &Storage, message: &Message) -> Result<(), NotHandled> {
    let notice: Notice = message.parse()?;
    for wanted in notice.imports() {
        let worked = imports::work(app, storage, &wanted, TURN).await?;
        tracing::info!(import_id = %wanted.import_id, ?worked, "worked on an import");
    }
    Ok(())
}
