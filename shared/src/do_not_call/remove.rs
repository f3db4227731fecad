//! Taking a number off the list.

use serde_json::json;

use super::store;
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::Caller;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::DoNotCallId;

/// Why a number was not taken off.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// It is absent, or another organisation's.
    #[error("no such entry")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for RemoveError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => Failure::new(
                Class::NotFound,
                "do_not_call_not_found",
                "Ce numéro n'est pas sur la liste.",
                "This number is not on the list.",
            ),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Takes the entry with this id, as it stands in an address, off the list.
pub async fn remove(app: &App, caller: &Caller, id: &str) -> Result<(), RemoveError> {
    let id = DoNotCallId::parse(id).map_err(|_| RemoveError::NotFound)?;
    let (clock, actor) = (&app.clock, &Actor::from(caller));
    app.db
        .write("do_not_call.remove", &Claims::from(caller), async |tx| {
            if !store::delete(tx, id).await? {
                return Err(RemoveError::NotFound);
            }
            let details = json!({ "do_not_call_id": id });
            audit::record(tx, clock, actor, "do_not_call.remove", details).await?;
            Ok(())
        })
        .await
}
