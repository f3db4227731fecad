//! One appointment.

use super::{Appointment, store};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::Caller;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::AppointmentId;

/// Why an appointment cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is absent, or another organisation's.
    #[error("no such appointment")]
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

pub(super) fn not_found() -> Failure {
    Failure::new(
        Class::NotFound,
        "appointment_not_found",
        "Ce rendez-vous n'existe pas.",
        "There is no such appointment.",
    )
}

/// The appointment with this id, as it stands in an address.
pub async fn read(app: &App, caller: &Caller, id: &str) -> Result<Appointment, ReadError> {
    let id = AppointmentId::parse(id).map_err(|_| ReadError::NotFound)?;
    let found = app
        .db
        .read("appointments.read", &Claims::from(caller), async |tx| {
            store::find(tx, id).await
        })
        .await?;
    Ok(found.ok_or(ReadError::NotFound)?.appointment)
}
