//! Stopping an import. Rows that were read stay; whoever reads the next ones finds it stopped.

use serde_json::json;

use super::{Import, ImportError, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::Claims;
use crate::kernel::Caller;
use crate::kernel::ids::ImportId;

/// Stops the import with this id, as it stands in an address.
pub async fn cancel(app: &App, caller: &Caller, id: &str) -> Result<Import, ImportError> {
    let id = ImportId::parse(id).map_err(|_| ImportError::NotFound)?;
    let now = app.clock.now();
    let actor = &Actor::from(caller);
    app.db
        .write("imports.cancel", &Claims::from(caller), async |tx| {
            let found = store::lock(tx, id).await?.ok_or(ImportError::NotFound)?;
            let Some(import) = store::cancel(tx, id, now).await? else {
                return Err(ImportError::IsOver(found.status));
            };
            let details = json!({ "import_id": id });
            audit::record(tx, &app.clock, actor, "contact_import.cancel", details).await?;
            Ok(import)
        })
        .await
}
