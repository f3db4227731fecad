//! `provider-events`: what the providers said, applied once each.

use zencall::App;
use zencall::adapters::storage::Storage;
use zencall::calls::large::{self, StoredEvent};
use zencall::calls::{self, Applied, Projection};
use zencall::campaigns::end::release_next;
use zencall::messages::{self, Notice};
use zencall::worker::{Message, NotHandled};

/// Applies one event; where it ended an attempt, the free line goes to whoever is next.
pub async fn handle(app: &App, message: &Message) -> Result<(), NotHandled> {
    // Nearly all that comes is an event of Vapi's.
    if let Ok(event) = message.parse::<Projection>() {
        return apply(app, &event).await;
    }
    if let Ok(notice) = message.parse::<Notice>() {
        messages::apply(app, &notice).await?;
        return Ok(());
    }
    // What no queue takes lies in the bucket.
    let stored: StoredEvent = message.parse()?;
    let storage = Storage::new(app.aws().await, &app.config.export_bucket)?;
    let Some(event) = large::fetch(&storage, &stored).await? else {
        tracing::info!("an event was fetched from storage before");
        return Ok(());
    };
    apply(app, &event).await?;
    large::forget(&storage, &stored).await;
    Ok(())
}

async fn apply(app: &App, event: &Projection) -> Result<(), NotHandled> {
    if let Applied::Stored {
        freed: Some(organization),
    } = calls::apply(app, event).await?
    {
        release_next(app, organization).await;
    }
    Ok(())
}
