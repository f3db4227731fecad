//! Refresh: the token is spent and followed by another. One that comes back was copied, by a thief or from its owner:
//! nobody can tell which of the two holds the newest, so the login ends (RFC 9700, 4.14.2).

use futures_util::future::try_join5;
use serde_json::json;

use super::session::{self, Issuer, Session, SessionError};
use super::{store, token, unauthenticated};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Bytes, Claims, DbError};
use crate::kernel::Origin;
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{OrganizationId, SessionId};
use crate::limits::{self, Limit};
use crate::organizations;

/// The session goes on no further.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Not a token of ours, expired, or its login has ended.
    #[error("not a usable refresh token")]
    Invalid,
    /// It was spent before; its login has been ended.
    #[error("a spent refresh token came back")]
    Reused,
    /// See [`SessionError`].
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<DbError> for RefreshError {
    fn from(error: DbError) -> Self {
        Self::Session(error.into())
    }
}

impl From<SecretsError> for RefreshError {
    fn from(error: SecretsError) -> Self {
        Self::Session(error.into())
    }
}

impl Classify for RefreshError {
    fn failure(&self) -> Failure {
        match self {
            Self::Invalid => unauthenticated(
                "refresh_token_invalid",
                "Votre session est terminée. Reconnectez-vous.",
                "Your session is over. Please log in again.",
            ),
            Self::Reused => unauthenticated(
                "refresh_token_reused",
                "Ce jeton avait déjà servi : par précaution, la session est terminée. Reconnectez-vous.",
                "This token was used before: the session was ended as a precaution. Please log in again.",
            ),
            Self::Session(error) => error.failure(),
        }
    }
}

/// Spends a refresh token for a new session of the same login.
pub async fn refresh(app: &App, origin: &Origin, refresh_token: &str) -> Result<Session, RefreshError> {
    let issuer = Issuer::of(app).await?;
    let hash = &token::refresh_token_hash(&issuer.pepper, refresh_token);
    limits::owe(app, origin, &[Limit::Session]).await?;
    let known = app.db.session_by_refresh_token(&origin.meter, hash).await?;
    let (organization, session) = known.ok_or(RefreshError::Invalid)?;
    let clock = &app.clock;
    let now = clock.now();
    let next = issuer.new_refresh(clock);
    let written = &next;
    // All in one packet. Of two that spend the same token at once, the second waits for the first and finds it spent.
    let body = async |tx: &crate::db::TenantTx| {
        let (spent, alive, (), profile, organization) = try_join5(
            store::spend_refresh_token(tx, now, hash),
            store::touch_session(tx, now, session),
            session::add_refresh_token(tx, clock, session, written),
            store::find_profile_of_session(tx, session),
            organizations::find(tx),
        )
        .await?;
        if !(spent && alive) {
            return Err(RefreshError::Invalid);
        }
        profile.zip(organization).ok_or(RefreshError::Invalid)
    };
    let claims = Claims::platform(organization);
    let who = match Box::pin(app.db.write("identity.refresh", &claims, body)).await {
        Err(RefreshError::Invalid) => {
            return Err(end_if_spent(app, origin, organization, (session, hash)).await?);
        }
        outcome => outcome?,
    };
    Ok(issuer
        .session(clock, session, next, who)
        .map_err(SessionError::from)?)
}

/// Ends the login if the token was spent before; says what is to be answered.
async fn end_if_spent(
    app: &App,
    origin: &Origin,
    organization: OrganizationId,
    (session, hash): (SessionId, &Bytes),
) -> Result<RefreshError, DbError> {
    let now = app.clock.now();
    app.db
        .write(
            "identity.end_reused_session",
            &Claims::platform(organization),
            async |tx| {
                if !store::is_spent(tx, hash).await? {
                    return Ok(RefreshError::Invalid);
                }
                if let Some(user) = store::revoke_session(tx, now, session).await? {
                    let actor = Actor::person(user, origin);
                    let details = json!({ "session_id": session, "reason": "refresh_token_reused" });
                    audit::record(tx, &app.clock, &actor, "session.revoke", details).await?;
                }
                Ok(RefreshError::Reused)
            },
        )
        .await
}
