//! Imports as everybody sees them.

use super::{Import, ImportError, store};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::ids::ImportId;
use crate::kernel::{Caller, Page, PageRequest};

/// The import with this id, as it stands in an address.
pub async fn read(app: &App, caller: &Caller, id: &str) -> Result<Import, ImportError> {
    let id = ImportId::parse(id).map_err(|_| ImportError::NotFound)?;
    let found = app
        .db
        .read("imports.read", &Claims::from(caller), async |tx| {
            store::find(tx, id).await
        })
        .await?;
    found.map(|found| found.import).ok_or(ImportError::NotFound)
}

/// The organisation's imports, newest first.
pub async fn list(app: &App, caller: &Caller, page: PageRequest) -> Result<Page<Import>, DbError> {
    let imports = app
        .db
        .read("imports.list", &Claims::from(caller), async |tx| {
            store::list(tx, page).await
        })
        .await?;
    Ok(Page::from_rows(imports, page, |import| import.id))
}
