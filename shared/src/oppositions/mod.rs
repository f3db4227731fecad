//! People who were forgotten and must not be recorded again (RGPD, articles 17 and 21). All that is kept of them is a
//! keyed hash of their number, from which nothing can be read; adding the number again is refused.

mod store;

pub use store::{add, among};

use secrecy::SecretBox;

use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::db::Bytes;
use crate::kernel::ids::OrganizationId;
use crate::kernel::meter::Subject;
use crate::kernel::{Invalid, PhoneNumber};

/// Why such a number is not taken in.
pub const OPPOSED: Invalid = Invalid::new(
    "number_opposed",
    "La personne qui a ce numéro a été effacée à sa demande et ne doit plus être enregistrée.",
    "The person with this number was erased at their request and must not be recorded again.",
);

/// The hash under which a number is kept, by an organisation.
pub fn hash(pepper: &SecretBox<[u8; 32]>, organization: OrganizationId, phone: &PhoneNumber) -> Bytes {
    let Subject(hash) = Subject::of_text(pepper, "opposition", &[&organization.to_string(), phone.as_str()]);
    Bytes(hash.to_vec())
}

/// The hashes of some numbers.
pub async fn hashes<'a>(
    app: &App,
    organization: OrganizationId,
    phones: impl Iterator<Item = &'a PhoneNumber>,
) -> Result<Vec<Bytes>, SecretsError> {
    let pepper = app.pepper().await?;
    Ok(phones.map(|phone| hash(&pepper, organization, phone)).collect())
}
