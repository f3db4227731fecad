//! The caller's organisation.

use super::{Organization, OrganizationError, store};
use crate::App;
use crate::db::Claims;
use crate::kernel::Caller;

/// The caller's organisation.
pub async fn read(app: &App, caller: &Caller) -> Result<Organization, OrganizationError> {
    app.db
        .read("organizations.read", &Claims::from(caller), async |tx| {
            store::find(tx).await?.ok_or(OrganizationError::Gone)
        })
        .await
}
