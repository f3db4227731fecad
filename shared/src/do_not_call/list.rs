//! The list, newest first.

use super::{Entry, store};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::{Caller, Page, PageRequest, PhoneNumber};

/// The organisation's list, or the one number that is asked for.
pub async fn list(
    app: &App,
    caller: &Caller,
    phone: Option<&PhoneNumber>,
    page: PageRequest,
) -> Result<Page<Entry>, DbError> {
    let entries = app
        .db
        .read("do_not_call.list", &Claims::from(caller), async |tx| {
            store::list(tx, phone, page).await
        })
        .await?;
    Ok(Page::from_rows(entries, page, |entry| entry.id))
}
