//! Changing one contact.

use futures_util::future::join;
use serde_json::json;

use super::{Contact, Members, not_found, number_taken, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, OnConstraint as _};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::ContactId;
use crate::kernel::{Caller, PhoneNumber};

/// Why a contact was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It is absent, or another organisation's.
    #[error("no such contact")]
    NotFound,
    /// Another contact of the organisation has the new number.
    #[error("the number is taken")]
    NumberTaken,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for ChangeError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => not_found(),
            Self::NumberTaken => number_taken(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Changes what was given and leaves the rest. `do_not_call` counts from the next time the gate is asked, at the
/// latest just before dialling.
pub async fn change(
    app: &App,
    caller: &Caller,
    id: &str,
    phone: Option<&PhoneNumber>,
    members: &Members,
) -> Result<Contact, ChangeError> {
    let id = ContactId::parse(id).map_err(|_| ChangeError::NotFound)?;
    let (now, actor) = (app.clock.now(), Actor::from(caller));
    let mut changed = members.names();
    changed.extend(phone.map(|_| "phone".to_owned()));
    let details = json!({ "contact_id": id, "changed": changed });
    let (clock, actor, details) = (&app.clock, &actor, &details);
    app.db
        .write("contacts.change", &Claims::from(caller), async |tx| {
            let (contact, audited) = join(
                store::update(tx, id, phone, members, now),
                audit::record(tx, clock, actor, "contact.change", details.clone()),
            )
            .await;
            let contact = contact.on_constraint("contacts_phone_key", || ChangeError::NumberTaken)?;
            audited?;
            contact.ok_or(ChangeError::NotFound)
        })
        .await
}
