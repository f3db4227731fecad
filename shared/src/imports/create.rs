//! Asking for an import: a row that waits for its file.

use serde_json::json;

use super::{Import, ImportError, OPEN_LIMIT, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::Claims;
use crate::kernel::ids::ImportId;
use crate::kernel::{Caller, Language, Name};

/// Makes an import of a file with this name; its outcome is written in this language.
pub async fn create(
    app: &App,
    caller: &Caller,
    file_name: &Name,
    language: Language,
) -> Result<Import, ImportError> {
    let id = ImportId::new(&app.clock);
    let now = app.clock.now();
    let actor = &Actor::from(caller);
    app.db
        .write("imports.create", &Claims::from(caller), async |tx| {
            let import = store::insert(tx, (id, actor.user), file_name, language, (OPEN_LIMIT, now)).await?;
            let import = import.ok_or(ImportError::TooMany)?;
            let details = json!({ "import_id": id });
            audit::record(tx, &app.clock, actor, "contact_import.create", details).await?;
            Ok(import)
        })
        .await
}
