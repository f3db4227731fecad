//! Changing one contact.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{Contact, Members, not_found, number_taken, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, OnConstraint as _, TenantTx};
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
    let (clock, actor) = (&app.clock, &actor);
    let body = async |tx: &TenantTx| {
        let (before, contact) = join(store::lock(tx, id), store::update(tx, id, phone, members, now)).await;
        let contact = contact.on_constraint("contacts_phone_key", || ChangeError::NumberTaken)?;
        let (before, contact) = before?.zip(contact).ok_or(ChangeError::NotFound)?;
        let about = json!({ "contact_id": id });
        let details = audit::difference(about, &told(&before), &told(&contact), PRIVATE);
        audit::record(tx, clock, actor, "contact.change", details).await?;
        Ok(contact)
    };
    Box::pin(app.db.write("contacts.change", &Claims::from(caller), body)).await
}

/// What an entry of the audit log names and does not quote.
const PRIVATE: &[&str] = &[
    "phone",
    "first_name",
    "last_name",
    "email",
    "company",
    "postal_code",
    "tags",
    "variables",
    "contract",
    "callback_request",
];

/// What may change, as the audit log tells it.
fn told(contact: &Contact) -> Value {
    let mut told = serde_json::to_value(contact).unwrap_or_default();
    if let Some(members) = told.as_object_mut() {
        members.remove("updated_at");
    }
    told
}
