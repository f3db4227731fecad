//! A number that is never to be called again: what is queued for it ends here, in the transaction that says so.

use jiff::Timestamp;

use super::store;
use crate::db::{DbError, TenantTx};
use crate::kernel::PhoneNumber;

/// Takes back the calls to a number that nobody has begun to dial. Contacts that wait for their turn are refused by the
/// gate when it comes.
pub async fn number(tx: &TenantTx, phone: &PhoneNumber, now: Timestamp) -> Result<(), DbError> {
    store::withdraw::release_number(tx, phone, now).await
}
