//! Asking for one's data: three times a day, and once at a time.

use futures_util::future::{try_join, try_join3};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::queue::GdprMessage;
use super::{GdprError, GdprRequest, RequestType, Scope, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::Claims;
use crate::kernel::Caller;
use crate::kernel::caller::{AdminOnly, Role};
use crate::kernel::ids::GdprRequestId;
use crate::outbox::{self, Destination};

/// Exports that a person may ask for in [`DAY`].
const A_DAY: usize = 3;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What somebody wants.
#[derive(Debug, Clone, Copy)]
pub struct WantedExport {
    /// Access or export: the same data, with more words about them for access.
    pub request_type: RequestType,
    /// Whose data.
    pub scope: Scope,
}

/// Takes the request, or answers the one of the same kind that is still open.
pub async fn request_export(
    app: &App,
    caller: &Caller,
    wanted: WantedExport,
) -> Result<GdprRequest, GdprError> {
    let (now, id, actor) = (
        app.clock.now(),
        GdprRequestId::new(&app.clock),
        &Actor::from(caller),
    );
    let since = now.saturating_sub(DAY).unwrap_or(now);
    let body = async |tx: &crate::db::TenantTx| {
        let user = caller.person()?.user;
        // The lock comes first: two requests at once see each other.
        let (role, open, recent) = try_join3(
            store::lock_person(tx, user),
            store::open_export(tx, user, wanted),
            store::exports_since(tx, user, since),
        )
        .await?;
        let role = role.ok_or(GdprError::Gone)?;
        if wanted.scope == Scope::Organization && role != Role::Admin {
            return Err(AdminOnly.into());
        }
        if let Some(open) = open {
            return Ok((open, None));
        }
        if let Some(oldest) = recent.get(A_DAY - 1) {
            return Err(GdprError::TooManyExports(seconds_until(now, *oldest)));
        }
        let message = GdprMessage::new(caller.organization, id);
        let details = json!({
            "request_id": id,
            "request_type": wanted.request_type.as_str(),
            "scope": wanted.scope.as_str(),
        });
        let inserted = store::insert_export(tx, now, id, user, wanted);
        let (request, promise) =
            try_join(inserted, outbox::promise(tx, app, Destination::Gdpr, &message)).await?;
        audit::record(tx, &app.clock, actor, "gdpr.request_export", details).await?;
        Ok((request, Some(promise)))
    };
    let claims = Claims::from(caller);
    let (request, promise) = Box::pin(app.db.write("gdpr.request_export", &claims, body)).await?;
    outbox::keep(app, promise.as_slice()).await;
    Ok(request)
}

/// How long until the oldest of a day's exports is a day old.
fn seconds_until(now: Timestamp, oldest: Timestamp) -> u32 {
    let again = oldest.saturating_add(DAY).unwrap_or(now);
    u32::try_from(again.duration_since(now).as_secs()).unwrap_or(0) + 1
}
