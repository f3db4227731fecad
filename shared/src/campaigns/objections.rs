//! Who has told everybody at once to leave them alone: looked for on the platform's list, for whoever may be called.

use std::collections::HashMap;

use super::gate::GateContact;
use super::store::release::Candidate;
use crate::db::{DbError, TenantTx};
use crate::kernel::number_key::NumberKey;
use crate::oppositions::platform::{self, Objection};

/// What they said, by the hashes of their numbers.
pub(super) type Objections = HashMap<Vec<u8>, Objection>;

/// Gives each candidate the hash under which their number is on the list, if it is.
pub(super) fn hash(key: &NumberKey, candidates: &mut [Candidate]) {
    for candidate in candidates {
        candidate.number_hash = platform::hash(key, &candidate.gate.phone);
    }
}

/// Looks them up, in one statement; none without the key, nor without candidates.
pub(super) async fn among(
    tx: &TenantTx,
    key: Option<&NumberKey>,
    candidates: &[Candidate],
) -> Result<Objections, DbError> {
    let Some(key) = key else {
        return Ok(Objections::new());
    };
    let numbers = candidates
        .iter()
        .map(|candidate| (candidate.number_hash.clone(), candidate.gate.phone.as_str()));
    platform::among(tx, key, numbers).await
}

/// Tells the gate.
pub(super) fn note(objections: &Objections, candidates: &mut [Candidate]) {
    if objections.is_empty() {
        return;
    }
    for candidate in candidates {
        let objection = objections.get(&candidate.number_hash.0);
        tell(&mut candidate.gate, objection.cloned());
    }
}

/// Tells the gate of one: the ledger too, which it was not told where the ground does not depend on it.
pub(super) fn tell(contact: &mut GateContact, objection: Option<Objection>) {
    if let Some(objection) = objection {
        contact.objected_at = Some(objection.objected_at);
        contact.consents = objection.consents;
    }
}
