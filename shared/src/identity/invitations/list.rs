//! The open invitations of the caller's organisation.

use super::super::store;
use super::Invitation;
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::{Caller, Page, PageRequest};

/// The open invitations, newest first; those whose time has passed too.
pub async fn list_invitations(
    app: &App,
    caller: &Caller,
    page: PageRequest,
) -> Result<Page<Invitation>, DbError> {
    let invitations = app
        .db
        .read("identity.list_invitations", &Claims::from(caller), async |tx| {
            store::list_invitations(tx, page).await
        })
        .await?;
    Ok(Page::from_rows(invitations, page, |invitation| invitation.id))
}
