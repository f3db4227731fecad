//! A new tenant, in the transaction that makes its first person.

use super::{NewOrganization, store};
use crate::db::{DbError, TenantTx};
use crate::kernel::Clock;

/// Writes a new organisation.
pub async fn create(tx: &TenantTx, clock: &Clock, new: &NewOrganization) -> Result<(), DbError> {
    store::insert(tx, clock.now(), new).await
}
