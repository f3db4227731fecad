//! Making one contact.

use futures_util::future::join3;
use serde_json::json;

use super::{Contact, NewContact, number_taken, opposed, store};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, OnConstraint as _};
use crate::kernel::Caller;
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::ContactId;
use crate::oppositions;

/// Why a contact was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Another contact of the organisation has the number.
    #[error("the number is taken")]
    NumberTaken,
    /// Its holder was erased at their request.
    #[error("the holder of the number was erased")]
    Opposed,
    /// The platform's pepper is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for CreateError {
    fn failure(&self) -> Failure {
        match self {
            Self::NumberTaken => number_taken(),
            Self::Opposed => opposed(),
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Makes a contact.
pub async fn create(app: &App, caller: &Caller, contact: &NewContact) -> Result<Contact, CreateError> {
    let id = ContactId::new(&app.clock);
    let (now, actor) = (app.clock.now(), Actor::from(caller));
    let (clock, actor) = (&app.clock, &actor);
    let hashes = &oppositions::hashes(app, caller.organization, [&contact.phone].into_iter()).await?;
    app.db
        .write("contacts.create", &Claims::from(caller), async |tx| {
            let (contact, audited, kept) = join3(
                store::insert(tx, id, contact, now),
                audit::record(tx, clock, actor, "contact.create", json!({ "contact_id": id })),
                oppositions::among(tx, hashes),
            )
            .await;
            let contact = contact.on_constraint("contacts_phone_key", || CreateError::NumberTaken)?;
            audited?;
            if !kept?.is_empty() {
                return Err(CreateError::Opposed);
            }
            Ok(contact)
        })
        .await
}
