//! Numbers whose holders told everybody at once to leave them alone: the platform's own list, of keyed hashes too. It binds
//! organisations that did not know the number then.

use std::collections::HashMap;

use jiff::Timestamp;
use secrecy::SecretBox;

use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::PhoneNumber;
use crate::kernel::meter::Subject;

/// The hash under which a number is on the list.
pub fn hash(pepper: &SecretBox<[u8; 32]>, phone: &PhoneNumber) -> Bytes {
    let Subject(hash) = Subject::of_text(pepper, "suppression", &[phone.as_str()]);
    Bytes(hash.to_vec())
}

/// Puts a number on the list.
pub async fn add(tx: &TenantTx, hash: &Bytes, now: Timestamp) -> Result<(), DbError> {
    super::store::suppress_everywhere(tx, hash, now).await
}

/// Since when those of these that are on the list have been.
pub async fn among(tx: &TenantTx, hashes: &[Bytes]) -> Result<HashMap<Vec<u8>, Timestamp>, DbError> {
    if hashes.is_empty() {
        return Ok(HashMap::new());
    }
    super::store::suppressed_everywhere(tx, hashes).await
}

/// Whether the holder of a number objects to messages from everybody, as SQL: `hash` and `phone` are those of the number, and
/// `silence` is for how many seconds whoever refused is left alone, whatever they agree to meanwhile.
macro_rules! objects_to_everybody {
    ($hash:literal, $phone:literal, $silence:literal) => {
        concat!(
            "exists (select from zencall.suppressed_everywhere(array[",
            $hash,
            "]) e
               where not exists (select from consent_people q
                                   join consents g on g.organization_id = $1 and g.person_id = q.id
                                  where q.organization_id = $1 and q.phone = ",
            $phone,
            " and g.kind = 'given' and g.evidence is not null
                                    and g.collected_at >= e.objected_at + make_interval(secs => ",
            $silence,
            ")))"
        )
    };
}
pub(crate) use objects_to_everybody;
