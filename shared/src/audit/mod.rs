//! Who did what, when, from where: an append-only log, written in the transaction that does it.

mod difference;
mod list;
mod store;

use jiff::Timestamp;
use serde_json::Value;

use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{ApiKeyId, AuditEntryId, UserId};
use crate::kernel::shown::shows;
use crate::kernel::{Caller, Clock, Origin};

pub use difference::difference;
pub use list::{Filter, TypedFilter, list};

/// Who did it, and from where.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    /// The person; `None` for a program and for the platform itself.
    pub user: Option<UserId>,
    /// The API key of a program.
    pub api_key: Option<ApiKeyId>,
    /// From where.
    pub origin: Origin,
}

impl Actor {
    /// A person, who may not be logged in yet.
    pub fn person(user: UserId, origin: &Origin) -> Self {
        Self {
            user: Some(user),
            ..Self::nobody(origin)
        }
    }

    /// Somebody who is not known.
    pub fn nobody(origin: &Origin) -> Self {
        Self {
            origin: origin.clone(),
            ..Self::default()
        }
    }
}

impl From<&Caller> for Actor {
    fn from(caller: &Caller) -> Self {
        Self {
            user: caller.user(),
            api_key: caller.api_key(),
            origin: caller.origin.clone(),
        }
    }
}

/// Writes one entry. `action` is `resource.verb`; `details` hold ids and what changed (see
/// [`difference`]), never a secret.
pub async fn record(
    tx: &TenantTx,
    clock: &Clock,
    actor: &Actor,
    action: &'static str,
    details: Value,
) -> Result<(), DbError> {
    tx.execute(
        "-- audit.record
         insert into gdpr_audit_logs (id, organization_id, user_id, api_key_id, action, details, ip_address, user_agent,
                                      created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            &clock.uuid(),
            &tx.organization(),
            &actor.user,
            &actor.api_key,
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

/// An entry of the log.
#[derive(Clone)]
pub struct Entry {
    /// Its id.
    pub id: AuditEntryId,
    /// What was done: `resource.verb`.
    pub action: String,
    /// Who did it; `None` for the platform itself, and for those who are forgotten.
    pub doer: Option<Doer>,
    /// On what, and what changed.
    pub details: Value,
    /// From where.
    pub ip_address: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

shows!(Entry, id, action, created_at);

/// Who did something.
#[derive(Clone)]
pub enum Doer {
    /// A person, and what they are called; `None` where they are no member any more.
    Person(UserId, Option<String>),
    /// A program, and what its API key is called.
    ApiKey(ApiKeyId, Option<String>),
}
