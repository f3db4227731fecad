//! The assistants of an organisation.

use super::store;
use super::{Assistant, AssistantError, AssistantKey};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::{Caller, Country, Page, PageRequest};
use crate::organizations;

/// One assistant of the caller's organisation.
pub async fn read(app: &App, caller: &Caller, key: &AssistantKey) -> Result<Assistant, AssistantError> {
    let claims = Claims::from(caller);
    app.db
        .read("assistants.read", &claims, async |tx| store::find(tx, key).await)
        .await?
        .ok_or(AssistantError::NotFound)
}

/// The assistants of the caller's organisation, newest first.
pub async fn list(app: &App, caller: &Caller, page: PageRequest) -> Result<Page<Assistant>, DbError> {
    let claims = Claims::from(caller);
    app.db
        .read("assistants.list", &claims, async |tx| store::list(tx, page).await)
        .await
}

/// Where the caller's organisation is: the number to transfer to may be written as it is dialled there.
pub async fn organization_country(app: &App, caller: &Caller) -> Result<Country, DbError> {
    let claims = Claims::from(caller);
    let organization = app
        .db
        .read("assistants.country", &claims, async |tx| {
            organizations::find(tx).await
        })
        .await?;
    Ok(organization.map_or(Country::FR, |organization| organization.country))
}
