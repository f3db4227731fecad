//! Making an assistant: at Vapi, then in the database.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::definition::definition;
use super::{Assistant, AssistantError, NewAssistant, likeness, store};
use crate::App;
use crate::adapters::vapi::{Vapi, VapiError};
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::Caller;
use crate::kernel::ids::AssistantId;

/// How far Vapi's clock may be from ours when a creation without an answer is looked for.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(60);

/// Makes an assistant of the caller's organisation.
pub async fn create(app: &App, caller: &Caller, new: NewAssistant) -> Result<Assistant, AssistantError> {
    let (id, now) = (AssistantId::new(&app.clock), app.clock.now());
    let settings = &new.settings();
    let definition = definition(app, settings, caller.organization, id).await?;
    let told_hash = &likeness::hash(&definition);
    let vapi = &app.vapi().await?;
    let vapi_assistant_id = match vapi.create_assistant(&definition).await {
        Ok(vapi_assistant_id) => vapi_assistant_id,
        Err(error) => {
            if !matches!(error, VapiError::Refused { .. }) {
                sweep(app, vapi, id, now).await;
            }
            return Err(error.into());
        }
    };
    let (claims, actor, vapi_id) = (
        Claims::from(caller),
        &Actor::from(caller),
        vapi_assistant_id.as_str(),
    );
    let inserted = app
        .db
        .write("assistants.create", &claims, async |tx| {
            let assistant = store::insert(tx, id, vapi_id, settings, told_hash, now).await?;
            let details = json!({ "assistant_id": id, "vapi_assistant_id": vapi_id });
            audit::record(tx, &app.clock, actor, "assistant.create", details).await?;
            Ok::<_, DbError>(assistant)
        })
        .await;
    match inserted {
        Ok(assistant) => Ok(assistant),
        // The row may be there, and would be nothing without its assistant; without the row, it is found by its metadata.
        Err(error @ DbError::CommitUnknown(_)) => Err(error.into()),
        Err(error) => {
            remove(vapi, vapi_id).await;
            Err(error.into())
        }
    }
}

/// Without an answer nobody knows whether Vapi made it: it is looked for by our id and removed.
async fn sweep(app: &App, vapi: &Vapi, id: AssistantId, asked_at: Timestamp) {
    let from = asked_at.saturating_sub(CLOCKS_APART).unwrap_or(asked_at);
    let to = app.clock.now().saturating_add(CLOCKS_APART).unwrap_or(asked_at);
    match vapi.assistants(from, to).await {
        Ok(found) => {
            let ours = id.to_string();
            for orphan in found
                .iter()
                .filter(|found| found.assistant_id.as_deref() == Some(&ours))
            {
                remove(vapi, &orphan.id).await;
            }
        }
        Err(error) => tracing::error!(
            assistant_id = %id,
            error = &error as &dyn std::error::Error,
            "it is unknown whether an assistant remains at vapi"
        ),
    }
}

async fn remove(vapi: &Vapi, vapi_assistant_id: &str) {
    if let Err(error) = vapi.delete_assistant(vapi_assistant_id).await {
        tracing::error!(
            vapi_assistant_id,
            error = &error as &dyn std::error::Error,
            "an assistant without a row remains at vapi"
        );
    }
}
