//! The organisation that a transaction acts for.

use super::{Organization, store};
use crate::db::{DbError, TenantTx};

/// The transaction's own organisation.
pub async fn find(tx: &TenantTx) -> Result<Option<Organization>, DbError> {
    store::find(tx).await
}
