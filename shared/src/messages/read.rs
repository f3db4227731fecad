//! One message, and the list of them, newest first.

use super::{Message, store};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::MessageId;
use crate::kernel::{Caller, Page, PageRequest};

/// Why a message cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is absent, or another organisation's.
    #[error("no such message")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for ReadError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => Failure::new(
                Class::NotFound,
                "message_not_found",
                "Ce message n'existe pas.",
                "There is no such message.",
            ),
            Self::Db(error) => error.failure(),
        }
    }
}

/// The message with this id, as it stands in an address.
pub async fn read(app: &App, caller: &Caller, id: &str) -> Result<Message, ReadError> {
    let id = MessageId::parse(id).map_err(|_| ReadError::NotFound)?;
    let found = app
        .db
        .read("messages.read", &Claims::from(caller), async |tx| {
            store::find(tx, id).await
        })
        .await?;
    found.ok_or(ReadError::NotFound)
}

/// The organisation's messages, newest first.
pub async fn list(app: &App, caller: &Caller, page: PageRequest) -> Result<Page<Message>, DbError> {
    let messages = app
        .db
        .read("messages.list", &Claims::from(caller), async |tx| {
            store::list(tx, page).await
        })
        .await?;
    Ok(Page::from_rows(messages, page, |message| message.id))
}
