//! A conversation whose end was told before its transfer: the outcome is put right, and nothing else moves.

use crate::db::{DbError, TenantTx};
use crate::kernel::ended_reason::Outcome;
use crate::kernel::ids::AttemptId;

/// Corrects the outcome of an attempt that has ended, and of its contact if that attempt was the last word.
pub async fn correct_outcome(
    tx: &TenantTx,
    attempt: AttemptId,
    from: Outcome,
    to: Outcome,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.correct_outcome
         with corrected as (
           update call_attempts set outcome = $4
            where organization_id = $1 and id = $2 and status = 'ended' and outcome = $3
           returning campaign_id, contact_id
         )
         update campaign_contacts k set last_outcome = $4
           from corrected c
          where k.organization_id = $1 and k.campaign_id = c.campaign_id and k.contact_id = c.contact_id
            and k.last_outcome = $3",
        &[&tx.organization(), &attempt, &from.as_str(), &to.as_str()],
    )
    .await
    .map(drop)
}
