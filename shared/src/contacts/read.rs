//! Reading one contact.

use super::{Contact, not_found, store};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::Caller;
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::ContactId;

/// Why a contact cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is absent, or another organisation's.
    #[error("no such contact")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for ReadError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => not_found(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// The contact with this id, as it stands in an address.
pub async fn read(app: &App, caller: &Caller, id: &str) -> Result<Contact, ReadError> {
    let id = ContactId::parse(id).map_err(|_| ReadError::NotFound)?;
    let found = app
        .db
        .read("contacts.read", &Claims::from(caller), async |tx| {
            store::find(tx, id).await
        })
        .await?;
    found.ok_or(ReadError::NotFound)
}
