//! `provider-events`: what the providers said, applied once each.

use zencall::App;
use zencall::calls::{self, Applied, Projection};
use zencall::campaigns::end::release_next;
use zencall::messages::{self, Notice};
use zencall::worker::{Message, NotHandled};

/// Applies one event; where it ended an attempt, the free line goes to whoever is next.
pub async fn handle(app: &App, message: &Message) -> Result<(), NotHandled> {
    // Both providers share the queue; those of Twilio say so.
    if let Ok(notice) = message.parse::<Notice>() {
        messages::apply(app, &notice).await?;
        return Ok(());
    }
    let event: Projection = message.parse()?;
    if let Applied::Stored {
        freed: Some(organization),
    } = calls::apply(app, &event).await?
    {
        release_next(app, organization).await;
    }
    Ok(())
}
