//! Withdrawing an invitation: its link leads nowhere any more.

use serde_json::json;

use super::super::store;
use super::InvitationError;
use crate::App;
use crate::audit::{self, Actor};
use crate::db::Claims;
use crate::kernel::Caller;
use crate::kernel::ids::InvitationId;

/// Withdraws an open invitation. Of this and its being accepted at once, one happens.
pub async fn revoke_invitation(app: &App, caller: &Caller, id: &str) -> Result<(), InvitationError> {
    let id = InvitationId::parse(id).map_err(|_| InvitationError::NotFound)?;
    let (now, actor) = (app.clock.now(), &Actor::from(caller));
    app.db
        .write("identity.revoke_invitation", &Claims::from(caller), async |tx| {
            if !store::revoke_invitation(tx, now, id).await? {
                return Err(InvitationError::NotFound);
            }
            let details = json!({ "invitation_id": id });
            audit::record(tx, &app.clock, actor, "invitation.revoke", details).await?;
            Ok(())
        })
        .await
}
