//! Making Vapi's assistants those of the database: what was changed there is told again, what is gone is made again, and
//! what nobody knows here is deleted there.

use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::definition::definition;
use super::tell::tell;
use super::{Assistant, AssistantError, likeness, store, told_store};
use crate::App;
use crate::adapters::vapi::Vapi;
use crate::audit::{self, Actor};
use crate::db::Claims;
use crate::kernel::Caller;

/// What was repaired.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Synced {
    /// Made again at Vapi, where they were gone.
    pub created: usize,
    /// Told again, where they were something else.
    pub updated: usize,
    /// Deleted at Vapi, where no assistant of the organisation is behind them.
    pub deleted: usize,
    /// As they should be.
    pub unchanged: usize,
}

/// An assistant at Vapi that is younger than this may be about to get its row.
const YOUNG: SignedDuration = SignedDuration::from_mins(10);
/// Vapi has none that is older.
const FIRST: Timestamp = Timestamp::constant(1_672_531_200, 0);

/// Repairs the assistants of the caller's organisation. What fails halfway has repaired some, and may be asked again.
pub async fn sync(app: &App, caller: &Caller) -> Result<Synced, AssistantError> {
    let claims = &Claims::from(caller);
    let vapi = &app.vapi().await?;
    // Listed first: what is made meanwhile is not among them.
    let orphans = orphans(app, caller, vapi).await?;
    let ours = app
        .db
        .read("assistants.all", claims, async |tx| store::all(tx).await)
        .await?;
    let mut synced = Synced::default();
    for assistant in &ours {
        repair(app, caller, claims, assistant, &mut synced).await?;
    }
    for orphan in orphans
        .iter()
        .filter(|orphan| ours.iter().all(|known| known.vapi_assistant_id != **orphan))
    {
        vapi.delete_assistant(orphan).await?;
        synced.deleted += 1;
    }
    let actor = &Actor::from(caller);
    app.db
        .write("assistants.note_synced", claims, async |tx| {
            let details = json!({
                "created": synced.created, "updated": synced.updated, "deleted": synced.deleted,
                "unchanged": synced.unchanged,
            });
            audit::record(tx, &app.clock, actor, "assistant.sync", details).await
        })
        .await?;
    Ok(synced)
}

async fn repair(
    app: &App,
    caller: &Caller,
    claims: &Claims,
    assistant: &Assistant,
    synced: &mut Synced,
) -> Result<(), AssistantError> {
    let vapi = app.vapi().await?;
    let (ours, theirs) = join(
        definition(app, &assistant.settings, caller.organization, assistant.id),
        vapi.definition(&assistant.vapi_assistant_id),
    )
    .await;
    let (ours, theirs) = (ours?, theirs?);
    let now = app.clock.now();
    match theirs {
        None => {
            let made = &vapi.create_assistant(&ours).await?;
            let hash = &likeness::hash(&ours);
            let noted = app
                .db
                .write("assistants.note_made_again", claims, async |tx| {
                    told_store::note_made_again(tx, assistant, made, hash, now).await
                })
                .await;
            if let Err(error) = noted {
                // Found as one without a row at the next time, if this fails too.
                drop(vapi.delete_assistant(made).await);
                return Err(error);
            }
            synced.created += 1;
        }
        Some(theirs) if likeness::alike(&ours, &theirs) => {
            let hash = &likeness::hash(&ours);
            app.db
                .write("assistants.note_told", claims, async |tx| {
                    told_store::note_told(tx, assistant, hash, now).await
                })
                .await?;
            synced.unchanged += 1;
        }
        Some(_) => {
            tell(app, caller.organization, claims, assistant).await?;
            synced.updated += 1;
        }
    }
    Ok(())
}

/// Those at Vapi that bear the organisation's id and are not young.
async fn orphans(app: &App, caller: &Caller, vapi: &Vapi) -> Result<Vec<String>, AssistantError> {
    let to = app.clock.now().saturating_sub(YOUNG).unwrap_or(FIRST);
    let organization = caller.organization.to_string();
    let listed = vapi.assistants(FIRST, to).await?;
    let theirs = listed
        .into_iter()
        .filter(|listed| listed.organization_id.as_deref() == Some(&organization));
    Ok(theirs.map(|listed| listed.id).collect())
}
