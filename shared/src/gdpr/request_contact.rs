//! The rights of somebody whom the organisation calls, asked for by a member in their name. Whoever is to be forgotten is
//! called and texted no more from the commit that says so; the rest is the worker's.

use serde_json::json;

use super::queue::GdprMessage;
use super::{GdprError, GdprRequest, RequestType, contact_store as store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, TenantTx};
use crate::do_not_call::{self, Suppression};
use crate::kernel::Caller;
use crate::kernel::ids::{ContactId, GdprRequestId};
use crate::outbox::{self, Destination};

/// Takes the request, or answers the one of the same kind about the same contact that is still open.
pub async fn request_for_contact(
    app: &App,
    caller: &Caller,
    contact: &str,
    request_type: RequestType,
) -> Result<GdprRequest, GdprError> {
    let contact = ContactId::parse(contact).map_err(|_| GdprError::ContactNotFound)?;
    let user = caller.person()?.user;
    let (now, id, actor) = (
        app.clock.now(),
        GdprRequestId::new(&app.clock),
        &Actor::from(caller),
    );
    let body = async |tx: &TenantTx| -> Result<_, GdprError> {
        // Locked: two who ask at once come one after the other.
        let phone = store::lock(tx, contact)
            .await?
            .ok_or(GdprError::ContactNotFound)?;
        if let Some(open) = store::open(tx, contact, request_type).await? {
            return Ok((open, None));
        }
        let request = store::insert(tx, now, (id, user), contact, request_type).await?;
        let details =
            json!({ "request_id": id, "contact_id": contact, "request_type": request_type.as_str() });
        if request_type == RequestType::DataDeletion {
            let suppression = Suppression {
                evidence: Some(json!({ "gdpr_request_id": id })),
                ..Suppression::by(do_not_call::ERASURE, &phone)
            };
            do_not_call::suppress(tx, &app.clock, &suppression, now).await?;
        }
        let message = GdprMessage::new(caller.organization, id);
        let promise = outbox::promise(tx, app, Destination::Gdpr, &message).await?;
        audit::record(tx, &app.clock, actor, "gdpr.request_for_contact", details).await?;
        Ok((request, Some(promise)))
    };
    let claims = Claims::from(caller);
    let (request, promise) = Box::pin(app.db.write("gdpr.request_for_contact", &claims, body)).await?;
    outbox::keep(app, promise.as_slice()).await;
    Ok(request)
}
