//! Looking at one's own requests; those of others are not found.

use serde_json::json;

use super::{GdprError, GdprRequest, RequestType, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::Caller;
use crate::kernel::ids::GdprRequestId;

/// The caller's own export.
pub async fn read_export(app: &App, caller: &Caller, id: GdprRequestId) -> Result<GdprRequest, GdprError> {
    let user = caller.person()?.user;
    let found = app
        .db
        .read("gdpr.read_export", &Claims::from(caller), async |tx| {
            store::find(tx, user, id).await
        })
        .await?;
    found
        .filter(|request| request.request_type != RequestType::DataDeletion)
        .ok_or(GdprError::NotFound)
}

/// Notes that the caller was given a link to the archive: reading personal data in bulk leaves a trace in the log.
pub async fn note_download(app: &App, caller: &Caller, id: GdprRequestId) -> Result<(), GdprError> {
    let actor = &Actor::from(caller);
    let details = json!({ "request_id": id });
    let noted: Result<(), DbError> = app
        .db
        .write_at_once("gdpr.note_download", &Claims::from(caller), async |tx| {
            audit::record(tx, &app.clock, actor, "gdpr.give_link", details).await
        })
        .await;
    Ok(noted?)
}
