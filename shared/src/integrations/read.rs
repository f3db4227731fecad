//! What an organisation is connected with.

use super::TwilioConnection;
use super::store;
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::Caller;

/// The connection of the caller's organisation; without its token, which nothing reads back.
pub async fn read(app: &App, caller: &Caller) -> Result<TwilioConnection, DbError> {
    let claims = Claims::from(caller);
    app.db
        .read("integrations.read", &claims, async |tx| store::current(tx).await)
        .await
}
