//! An administrator invites somebody. Inviting an address again withdraws the older invitation: one link works.

use futures_util::future::{try_join, try_join5};
use serde_json::json;

use super::super::store;
use super::mail::InvitationMail;
use super::{A_DAY, Invitation, InvitationError, LIFETIME};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, TenantTx};
use crate::kernel::caller::AdminOnly;
use crate::kernel::ids::InvitationId;
use crate::kernel::{Caller, Email, Role};
use crate::limits::{self, Limit, MailKind};
use crate::outbox::{self, Destination};

/// Invites this address; the mail leaves after the commit.
pub async fn invite(
    app: &App,
    caller: &Caller,
    email: &Email,
    role: Role,
) -> Result<Invitation, InvitationError> {
    let (now, actor, own) = (app.clock.now(), &Actor::from(caller), caller.person()?.user);
    let invitation = &Invitation {
        id: InvitationId::new(&app.clock),
        email: email.clone(),
        role,
        invited_by: Some(own),
        created_at: now,
        expires_at: now.saturating_add(LIFETIME).unwrap_or(now),
    };
    let message = &InvitationMail::new(caller.organization, invitation.id);
    limits::spend(app, &caller.origin, &[Limit::Mail(MailKind::Invitation, email)]).await?;
    let body = async |tx: &TenantTx| {
        // Of two who invite the same address at once, the second replaces the first one's.
        let ((), role_now, member, sent, ()) = try_join5(
            store::lock_members(tx),
            store::role_of(tx, own),
            store::is_member(tx, email),
            store::invitations_of_the_day(tx, now),
            store::withdraw_older(tx, now, email),
        )
        .await?;
        if role_now != Some(Role::Admin) {
            return Err(AdminOnly.into());
        }
        if member {
            return Err(InvitationError::AlreadyMember);
        }
        if sent >= A_DAY {
            return Err(InvitationError::TooMany);
        }
        let details = json!({ "invitation_id": invitation.id, "after": { "role": role } });
        let (((), ()), promise) = try_join(
            try_join(
                store::insert_invitation(tx, invitation),
                audit::record(tx, &app.clock, actor, "invitation.create", details),
            ),
            outbox::promise(tx, app, Destination::Mail, message),
        )
        .await?;
        Ok(promise)
    };
    let promise = Box::pin(app.db.write("identity.invite", &Claims::from(caller), body)).await?;
    outbox::keep(app, &[promise]).await;
    Ok(invitation.clone())
}
