//! Making one contact.

use futures_util::future::join3;
use jiff::Timestamp;
use serde_json::json;

use super::{Contact, NewContact, number_taken, opposed, store};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::consents::{self, NewConsent, RecordError};
use crate::db::{Bytes, Claims, DbError, OnConstraint as _, TenantTx};
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
    /// What its holder agreed to cannot be recorded.
    #[error(transparent)]
    Consent(#[from] RecordError),
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
            Self::Consent(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Makes a contact, and records what its holder has agreed to, where that is given. A number whose holder was erased is taken
/// in again only with such a consent.
pub async fn create(
    app: &App,
    caller: &Caller,
    contact: &NewContact,
    consent: Option<&NewConsent>,
) -> Result<Contact, CreateError> {
    let id = ContactId::new(&app.clock);
    let (now, actor) = (app.clock.now(), Actor::from(caller));
    let (clock, actor) = (&app.clock, &actor);
    let phone = &contact.phone;
    let hashes = &oppositions::hashes(app, caller.organization, [phone].into_iter()).await?;
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
                lift(tx, hashes, consent, now).await?;
                audit::record(tx, clock, actor, "opposition.lift", json!({ "contact_id": id })).await?;
            }
            if let Some(consent) = consent {
                consents::record_in(tx, clock, actor, (id, phone), consent).await?;
            }
            Ok(contact)
        })
        .await
}

/// Lets a number back in whose holder has agreed anew since they were erased: provably, and late enough.
async fn lift(
    tx: &TenantTx,
    hashes: &[Bytes],
    consent: Option<&NewConsent>,
    now: Timestamp,
) -> Result<(), CreateError> {
    let proven = consent.filter(|consent| consent.evidence.is_some());
    let before = oppositions::lifted_by(proven.ok_or(CreateError::Opposed)?.collected_at, now);
    for hash in hashes {
        if !oppositions::lift(tx, hash, before).await? {
            return Err(CreateError::Opposed);
        }
    }
    Ok(())
}
