//! One call with what was said and what happened.

use super::{Call, Disclosures, Event, Recording, Transfer, Turn, read_store};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::Caller;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::CallId;

/// A call with everything that is known about it.
#[derive(Debug, Clone)]
pub struct CallInFull {
    /// The call.
    pub call: Call,
    /// What was said, in order.
    pub turns: Vec<Turn>,
    /// What happened, in order.
    pub timeline: Vec<Event>,
    /// Its recording, where there is one.
    pub recording: Option<Recording>,
    /// What its transcript shows of what must be said, once the report has come.
    pub disclosures: Option<Disclosures>,
    /// To whom the person was put through, if to anybody.
    pub transfer: Option<Transfer>,
}

/// Why a call cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is absent, or another organisation's.
    #[error("no such call")]
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
                "call_not_found",
                "Cet appel n'existe pas.",
                "There is no such call.",
            ),
            Self::Db(error) => error.failure(),
        }
    }
}

/// The call with this id, as it stands in an address.
pub async fn read(app: &App, caller: &Caller, id: &str) -> Result<CallInFull, ReadError> {
    let id = CallId::parse(id).map_err(|_| ReadError::NotFound)?;
    let found = app
        .db
        .read("calls.read", &Claims::from(caller), async |tx| {
            read_store::find(tx, id).await
        })
        .await?;
    found.ok_or(ReadError::NotFound)
}
