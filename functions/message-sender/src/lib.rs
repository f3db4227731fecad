//! `message-sender`: one message of the queue `messages` is one text message to send, or one to look for at Twilio.

use zencall::App;
use zencall::messages::{MessageRequested, deliver};
use zencall::worker::{Message, NotHandled};

/// Sends the text message that is asked for, at most once.
pub async fn handle(app: &App, message: &Message) -> Result<(), NotHandled> {
    let request: MessageRequested = message.parse()?;
    let delivered = deliver::deliver(app, &request).await?;
    tracing::info!(text_message_id = %request.message_id, ?delivered, "handled a text message");
    Ok(())
}
