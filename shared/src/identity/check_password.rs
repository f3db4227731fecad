//! Whether somebody who is logged in also knows the password: before what cannot be undone.

use secrecy::SecretString;

use super::password::{self, Comparison, HashingFailed};
use super::{MeError, store};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::Caller;
use crate::kernel::class::{Class, Classify, Failure};

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
            Self::Db(error) => error.failure(),
        }
    }
}

/// Compares a password with the caller's own.
pub async fn check_password(app: &App, caller: &Caller, typed: String) -> Result<(), PasswordRefused> {
    let user = caller
        .person()
        .map_err(MeError::from)
        .map_err(PasswordRefused::Gone)?
        .user;
    let profile = app
        .db
        .read("identity.check_password", &Claims::from(caller), async |tx| {
            store::find_profile(tx, user).await
        })
        .await?
        .ok_or(PasswordRefused::Gone(MeError::Gone))?;
    let login = app.db.login_by_email(&profile.email).await?;
    let kept = login.filter(|login| login.user == user);
    let kept = kept.as_ref().map(|login| &login.password_hash);
    match password::compare(&SecretString::from(typed), kept).await? {
        Comparison::Wrong => Err(PasswordRefused::Wrong),
        Comparison::Right | Comparison::RightButWeak => Ok(()),
    }
}
