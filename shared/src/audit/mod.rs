//! Who did what, when, from where: an append-only log, written in the transaction that does it.

use serde_json::Value;

use crate::db::{DbError, TenantTx};
use crate::kernel::ids::UserId;
use crate::kernel::{Caller, Clock, Origin};

/// Who did it, and from where.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    /// The person; `None` for the platform itself.
    pub user: Option<UserId>,
    /// From where.
    pub origin: Origin,
}

impl From<&Caller> for Actor {
    fn from(caller: &Caller) -> Self {
        Self {
            user: Some(caller.user),
            origin: caller.origin.clone(),
        }
    }
}

/// Writes one entry. `action` is `resource.verb`; `details` hold ids and what changed, never a secret.
pub async fn record(
    tx: &TenantTx,
    clock: &Clock,
    actor: &Actor,
    action: &'static str,
    details: Value,
) -> Result<(), DbError> {
    tx.execute(
        "-- audit.record
         insert into gdpr_audit_logs (id, organization_id, user_id, action, details, ip_address, user_agent, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            &clock.uuid(),
            &tx.organization(),
            &actor.user,
            &action,
            &details,
            &actor.origin.ip_address,
            &actor.origin.user_agent,
            &clock.now(),
        ],
    )
    .await
    .map(drop)
}
