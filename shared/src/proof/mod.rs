//! The public proof page: whoever holds a number may see, without an account, what every organisation that calls it
//! knows of it, and may withdraw all of it at once (R223-2 and R223-3 code de la consommation; RGPD, articles 7(3), 15
//! and 21).
//!
//! They prove it with a code that is sent to the number by text message. The platform has no Twilio account of its own:
//! the organisation that last dealt with the number sends the code through its account. Where no organisation knows the
//! number nothing is sent, and neither the answer nor its timing tells: the request notes the code and puts its id on a
//! queue in every case, and a worker finds out the rest.

mod ask;
mod read;
mod send;
mod store;
mod withdraw;

use crate::adapters::queue::QueueError;
use crate::adapters::secrets::SecretsError;
use crate::db::DbError;
use crate::kernel::class::{Class, Classify, Failure};

pub use crate::kernel::proof_code::Code;
pub use ask::{ask, forget};
pub use read::{Found, Mentions, ProvenCall, ProvenConsent, read};
pub use send::{ProofCodeRequested, send};
pub use withdraw::{Withdrawn, withdraw};

/// A code was not asked for, or opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// It is wrong, too old, tried too often, or nobody asked for it.
    #[error("the code proves nothing")]
    NotProven,
    /// A secret of the platform is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database, or a limit.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Classify for ProofError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotProven => Failure::new(
                Class::Unauthenticated,
                "proof_code_invalid",
                "Ce code n'est pas valable, ou ne l'est plus. Demandez-en un nouveau.",
                "This code is not valid, or not any more. Ask for a new one.",
            ),
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
            Self::Queue(error) => error.failure(),
        }
    }
}
