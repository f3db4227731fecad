//! People who were forgotten, and are not to be taken in again (RGPD, articles 17 and 21): what is kept of them is a keyed
//! hash of their number, of which nothing can be read. Whoever brings the number back is refused.

use std::collections::HashSet;

use jiff::Timestamp;
use secrecy::SecretBox;

use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::db::{Bytes, DbError, TenantTx};
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

/// Keeps the hash of a number.
pub async fn add(tx: &TenantTx, hash: &Bytes, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- oppositions.add
         insert into oppositions (organization_id, phone_hash, created_at) values ($1, $2, $3) on conflict do nothing",
        &[&tx.organization(), hash, &now],
    )
    .await
    .map(drop)
}

/// Which of these are kept.
pub async fn among(tx: &TenantTx, hashes: &[Bytes]) -> Result<HashSet<Vec<u8>>, DbError> {
    let rows = tx
        .query(
            "-- oppositions.among
             select phone_hash from oppositions where organization_id = $1 and phone_hash = any ($2)",
            &[&tx.organization(), &hashes],
        )
        .await?;
    rows.iter()
        .map(|row| row.try_get("phone_hash").map_err(DbError::Statement))
        .collect()
}
