//! Removing the connection: where messages go, the import at Vapi, the row, the token. Where Vapi or the database fails,
//! messages come to us again; every other failure is mended by asking again.

use serde_json::json;

use super::IntegrationError;
use super::connect::give_back;
use super::route;
use super::store::{self, Claim};
use crate::App;
use crate::adapters::twilio::secret;
use crate::audit::{self, Actor};
use crate::db::Claims;
use crate::kernel::Caller;

/// Removes the connection of the caller's organisation; none is fine.
pub async fn disconnect(app: &App, caller: &Caller) -> Result<(), IntegrationError> {
    disconnect_for(app, &Claims::from(caller), &Actor::from(caller)).await
}

/// Removes the connection of an organisation that goes; none is fine.
pub async fn disconnect_for(app: &App, claims: &Claims, actor: &Actor) -> Result<(), IntegrationError> {
    let now = app.clock.now();
    let claim = app
        .db
        .write("integrations.claim", claims, async |tx| {
            store::claim(tx, now).await
        })
        .await?;
    let removed = remove(app, actor, claims, &claim).await;
    if removed.is_err() {
        give_back(app, claims, &claim).await;
        return removed;
    }
    // Last, so that a number that still calls is never without its token; and even where nothing was connected, so that
    // asking again removes what a failure left.
    Ok(secret::delete(app.secrets().await, &app.config.stage, claims.organization()).await?)
}

async fn remove(app: &App, actor: &Actor, claims: &Claims, claim: &Claim) -> Result<(), IntegrationError> {
    let organization = claims.organization();
    let credentials = if claim.former.is_empty() {
        None
    } else {
        secret::load(app.secrets().await, &app.config.stage, organization).await?
    };
    let given_back = match &credentials {
        Some(credentials) => route::give_back(app, credentials, organization, &claim.former).await?,
        None => Vec::new(),
    };
    let removed = remove_the_rest(app, actor, claims, claim).await;
    if let (Err(_), Some(credentials)) = (&removed, &credentials) {
        route::take_again(app, credentials, organization, &given_back).await;
    }
    removed
}

async fn remove_the_rest(
    app: &App,
    actor: &Actor,
    claims: &Claims,
    claim: &Claim,
) -> Result<(), IntegrationError> {
    if let Some(id) = &claim.before.vapi_phone_number_id {
        app.vapi().await?.delete_phone_number(id).await?;
    }
    let now = app.clock.now();
    app.db
        .write("integrations.disconnect", claims, async |tx| {
            store::disconnect(tx, claim, now).await?;
            if let Some(account_sid) = &claim.before.account_sid {
                let details = json!({ "account_sid": account_sid });
                audit::record(tx, &app.clock, actor, "twilio.remove", details).await?;
            }
            Ok::<_, IntegrationError>(())
        })
        .await
}
