//! Telling Vapi what the database says, and noting that it was told.

use super::definition::definition;
use super::{Assistant, AssistantError, AssistantKey, likeness, store, told_store};
use crate::App;
use crate::db::Claims;
use crate::kernel::ids::OrganizationId;

/// How often somebody may change the assistant while Vapi is told of it, before that is an error.
const TURNS: usize = 3;

/// Tells Vapi, and tells it again where somebody changed the assistant meanwhile: what is there at the end is what the
/// database says. An assistant that was deleted meanwhile needs nothing.
pub(super) async fn tell(
    app: &App,
    organization: OrganizationId,
    claims: &Claims,
    assistant: &Assistant,
) -> Result<(), AssistantError> {
    let vapi = app.vapi().await?;
    let key = &AssistantKey::new(assistant.id.to_string());
    let mut current = assistant.clone();
    for _ in 0..TURNS {
        let definition = definition(app, &current.settings, organization, current.id).await?;
        vapi.update_assistant(&current.vapi_assistant_id, &definition)
            .await?;
        let (hash, now) = (likeness::hash(&definition), app.clock.now());
        let (told, hash) = (&current, hash.as_str());
        let (noted, read) = app
            .db
            .write("assistants.note_told", claims, async |tx| {
                let noted = told_store::note_told(tx, told, hash, now).await?;
                Ok::<_, AssistantError>((noted, store::find(tx, key).await?))
            })
            .await?;
        match read {
            Some(changed) if !noted => current = changed,
            _ => return Ok(()),
        }
    }
    Err(AssistantError::Changed)
}
