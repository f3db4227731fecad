//! Making one contact.

use futures_util::future::join;
use serde_json::json;

use super::{Contact, NewContact, number_taken, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, OnConstraint as _};
use crate::kernel::Caller;
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::ContactId;

/// Why a contact was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Another contact of the organisation has the number.
    #[error("the number is taken")]
    NumberTaken,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for CreateError {
    fn failure(&self) -> Failure {
        match self {
            Self::NumberTaken => number_taken(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Makes a contact.
pub async fn create(app: &App, caller: &Caller, contact: &NewContact) -> Result<Contact, CreateError> {
    let id = ContactId::new(&app.clock);
    let (now, actor) = (app.clock.now(), Actor::from(caller));
    let (clock, actor) = (&app.clock, &actor);
    app.db
        .write("contacts.create", &Claims::from(caller), async |tx| {
            let (contact, audited) = join(
                store::insert(tx, id, contact, now),
                audit::record(tx, clock, actor, "contact.create", json!({ "contact_id": id })),
            )
            .await;
            let contact = contact.on_constraint("contacts_phone_key", || CreateError::NumberTaken)?;
            audited?;
            Ok(contact)
        })
        .await
}
