//! `call-dialer`: one message of the `calls` queue is one attempt to call one contact, or asks for the next release.

use zencall::App;
use zencall::campaigns::offer::release_next;
use zencall::campaigns::{CallRequested, ReleaseRequested, dial};
use zencall::worker::{Message, NotHandled};

/// Makes the attempt that the message asks for, at most once.
pub async fn handle(app: &App, message: &Message) -> Result<(), NotHandled> {
    if let Ok(request) = message.parse::<CallRequested>() {
        let dialled = dial::dial(app, &request).await?;
        tracing::info!(attempt_id = %request.attempt_id, ?dialled, "handled an attempt");
        return Ok(());
    }
    let request: ReleaseRequested = message.parse()?;
    release_next(app, request.organization_id).await;
    Ok(())
}
