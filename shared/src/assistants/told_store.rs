//! The SQL of what Vapi was told of assistants, and whether it still says so.

use jiff::{SignedDuration, Timestamp};

use super::compliance::DISCLOSURES_VERSION;
use super::{Assistant, AssistantError};
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::AssistantId;

/// Notes what Vapi was told, unless the assistant has other settings by now.
pub(super) async fn note_told(
    tx: &TenantTx,
    told: &Assistant,
    hash: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let noted = tx
        .execute(
            "-- assistants.note_told
             update assistants set disclosures_version = $5, told_hash = $4, checked_at = $6, drifted_at = null
              where organization_id = $1 and id = $2 and updated_at = $3 and vapi_assistant_id = $7
                and deleted_at is null",
            &[
                &tx.organization(),
                &told.id,
                &told.updated_at,
                &hash,
                &DISCLOSURES_VERSION,
                &now,
                &told.vapi_assistant_id,
            ],
        )
        .await?;
    Ok(noted == 1)
}

/// Vapi's copy is what it was told.
pub(super) async fn note_checked(tx: &TenantTx, seen: &Assistant, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- assistants.note_checked
         update assistants set checked_at = greatest(checked_at, $4), drifted_at = null
          where organization_id = $1 and id = $2 and told_hash = $3",
        &[&tx.organization(), &seen.id, &seen.told_hash, &now],
    )
    .await
    .map(drop)
}

/// Vapi's copy is something else, unless it was told something else meanwhile. Returns since when that is known.
pub(super) async fn note_drifted(
    tx: &TenantTx,
    seen: &Assistant,
    now: Timestamp,
) -> Result<Option<Timestamp>, DbError> {
    let row = tx
        .query_opt(
            "-- assistants.note_drifted
             update assistants set drifted_at = coalesce(drifted_at, $5)
              where organization_id = $1 and id = $2 and vapi_assistant_id = $3 and told_hash is not distinct from $4
                and deleted_at is null
             returning drifted_at",
            &[
                &tx.organization(),
                &seen.id,
                &seen.vapi_assistant_id,
                &seen.told_hash,
                &now,
            ],
        )
        .await?;
    row.map(|row| row.try_get("drifted_at").map_err(DbError::Statement))
        .transpose()
}

/// It was made again at Vapi, unless the row has changed.
pub(super) async fn note_made_again(
    tx: &TenantTx,
    before: &Assistant,
    vapi_assistant_id: &str,
    hash: &str,
    now: Timestamp,
) -> Result<(), AssistantError> {
    let noted = tx
        .execute(
            "-- assistants.note_made_again
             update assistants
                set vapi_assistant_id = $4, disclosures_version = $6, told_hash = $5, checked_at = $7, drifted_at = null
              where organization_id = $1 and id = $2 and updated_at = $3 and vapi_assistant_id = $8
                and deleted_at is null",
            &[
                &tx.organization(),
                &before.id,
                &before.updated_at,
                &vapi_assistant_id,
                &hash,
                &DISCLOSURES_VERSION,
                &now,
                &before.vapi_assistant_id,
            ],
        )
        .await?;
    if noted == 1 {
        Ok(())
    } else {
        Err(AssistantError::Changed)
    }
}

/// The assistants of campaigns that call, or will before `starting_before`, that were last looked at before
/// `checked_before` or were not as they should be.
pub(super) async fn unchecked(
    tx: &TenantTx,
    checked_before: Timestamp,
    starting_before: Timestamp,
) -> Result<Vec<AssistantId>, DbError> {
    let rows = tx
        .query(
            "-- assistants.unchecked
             select s.id from assistants s
              where s.deleted_at is null
                and (s.checked_at is null or s.checked_at < $1 or s.drifted_at is not null)
                and exists (select from campaigns c
                             where c.assistant_id = s.id
                               and (c.status = 'running' or (c.status = 'scheduled' and c.scheduled_at < $2)))
              order by s.checked_at nulls first",
            &[&checked_before, &starting_before],
        )
        .await?;
    rows.iter()
        .map(|row| row.try_get("id").map_err(DbError::Statement))
        .collect()
}

/// How long before a difference counts: the answer to a change of ours may still be on its way to the database.
pub(super) const SEEN_TWICE: SignedDuration = SignedDuration::from_secs(30);
