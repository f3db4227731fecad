//! Numbers whose holders told everybody at once to leave them alone: the platform's own list, of keyed hashes too. It binds
//! organisations that did not know the number then.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::consents::{Entry, standing};
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::PhoneNumber;
use crate::kernel::number_key::NumberKey;

/// An objection to being called or texted by anybody, with what the organisation that asks knows of its holder.
#[derive(Debug, Clone, Default)]
pub struct Objection {
    /// The end of the day on which it was made, in Paris.
    pub objected_at: Timestamp,
    /// What they agreed to since, and before.
    pub consents: Vec<Entry>,
}

impl Objection {
    /// Whether the person has agreed to something since, once the silence that they are owed was over, and still does.
    pub fn is_lifted(&self, now: Timestamp) -> bool {
        is_lifted(self.objected_at, &self.consents, now)
    }
}

/// The same of its parts.
pub fn is_lifted(objected_at: Timestamp, consents: &[Entry], now: Timestamp) -> bool {
    standing::has_agreed_since(consents, standing::silent_until(objected_at, now), now)
}

/// The hash under which a number is on the list.
pub fn hash(key: &NumberKey, phone: &PhoneNumber) -> Bytes {
    Bytes(key.hash("suppression", &[phone.as_str()]).to_vec())
}

/// The objections to calls and messages from anybody of the holders of these numbers, each with its hash; by their hashes, in
/// one statement.
pub async fn among<'a>(
    tx: &TenantTx,
    key: &NumberKey,
    numbers: impl Iterator<Item = (Bytes, &'a str)>,
) -> Result<HashMap<Vec<u8>, Objection>, DbError> {
    let (hashes, phones): (Vec<_>, Vec<_>) = numbers.unzip();
    if hashes.is_empty() {
        return Ok(HashMap::new());
    }
    super::store::suppressed_everywhere(tx, key, &hashes, &phones).await
}

/// Whether the holder of this number wants nothing from anybody.
pub async fn objects(
    tx: &TenantTx,
    key: &NumberKey,
    phone: &PhoneNumber,
    now: Timestamp,
) -> Result<bool, DbError> {
    let number = (hash(key, phone), phone.as_str());
    let found = among(tx, key, std::iter::once(number)).await?;
    Ok(found.values().any(|objection| !objection.is_lifted(now)))
}
