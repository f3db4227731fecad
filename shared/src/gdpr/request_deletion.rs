//! Asking to be forgotten: with the password, thirty days ahead, and cancellable until then.

use futures_util::future::try_join3;
use jiff::SignedDuration;
use serde_json::json;

use super::mail::{GdprMail, GdprMailKind};
use super::{GdprError, GdprRequest, Scope, erasure_store, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, TenantTx};
use crate::identity;
use crate::kernel::caller::{AdminOnly, Role};
use crate::kernel::ids::{GdprRequestId, UserId};
use crate::kernel::{Caller, Page, PageRequest};
use crate::outbox::{self, Destination};

/// How long somebody may change their mind.
const DELAY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What somebody wants.
pub struct WantedDeletion {
    /// Their password.
    pub password: String,
    /// Themselves, or their whole organisation.
    pub scope: Scope,
    /// Whom it is about, where the request says so.
    pub user: Option<UserId>,
}

/// Takes the request, or answers the one that is still open.
pub async fn request_deletion(
    app: &App,
    caller: &Caller,
    wanted: WantedDeletion,
) -> Result<GdprRequest, GdprError> {
    let person = caller.person()?;
    if wanted.user.is_some_and(|user| user != person.user) {
        return Err(GdprError::SomebodyElse);
    }
    identity::check_password(app, caller, wanted.password).await?;
    let (now, id, actor, scope) = (
        app.clock.now(),
        GdprRequestId::new(&app.clock),
        &Actor::from(caller),
        wanted.scope,
    );
    let scheduled_at = now.saturating_add(DELAY).unwrap_or(now);
    let body = async |tx: &TenantTx| {
        let user = caller.person()?.user;
        let (role, open, (members, admins)) = try_join3(
            store::lock_person(tx, user),
            erasure_store::open_deletion(tx, user),
            erasure_store::other_members(tx, user),
        )
        .await?;
        let role = role.ok_or(GdprError::Gone)?;
        if scope == Scope::Organization && role != Role::Admin {
            return Err(AdminOnly.into());
        }
        match open {
            Some(open) if open.scope == scope => return Ok((open, None)),
            Some(_) => return Err(GdprError::AlreadyRequested),
            None => {}
        }
        if scope == Scope::Own && role == Role::Admin && members > 0 && admins == 0 {
            return Err(GdprError::LastAdmin);
        }
        let when = (scope, scheduled_at);
        let request = erasure_store::insert_deletion(tx, now, id, user, when).await?;
        let mail = GdprMail::new(GdprMailKind::DeletionScheduled, caller.organization, id);
        let promise = outbox::promise(tx, app, Destination::Mail, &mail).await?;
        let details = json!({ "request_id": id, "scope": scope.as_str(), "scheduled_at": scheduled_at });
        audit::record(tx, &app.clock, actor, "gdpr.request_deletion", details).await?;
        Ok((request, Some(promise)))
    };
    let claims = Claims::from(caller);
    let (request, promise) = Box::pin(app.db.write("gdpr.request_deletion", &claims, body)).await?;
    outbox::keep(app, promise.as_slice()).await;
    Ok(request)
}

/// Cancels one of the caller's own deletions; one that was cancelled stays so.
pub async fn cancel_deletion(app: &App, caller: &Caller, id: GdprRequestId) -> Result<(), GdprError> {
    let (now, user, actor) = (app.clock.now(), caller.person()?.user, &Actor::from(caller));
    app.db
        .write("gdpr.cancel_deletion", &Claims::from(caller), async |tx| {
            if erasure_store::cancel(tx, now, user, id).await? {
                let details = json!({ "request_id": id });
                audit::record(tx, &app.clock, actor, "gdpr.cancel_deletion", details).await?;
                return Ok(());
            }
            match store::find(tx, user, id).await? {
                None => Err(GdprError::NotFound),
                Some(request) if request.status == "cancelled" => Ok(()),
                Some(_) => Err(GdprError::NotCancellable),
            }
        })
        .await
}

/// What the caller asked for, newest first.
pub async fn list_requests(
    app: &App,
    caller: &Caller,
    page: PageRequest,
) -> Result<Page<GdprRequest>, GdprError> {
    let user = caller.person()?.user;
    let rows: Result<_, DbError> = app
        .db
        .read("gdpr.list", &Claims::from(caller), async |tx| {
            erasure_store::list(tx, user, page).await
        })
        .await;
    Ok(Page::from_rows(rows?, page, |request| request.id))
}
