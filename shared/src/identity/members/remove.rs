//! Removing a member from an organisation, which is not the same as forgetting them. Their account goes at once, with
//! its password, logins, links and consents, so that nothing can be refreshed; the API keys that they made stop
//! working; what they did stays in the audit log, under an id to which no name belongs. A member who had asked to be
//! forgotten is forgotten.

use futures_util::future::try_join4;
use serde_json::json;

use super::super::store;
use super::{MemberError, Removal};
use crate::App;
use crate::api_keys;
use crate::audit::{self, Actor};
use crate::db::{Claims, TenantTx};
use crate::kernel::caller::AdminOnly;
use crate::kernel::ids::UserId;
use crate::kernel::{Caller, Role};

/// Removes a member; oneself too, as long as another administrator stays.
pub async fn remove_member(app: &App, caller: &Caller, id: &str) -> Result<(), MemberError> {
    let id = UserId::parse(id).map_err(|_| MemberError::NotFound)?;
    let (now, actor, own) = (app.clock.now(), &Actor::from(caller), caller.person()?.user);
    let body = async |tx: &TenantTx| {
        let ((), role_now, member, others) = try_join4(
            store::lock_members(tx),
            store::role_of(tx, own),
            store::find_member(tx, id),
            store::other_admins(tx, id),
        )
        .await?;
        let member = member.ok_or(MemberError::NotFound)?;
        if others == 0 {
            return Err(MemberError::LastAdmin);
        }
        if role_now != Some(Role::Admin) {
            return Err(AdminOnly.into());
        }
        let keys = api_keys::revoke_those_of(tx, now, id).await?;
        let before = json!({ "role": member.role });
        let removal = store::remove_member(tx, now, id).await?;
        let details = match removal.ok_or(MemberError::LastAdmin)? {
            Removal::Removed => json!({ "user_id": id, "before": before, "revoked_api_keys": keys }),
            Removal::Forgotten => {
                json!({ "before": before, "revoked_api_keys": keys, "reason": "deletion_requested" })
            }
        };
        // Of those who are forgotten, not even that they did this themselves.
        let nobody = Actor::default();
        let actor = match removal {
            Some(Removal::Forgotten) if id == own => &nobody,
            _ => actor,
        };
        audit::record(tx, &app.clock, actor, "member.remove", details).await?;
        Ok(())
    };
    Box::pin(
        app.db
            .write("identity.remove_member", &Claims::from(caller), body),
    )
    .await
}
