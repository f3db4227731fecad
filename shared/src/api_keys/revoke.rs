//! Ending a key: the next request with it is refused.

use jiff::Timestamp;
use serde_json::json;

use super::store;
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::Caller;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::{ApiKeyId, UserId};

/// No key was revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// It is absent, another organisation's, or revoked.
    #[error("no such API key")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for RevokeError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => Failure::new(
                Class::NotFound,
                "api_key_not_found",
                "Cette clé d'API n'existe pas.",
                "There is no such API key.",
            ),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Revokes a key of the caller's organisation.
pub async fn revoke(app: &App, caller: &Caller, id: &str) -> Result<(), RevokeError> {
    let id = ApiKeyId::parse(id).map_err(|_| RevokeError::NotFound)?;
    let (now, actor) = (app.clock.now(), &Actor::from(caller));
    app.db
        .write("api_keys.revoke", &Claims::from(caller), async |tx| {
            if !store::revoke(tx, now, id).await? {
                return Err(RevokeError::NotFound);
            }
            let details = json!({ "api_key_id": id });
            audit::record(tx, &app.clock, actor, "api_key.revoke", details).await?;
            Ok(())
        })
        .await
}

/// Revokes every key that this person made, in the transaction that removes them; returns which.
pub async fn revoke_those_of(tx: &TenantTx, now: Timestamp, user: UserId) -> Result<Vec<ApiKeyId>, DbError> {
    store::revoke_those_of(tx, now, user).await
}
