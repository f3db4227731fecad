//! People who were forgotten and must not be recorded again (RGPD, articles 17 and 21). All that is kept of them is a
//! keyed hash of their number, from which nothing can be read; adding the number again is refused.

pub mod platform;
mod store;

pub(crate) use store::objection;
pub use store::{add, among, lift};

use jiff::Timestamp;

use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::db::Bytes;
use crate::kernel::ids::OrganizationId;
use crate::kernel::number_key::NumberKey;
use crate::kernel::{Invalid, PhoneNumber};
use crate::law;

/// Why such a number is not taken in.
pub const OPPOSED: Invalid = Invalid::new(
    "number_opposed",
    "La personne qui a ce numéro a été effacée à sa demande : il faut un nouveau consentement, prouvé, donné plus de 60 jours \
     après.",
    "The person with this number was erased at their request: it takes a new consent, with its evidence, given more than \
     60 days later.",
);

/// The hash under which a number is kept, by an organisation.
pub fn hash(key: &NumberKey, organization: OrganizationId, phone: &PhoneNumber) -> Bytes {
    let hash = key.hash("opposition", &[&organization.to_string(), phone.as_str()]);
    Bytes(hash.to_vec())
}

/// The latest time of an opposition that a consent of this time may lift: whoever refused is left alone for a while, whatever
/// they agree to meanwhile.
pub fn lifted_by(collected_at: Timestamp, now: Timestamp) -> Timestamp {
    let silence = law::terms(now).silence();
    collected_at.saturating_sub(silence).unwrap_or(Timestamp::MIN)
}

/// The hashes of some numbers.
pub async fn hashes<'a>(
    app: &App,
    organization: OrganizationId,
    phones: impl Iterator<Item = &'a PhoneNumber>,
) -> Result<Vec<Bytes>, SecretsError> {
    let key = app.number_key().await?;
    Ok(phones.map(|phone| hash(&key, organization, phone)).collect())
}
