//! `call-dialer`: one message of the `calls` queue is one attempt to call one contact.

use zencall::App;
use zencall::campaigns::{CallRequested, dial};
use zencall::worker::{Message, NotHandled};

/// Makes the attempt that the message asks for, at most once.
pub async fn handle(app: &App, message: &Message) -> Result<(), NotHandled> {
    let request: CallRequested = message.parse()?;
    let dialled = dial::dial(app, &request).await?;
    tracing::info!(attempt_id = %request.attempt_id, ?dialled, "handled an attempt");
    Ok(())
}
