//! Deleting an assistant: marked in the database, where a campaign that needs it is seen and kept from choosing it, then
//! deleted at Vapi. The row stays, since past campaigns and calls name it; a campaign that has not begun must choose another.

use serde_json::json;

use super::{Assistant, AssistantError, AssistantKey, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::Caller;

/// Deletes an assistant of the caller's organisation.
pub async fn delete(app: &App, caller: &Caller, key: &AssistantKey) -> Result<(), AssistantError> {
    // Without the platform's key there is no point in beginning.
    let vapi = &app.vapi().await?;
    let (claims, actor, now) = (Claims::from(caller), &Actor::from(caller), app.clock.now());
    let assistant = app
        .db
        .write("assistants.delete", &claims, async |tx| {
            let assistant = store::lock(tx, key).await?.ok_or(AssistantError::NotFound)?;
            store::mark_deleted(tx, assistant.id, now).await?;
            let details = json!({
                "assistant_id": assistant.id,
                "vapi_assistant_id": assistant.vapi_assistant_id,
            });
            audit::record(tx, &app.clock, actor, "assistant.delete", details).await?;
            Ok::<_, AssistantError>(assistant)
        })
        .await?;
    let deleted = vapi.delete_assistant(&assistant.vapi_assistant_id).await;
    if deleted.is_err() {
        bring_back(app, caller, &assistant).await;
    }
    Ok(deleted?)
}

async fn bring_back(app: &App, caller: &Caller, assistant: &Assistant) {
    let (claims, actor) = (Claims::from(caller), &Actor::from(caller));
    let brought_back = app
        .db
        .write("assistants.bring_back", &claims, async |tx| {
            store::bring_back(tx, assistant).await?;
            let details = json!({ "assistant_id": assistant.id, "reason": "vapi_failed" });
            audit::record(tx, &app.clock, actor, "assistant.delete_undone", details).await?;
            Ok::<_, DbError>(())
        })
        .await;
    if let Err(error) = brought_back {
        tracing::error!(
            assistant_id = %assistant.id,
            error = &error as &dyn std::error::Error,
            "an assistant is marked deleted and remains at vapi"
        );
    }
}
