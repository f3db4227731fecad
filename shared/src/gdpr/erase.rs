//! Forgetting a person once the day has come, and their organisation with its last member. What lies with the providers
//! goes first: as long as it is there, our rows say where. Every step may be repeated.

use serde_json::json;

use super::work::{Turn, WorkError, Worked};
use super::{Scope, erasure_store as store};
use crate::adapters::storage::Storage;
use crate::audit::{self, Actor};
use crate::db::DbError;
use crate::integrations;
use crate::kernel::caller::Role;
use crate::kernel::ids::UserId;

pub(super) async fn run(storage: &Storage, turn: &mut Turn<'_>) -> Result<Worked, WorkError> {
    let scope = turn.claim.request.scope;
    if scope == Scope::Organization && turn.claim.role != Role::Admin {
        turn.end("rejected", "admin_required").await?;
        return Ok(Worked::Rejected);
    }
    let Some(user) = turn.claim.request.user else {
        turn.end("failed", "person_unknown").await?;
        return Ok(Worked::Rejected);
    };
    delete_archives(storage, turn, user, scope).await?;
    if scope == Scope::Own && erase_person(turn, user).await? {
        return Ok(Worked::Erased);
    }
    erase_organization(storage, turn, user).await?;
    Ok(Worked::Erased)
}

/// Forgets the person; `false` where they are the last of their organisation, which then goes with them.
async fn erase_person(turn: &Turn<'_>, user: UserId) -> Result<bool, WorkError> {
    let (app, claim, now) = (turn.app, &turn.claim, turn.app.clock.now());
    app.db
        .write("gdpr.erase_person", turn.claims, async |tx| {
            store::lock_organization(tx).await?;
            let (members, admins) = store::other_members(tx, user).await?;
            if members == 0 {
                return Ok(false);
            }
            // Nobody named another one: the right to be forgotten does not wait for that.
            if admins == 0
                && let Some(promoted) = store::promote_oldest(tx, now, user).await?
            {
                let details = json!({ "user_id": promoted, "reason": "last_admin_left" });
                audit::record(tx, &app.clock, &Actor::default(), "member.promote", details).await?;
            }
            if !store::erase_person(tx, now, claim).await? {
                return Err(WorkError::ClaimLost);
            }
            let details = json!({ "request_id": claim.request.id });
            audit::record(tx, &app.clock, &Actor::default(), "gdpr.erase_user", details).await?;
            Ok(true)
        })
        .await
}

async fn erase_organization(storage: &Storage, turn: &mut Turn<'_>, user: UserId) -> Result<(), WorkError> {
    let (app, claims, now) = (turn.app, turn.claims, turn.app.clock.now());
    let assistants = app
        .db
        .write("gdpr.begin_erasure", claims, async |tx| {
            store::begin_erasure(tx, now).await
        })
        .await?;
    let vapi = &app.vapi().await?;
    for assistant in &assistants {
        turn.keep().await?;
        vapi.delete_assistant(assistant).await?;
    }
    turn.keep().await?;
    integrations::disconnect_for(app, claims, &Actor::default()).await?;
    delete_archives(storage, turn, user, Scope::Organization).await?;
    loop {
        turn.keep().await?;
        let erased = app
            .db
            .write("gdpr.erase_rows", claims, async |tx| store::erase_rows(tx).await)
            .await?;
        if erased == 0 {
            break;
        }
    }
    let details = &json!({ "request_id": turn.claim.request.id, "assistants": assistants.len() });
    app.db
        .write("gdpr.erase_organization", claims, async |tx| {
            audit::record(
                tx,
                &app.clock,
                &Actor::default(),
                "gdpr.erase_organization",
                details.clone(),
            )
            .await?;
            store::erase_organization(tx).await.map(drop)
        })
        .await
        .map_err(WorkError::Db)
}

async fn delete_archives(
    storage: &Storage,
    turn: &Turn<'_>,
    user: UserId,
    scope: Scope,
) -> Result<(), WorkError> {
    let archives: Result<_, DbError> = turn
        .app
        .db
        .read("gdpr.archives", turn.claims, async |tx| {
            store::archives(tx, user, scope).await
        })
        .await;
    for key in archives? {
        storage.delete(&key).await?;
    }
    Ok(())
}
