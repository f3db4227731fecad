//! What a person agreed to: append-only, with the version of the text.

use super::store;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::UserId;
use crate::kernel::{Clock, Origin};

/// The version of the terms, of the privacy policy and of the marketing wording that people agree to today.
const VERSION: &str = "2026-11";

/// What is agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConsentType {
    /// The terms of service.
    Terms,
    /// The privacy policy.
    Privacy,
    /// Being written to about offers.
    Marketing,
}

impl ConsentType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Privacy => "privacy",
            Self::Marketing => "marketing",
        }
    }
}

/// Appends these choices to the ledger.
pub(super) async fn record(
    tx: &TenantTx,
    clock: &Clock,
    user: UserId,
    choices: &[(ConsentType, bool)],
    origin: &Origin,
) -> Result<(), DbError> {
    let rows = store::ConsentRows {
        ids: choices.iter().map(|_| clock.uuid()).collect(),
        types: choices.iter().map(|(kind, _)| kind.as_str()).collect(),
        given: choices.iter().map(|(_, given)| *given).collect(),
    };
    store::insert_consents(tx, clock.now(), user, &rows, VERSION, origin).await
}
