//! `message-sender`: each message of the queue `messages` is a text message to send, one to look for at Twilio, or a
//! code to send as one.

use zencall::App;
use zencall::messages::{MessageRequested, deliver};
use zencall::proof::{self, ProofCodeRequested};
use zencall::worker::{Message, NotHandled};

/// Sends the text message that is asked for, at most once.
pub async fn handle(app: &App, message: &Message) -> Result<(), NotHandled> {
    if let Ok(request) = message.parse::<ProofCodeRequested>() {
        let sent = proof::send(app, &request).await?;
        tracing::info!(proof_code_id = %request.proof_code_id, sent, "handled a code");
        return Ok(());
    }
    let request: MessageRequested = message.parse()?;
    let delivered = deliver::deliver(app, &request).await?;
    tracing::info!(text_message_id = %request.message_id, ?delivered, "handled a text message");
    Ok(())
}
