//! The keys of the caller's organisation.

use super::{ApiKeyRecord, store};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::{Caller, Page, PageRequest};

/// The keys that were not revoked, newest first; those whose time has passed too.
pub async fn list(app: &App, caller: &Caller, page: PageRequest) -> Result<Page<ApiKeyRecord>, DbError> {
    let keys = app
        .db
        .read("api_keys.list", &Claims::from(caller), async |tx| {
            store::list(tx, page).await
        })
        .await?;
    Ok(Page::from_rows(keys, page, |key| key.id))
}
