//! A login on one device: a short access token, and a refresh token that is spent at each use.

use std::sync::Arc;

use futures_util::future::try_join;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};

use super::{Profile, store, token};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::app::Pepper;
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::access_token::{TokenKeys, UnusableKeys};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{SessionId, UserId};
use crate::kernel::{Clock, Origin};
use crate::organizations::Organization;

/// How long a refresh token that nobody spends is good for.
pub(super) const REFRESH_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a person gets who proved who they are.
#[derive(Debug)]
pub struct Session {
    access_token: SecretString,
    refresh_token: SecretString,
    /// The person.
    pub profile: Profile,
    /// Their organisation.
    pub organization: Organization,
}

impl Session {
    /// A JWT, good for [`crate::kernel::access_token::LIFETIME_SECONDS`].
    pub fn access_token(&self) -> &str {
        self.access_token.expose_secret()
    }

    /// Good for one refresh.
    pub fn refresh_token(&self) -> &str {
        self.refresh_token.expose_secret()
    }
}

/// A session could not be given, whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// A secret of the platform is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The signing keys are not usable.
    #[error(transparent)]
    Keys(#[from] UnusableKeys),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for SessionError {
    fn failure(&self) -> Failure {
        match self {
            Self::Secrets(error) => error.failure(),
            Self::Keys(_) => Failure::unavailable(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// The platform's secrets that sessions need, fetched before anything is written.
pub(super) struct Issuer {
    pub(super) pepper: Arc<Pepper>,
    keys: Arc<TokenKeys>,
}

impl Issuer {
    pub(super) async fn of(app: &App) -> Result<Self, SecretsError> {
        Ok(Self {
            pepper: app.pepper().await?,
            keys: app.token_keys().await?,
        })
    }

    /// A refresh token that is not written yet.
    pub(super) fn new_refresh(&self, clock: &Clock) -> Refresh {
        let token = token::new_refresh_token(clock);
        Refresh {
            hash: token::refresh_token_hash(&self.pepper, token.expose_secret()),
            token,
        }
    }

    /// The session as its person gets it, once it is written.
    pub(super) fn session(
        &self,
        clock: &Clock,
        id: SessionId,
        refresh: Refresh,
        (profile, organization): (Profile, Organization),
    ) -> Result<Session, UnusableKeys> {
        let access_token = self
            .keys
            .issue(profile.id, organization.id, profile.role, id, clock.now())?;
        Ok(Session {
            access_token: SecretString::from(access_token),
            refresh_token: refresh.token,
            profile,
            organization,
        })
    }
}

/// A refresh token and what is kept of it.
pub(super) struct Refresh {
    token: SecretString,
    pub(super) hash: Bytes,
}

/// Writes a new login of this person. Both statements leave at once.
pub(super) async fn open(
    tx: &TenantTx,
    clock: &Clock,
    (id, user): (SessionId, UserId),
    refresh: &Refresh,
    origin: &Origin,
) -> Result<(), DbError> {
    let now = clock.now();
    try_join(
        store::insert_session(tx, now, id, user, origin),
        add_refresh_token(tx, clock, id, refresh),
    )
    .await
    .map(drop)
}

/// Writes the next refresh token of a login.
pub(super) async fn add_refresh_token(
    tx: &TenantTx,
    clock: &Clock,
    id: SessionId,
    refresh: &Refresh,
) -> Result<(), DbError> {
    let now = clock.now();
    let expires_at = now.saturating_add(REFRESH_LIFETIME).unwrap_or(now);
    store::insert_refresh_token(tx, now, id, &refresh.hash, expires_at).await
}
