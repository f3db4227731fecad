//! The members of the caller's organisation.

use super::super::store;
use super::Member;
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::{Caller, Page, PageRequest};

/// The members, newest first.
pub async fn list_members(app: &App, caller: &Caller, page: PageRequest) -> Result<Page<Member>, DbError> {
    let members = app
        .db
        .read("identity.list_members", &Claims::from(caller), async |tx| {
            store::list_members(tx, page).await
        })
        .await?;
    Ok(Page::from_rows(members, page, |member| member.id))
}
