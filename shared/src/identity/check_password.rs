//! Whether somebody who is logged in also knows the password: before what cannot be undone, and before what would shut
//! them out.

use jiff::Timestamp;
use secrecy::SecretString;

use super::password::{self, Comparison, HashingFailed};
use super::{MeError, Profile, identity_of};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::db::{Claims, DbError};
use crate::kernel::Caller;
use crate::kernel::caller::Person;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::SessionId;
use crate::limits::{self, Limit};
use crate::organizations::Organization;

/// The password was not the caller's.
#[derive(Debug, thiserror::Error)]
pub enum PasswordRefused {
    /// It is another one.
    #[error("wrong password")]
    Wrong,
    /// The person is gone.
    #[error(transparent)]
    Gone(MeError),
    /// It could not be compared.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// A secret of the platform is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for PasswordRefused {
    fn failure(&self) -> Failure {
        match self {
            Self::Wrong => Failure::new(
                Class::Forbidden,
                "wrong_password",
                "Ce n'est pas votre mot de passe.",
                "This is not your password.",
            ),
            Self::Gone(error) => error.failure(),
            Self::Hashing(_) => Failure::internal(),
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// A caller who knows the password.
pub(super) struct Proven {
    pub(super) profile: Profile,
    pub(super) organization: Organization,
    /// The login that they ask with.
    pub(super) session: SessionId,
    /// Since when that password is kept.
    pub(super) since: Timestamp,
}

/// Compares a password with the caller's own. A stolen access token does not let anybody try passwords out: they are counted
/// as those of a login are.
pub async fn check_password(app: &App, caller: &Caller, typed: String) -> Result<(), PasswordRefused> {
    prove(app, caller, &SecretString::from(typed)).await.map(drop)
}

/// The caller, if this is their password.
pub(super) async fn prove(
    app: &App,
    caller: &Caller,
    typed: &SecretString,
) -> Result<Proven, PasswordRefused> {
    let person = caller.person().map_err(MeError::from);
    let Person { user, session, .. } = person.map_err(PasswordRefused::Gone)?;
    let (profile, organization) = app
        .db
        .read("identity.check_password", &Claims::from(caller), async |tx| {
            identity_of(tx, user).await
        })
        .await?
        .ok_or(PasswordRefused::Gone(MeError::Gone))?;
    limits::owe(app, &caller.origin, &[Limit::Password(&profile.email)]).await?;
    let login = app
        .db
        .login_by_email(&caller.origin.meter, &profile.email)
        .await?;
    let kept = login.filter(|login| login.user == user);
    let hash = kept.as_ref().map(|login| &login.password_hash);
    match (password::compare(typed, hash).await?, kept) {
        (Comparison::Right | Comparison::RightButWeak, Some(kept)) => {
            limits::password_was_right(app, &caller.origin, &profile.email).await?;
            Ok(Proven {
                profile,
                organization,
                session,
                since: kept.changed_at,
            })
        }
        _ => Err(PasswordRefused::Wrong),
    }
}
