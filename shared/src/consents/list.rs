//! The consents of a contact, newest first.

use jiff::Timestamp;

use super::{Consent, RecordError, store};
use crate::App;
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::ids::ContactId;
use crate::kernel::{Caller, Page, PageRequest};

/// What a contact has agreed to, in a transaction that reads more about them.
pub async fn of_contact(
    tx: &TenantTx,
    contact: ContactId,
    page: PageRequest,
    now: Timestamp,
) -> Result<Vec<Consent>, DbError> {
    store::list(tx, contact, page, now).await
}

/// What the contact with this id, as it stands in an address, has agreed to.
pub async fn list(
    app: &App,
    caller: &Caller,
    contact: &str,
    page: PageRequest,
) -> Result<Page<Consent>, RecordError> {
    let contact = ContactId::parse(contact).map_err(|_| RecordError::ContactNotFound)?;
    let now = app.clock.now();
    let (phone, consents) = app
        .db
        .read("consents.list", &Claims::from(caller), async |tx| {
            let (phone, consents) =
                futures_util::future::join(store::phone_of(tx, contact), store::list(tx, contact, page, now))
                    .await;
            Ok::<_, DbError>((phone?, consents?))
        })
        .await?;
    if phone.is_none() {
        return Err(RecordError::ContactNotFound);
    }
    Ok(Page::from_rows(consents, page, |consent| consent.id))
}
