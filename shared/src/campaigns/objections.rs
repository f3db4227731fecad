//! Who has told everybody at once to leave them alone: looked for on the platform's list, for whoever may be called.

use std::collections::HashMap;

use jiff::Timestamp;

use super::store::release::Candidate;
use crate::app::Pepper;
use crate::db::{Bytes, DbError, TenantTx};
use crate::oppositions::platform;

/// Since when they did, by the hashes of their numbers.
pub(super) type Objections = HashMap<Vec<u8>, Timestamp>;

/// Gives each candidate the hash under which their number is on the list, if it is.
pub(super) fn hash(pepper: &Pepper, candidates: &mut [Candidate]) {
    for candidate in candidates {
        candidate.number_hash = platform::hash(pepper, &candidate.gate.phone);
    }
}

/// Looks them up, in one statement.
pub(super) async fn among(tx: &TenantTx, candidates: &[Candidate]) -> Result<Objections, DbError> {
    let hashes: Vec<Bytes> = candidates
        .iter()
        .map(|candidate| candidate.number_hash.clone())
        .collect();
    platform::among(tx, &hashes).await
}

/// Tells the gate.
pub(super) fn note(objections: &Objections, candidates: &mut [Candidate]) {
    if objections.is_empty() {
        return;
    }
    for candidate in candidates {
        candidate.gate.objected_at = objections.get(&candidate.number_hash.0).copied();
    }
}
