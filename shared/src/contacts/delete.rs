//! Deleting one contact.

use futures_util::future::try_join;
use serde_json::json;

use super::not_found;
use super::store::{self, Deletion};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::Caller;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::{ContactId, DoNotCallId};

/// Why a contact was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    /// It is absent, or another organisation's.
    #[error("no such contact")]
    NotFound,
    /// A campaign is calling it at this moment.
    #[error("a call is under way")]
    InCampaign,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for DeleteError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => not_found(),
            Self::InCampaign => Failure::new(
                Class::Conflict,
                "contact_in_campaign",
                "Un appel vers ce contact est en cours. Réessayez lorsqu'il sera terminé.",
                "A call to this contact is under way. Try again when it is over.",
            ),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Deletes a contact, its place in campaigns included; where it was not to be called, its number goes on the list of those
/// that are not. Not while a campaign is calling it: the end of the call would belong to nobody.
pub async fn delete(app: &App, caller: &Caller, id: &str) -> Result<(), DeleteError> {
    let id = ContactId::parse(id).map_err(|_| DeleteError::NotFound)?;
    let actor = Actor::from(caller);
    let (clock, actor, now) = (&app.clock, &actor, app.clock.now());
    app.db
        .write("contacts.delete", &Claims::from(caller), async |tx| {
            let (deletion, ()) = try_join(
                store::delete(tx, id, DoNotCallId::new(clock), now),
                audit::record(tx, clock, actor, "contact.delete", json!({ "contact_id": id })),
            )
            .await?;
            match deletion {
                Deletion::Done => Ok(()),
                Deletion::Absent => Err(DeleteError::NotFound),
                Deletion::InCall => Err(DeleteError::InCampaign),
            }
        })
        .await
}
