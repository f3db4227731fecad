//! Making a member an administrator, or an administrator a member.

use futures_util::future::{try_join, try_join4};
use serde_json::json;

use super::super::store;
use super::{Member, MemberError};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, TenantTx};
use crate::kernel::caller::AdminOnly;
use crate::kernel::ids::UserId;
use crate::kernel::{Caller, Role};

/// Changes what somebody may do. Access tokens that are out say the old role until they expire; the next refresh says
/// the new one.
pub async fn change_role(
    app: &App,
    caller: &Caller,
    id: &str,
    role: Option<Role>,
) -> Result<Member, MemberError> {
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
        let role = role.unwrap_or(member.role);
        if role == member.role {
            return Ok(member);
        }
        if member.role == Role::Admin && others == 0 {
            return Err(MemberError::LastAdmin);
        }
        if role_now != Some(Role::Admin) {
            return Err(AdminOnly.into());
        }
        if id == own {
            return Err(MemberError::OwnRole);
        }
        let details = json!({ "user_id": id, "before": { "role": member.role }, "after": { "role": role } });
        try_join(
            store::set_role(tx, now, id, role),
            audit::record(tx, &app.clock, actor, "member.change_role", details),
        )
        .await?;
        Ok(Member { role, ..member })
    };
    Box::pin(app.db.write("identity.change_role", &Claims::from(caller), body)).await
}
