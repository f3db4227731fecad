//! Changing an assistant: at Vapi, then in the database.

use serde_json::{Value, json};

use super::definition::definition;
use super::tell::tell;
use super::{Assistant, AssistantError, AssistantKey, Changes, Settings, likeness, read, store};
use crate::App;
use crate::adapters::vapi::VapiError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::Caller;

/// Changes an assistant of the caller's organisation.
pub async fn update(
    app: &App,
    caller: &Caller,
    key: &AssistantKey,
    changes: Changes,
) -> Result<Assistant, AssistantError> {
    let before = &read(app, caller, key).await?;
    let settings = &changes.apply(&before.settings);
    let after = definition(app, settings, caller.organization, before.id).await?;
    let told_hash = &likeness::hash(&after);
    // What Vapi is known not to say any more is told again, even where nothing changes here.
    let is_told = before.told_hash.as_deref() == Some(told_hash) && before.compliance.drifted_at.is_none();
    if *settings == before.settings && is_told {
        return Ok(before.clone());
    }
    let told = app
        .vapi()
        .await?
        .update_assistant(&before.vapi_assistant_id, &after)
        .await;
    if let Err(error) = told {
        // Without an answer it may have changed.
        if !matches!(error, VapiError::Refused { .. } | VapiError::NotFound) {
            put_back(app, caller, before).await;
        }
        return Err(error.into());
    }
    let (claims, actor, now) = (Claims::from(caller), &Actor::from(caller), app.clock.now());
    let updated = app
        .db
        .write("assistants.update", &claims, async |tx| {
            let assistant = store::update(tx, before, settings, told_hash, now).await?;
            let about = json!({ "assistant_id": before.id });
            let (then, thereafter) = (audited(&before.settings), audited(&assistant.settings));
            let details = audit::difference(about, &then, &thereafter, PRIVATE);
            audit::record(tx, &app.clock, actor, "assistant.update", details).await?;
            Ok::<_, AssistantError>(assistant)
        })
        .await;
    match updated {
        Ok(assistant) => Ok(assistant),
        Err(error @ AssistantError::Db(DbError::CommitUnknown(_))) => Err(error),
        Err(error) => {
            put_back(app, caller, before).await;
            Err(error)
        }
    }
}

/// What an entry of the audit log names and does not quote: texts may speak of people, and a number rings one.
const PRIVATE: &[&str] = &["system_prompt", "first_message", "transfer_number"];

/// What may change, as the audit log tells it.
fn audited(settings: &Settings) -> Value {
    json!({
        "name": settings.name.as_str(),
        "type": settings.assistant_type.as_str(),
        "language": settings.language,
        "model": settings.model.as_str(),
        "voice": settings.voice.as_str(),
        "system_prompt": settings.system_prompt,
        "first_message": settings.first_message,
        "transfer_number": settings.transfer_number.as_ref().map(|number| number.as_str()),
        "max_duration_seconds": settings.max_duration.seconds(),
        "recording": settings.recording,
    })
}

/// Tells Vapi what the database says: the settings of whoever was faster, else those before.
async fn put_back(app: &App, caller: &Caller, before: &Assistant) {
    let key = AssistantKey::new(before.id.to_string());
    let current = match read(app, caller, &key).await {
        Ok(current) => current,
        // Deleted meanwhile: nothing to put back.
        Err(AssistantError::NotFound) => return,
        Err(_) => before.clone(),
    };
    let told = tell(app, caller.organization, &Claims::from(caller), &current).await;
    if let Err(error) = told {
        tracing::error!(
            assistant_id = %before.id,
            error = &error as &dyn std::error::Error,
            "vapi and the database may differ about an assistant"
        );
    }
}
