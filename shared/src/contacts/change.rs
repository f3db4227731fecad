//! Changing one contact.

use futures_util::future::join3;
use serde_json::{Value, json};

use super::{Contact, Members, not_found, number_taken, opposed, store};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, OnConstraint as _, TenantTx};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::ContactId;
use crate::kernel::{Caller, PhoneNumber};
use crate::oppositions;

/// Why a contact was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It is absent, or another organisation's.
    #[error("no such contact")]
    NotFound,
    /// Another contact of the organisation has the new number.
    #[error("the number is taken")]
    NumberTaken,
    /// The holder of the new number was erased at their request.
    #[error("the holder of the number was erased")]
    Opposed,
    /// The platform's pepper is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for ChangeError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => not_found(),
            Self::NumberTaken => number_taken(),
            Self::Opposed => opposed(),
            Self::Secrets(error) => error.failure(),
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
    let hashes = &oppositions::hashes(app, caller.organization, phone.into_iter()).await?;
    let body = async |tx: &TenantTx| {
        let (before, contact, kept) = join3(
            store::lock(tx, id),
            store::update(tx, id, phone, members, now),
            oppositions::among(tx, hashes),
        )
        .await;
        // First: a number that is taken ends the transaction, and with it what was asked behind it.
        let contact = contact.on_constraint("contacts_phone_key", || ChangeError::NumberTaken)?;
        if !kept?.is_empty() {
            return Err(ChangeError::Opposed);
        }
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
