//! Looking at Vapi's copy of an assistant, which somebody may have changed there.
//!
//! A copy that an older version of ours wrote and nobody has touched is brought up to date. A copy that somebody
//! changed is left as it is and makes no calls, until a change here or `sync` writes it again.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::compliance::DISCLOSURES_VERSION;
use super::tell::tell;
use super::{Assistant, AssistantError, AssistantKey, likeness, store, told_store};
use crate::App;
use crate::adapters::vapi::VapiError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::ids::{AssistantId, OrganizationId};

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It is what it was told.
    Holds,
    /// It was as an older version had told it, and is up to date now.
    BroughtUpToDate,
    /// It is something else, or gone.
    Drifted {
        /// Whether an earlier look found that too: no change of ours is under way.
        confirmed: bool,
    },
    /// It was deleted, or changed while we looked: the next look tells.
    Unsettled,
}

/// Looks at one assistant.
pub async fn check(
    app: &App,
    organization: OrganizationId,
    id: AssistantId,
) -> Result<Checked, AssistantError> {
    let claims = &Claims::platform(organization);
    let key = &AssistantKey::new(id.to_string());
    let found = app
        .db
        .read("assistants.read_to_check", claims, async |tx| {
            store::find(tx, key).await
        })
        .await?;
    let Some(assistant) = &found else {
        return Ok(Checked::Unsettled);
    };
    let theirs = app.vapi().await?.definition(&assistant.vapi_assistant_id).await?;
    let Some(theirs) = theirs else {
        return drifted(app, claims, assistant).await;
    };
    let is_as_told = match &assistant.told_hash {
        Some(told) => *told == likeness::hash(&theirs),
        // Before we took notes: nobody knows, and nobody is accused.
        None => true,
    };
    if !is_as_told {
        return drifted(app, claims, assistant).await;
    }
    if assistant.told_hash.is_some() && assistant.compliance.version == Some(DISCLOSURES_VERSION) {
        let now = app.clock.now();
        app.db
            .write_at_once("assistants.note_checked", claims, async |tx| {
                told_store::note_checked(tx, assistant, now).await
            })
            .await?;
        return Ok(Checked::Holds);
    }
    match tell(app, organization, claims, assistant).await {
        Ok(()) => {}
        Err(AssistantError::Vapi(VapiError::NotFound)) => return drifted(app, claims, assistant).await,
        Err(error) => return Err(error),
    }
    let (actor, version) = (&Actor::default(), assistant.compliance.version);
    app.db
        .write("assistants.note_brought_up", claims, async |tx| {
            let details = json!({
                "assistant_id": id,
                "before": { "disclosures_version": version }, "after": { "disclosures_version": DISCLOSURES_VERSION },
            });
            audit::record(tx, &app.clock, actor, "assistant.bring_up_to_date", details).await
        })
        .await?;
    Ok(Checked::BroughtUpToDate)
}

async fn drifted(app: &App, claims: &Claims, assistant: &Assistant) -> Result<Checked, AssistantError> {
    let (now, actor) = (app.clock.now(), &Actor::default());
    let since = app
        .db
        .write("assistants.note_drifted", claims, async |tx| {
            let since = told_store::note_drifted(tx, assistant, now).await?;
            if since == Some(now) {
                let details = json!({ "assistant_id": assistant.id });
                audit::record(tx, &app.clock, actor, "assistant.drift", details).await?;
            }
            Ok::<_, DbError>(since)
        })
        .await?;
    let Some(since) = since else {
        return Ok(Checked::Unsettled);
    };
    let confirmed = now.duration_since(since) >= told_store::SEEN_TWICE;
    tracing::warn!(assistant_id = %assistant.id, confirmed, "an assistant is not at vapi what it was told to be");
    Ok(Checked::Drifted { confirmed })
}

/// When a look is too old, at this time.
pub fn too_old_at(app: &App, now: Timestamp) -> Timestamp {
    let every = SignedDuration::from_mins(i64::from(app.config.assistant_check_minutes));
    now.saturating_sub(every).unwrap_or(Timestamp::MIN)
}

/// The assistants of an organisation that are due for a look.
pub async fn unchecked(
    app: &App,
    organization: OrganizationId,
    starting_before: Timestamp,
) -> Result<Vec<AssistantId>, DbError> {
    let checked_before = too_old_at(app, app.clock.now());
    app.db
        .read(
            "assistants.unchecked",
            &Claims::platform(organization),
            async |tx| told_store::unchecked(tx, checked_before, starting_before).await,
        )
        .await
}
