//! Logout: the login ends with every refresh token that descends from it. An access token lives out its minutes.

use serde_json::json;

use super::{store, token};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::caller::PersonOnly;
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{OrganizationId, SessionId};
use crate::kernel::{Caller, Origin};
use crate::limits::{self, Limit};

/// The login could not be ended.
#[derive(Debug, thiserror::Error)]
pub enum LogoutError {
    /// A secret of the platform is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// A program has no login to end.
    #[error(transparent)]
    PersonOnly(#[from] PersonOnly),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for LogoutError {
    fn failure(&self) -> Failure {
        match self {
            Self::Secrets(error) => error.failure(),
            Self::PersonOnly(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Ends the caller's login.
pub async fn logout(app: &App, caller: &Caller) -> Result<(), LogoutError> {
    let session = caller.person()?.session;
    end(app, &caller.origin, caller.organization, session).await
}

/// Ends the login that a refresh token descends from; of an unknown one there is nothing to end.
pub async fn logout_by_refresh_token(
    app: &App,
    origin: &Origin,
    refresh_token: &str,
) -> Result<(), LogoutError> {
    let hash = token::refresh_token_hash(&*app.pepper().await?, refresh_token);
    limits::owe(app, origin, &[Limit::Session]).await?;
    match app.db.session_by_refresh_token(&origin.meter, &hash).await? {
        Some((organization, session)) => end(app, origin, organization, session).await,
        None => Ok(()),
    }
}

async fn end(
    app: &App,
    origin: &Origin,
    organization: OrganizationId,
    session: SessionId,
) -> Result<(), LogoutError> {
    let now = app.clock.now();
    let claims = Claims::platform(organization).paying(&origin.meter);
    app.db
        .write("identity.logout", &claims, async |tx| {
            if let Some(user) = store::revoke_session(tx, now, session).await? {
                let actor = Actor::person(user, origin);
                let details = json!({ "session_id": session });
                audit::record(tx, &app.clock, &actor, "session.logout", details).await?;
            }
            Ok(())
        })
        .await
}
