//! Login: address and password. An unknown address costs the same work as a wrong password and gets the same answer.

use std::time::Duration;

use futures_util::future::{OptionFuture, try_join5};
use secrecy::SecretString;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::password::{self, Comparison, HashingFailed};
use super::session::{self, Issuer, Session, SessionError};
use super::{identity_of, store, unauthenticated};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::SessionId;
use crate::kernel::{Email, Origin};
use crate::limits::{self, Limit};

/// Nobody was logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The address or the password is wrong; which, nobody is told.
    #[error("wrong address or password")]
    InvalidCredentials,
    /// The password is right, and the address was never confirmed.
    #[error("the address is not confirmed")]
    EmailNotConfirmed,
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// See [`SessionError`].
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<DbError> for LoginError {
    fn from(error: DbError) -> Self {
        Self::Session(error.into())
    }
}

impl From<SecretsError> for LoginError {
    fn from(error: SecretsError) -> Self {
        Self::Session(error.into())
    }
}

impl Classify for LoginError {
    fn failure(&self) -> Failure {
        match self {
            Self::InvalidCredentials => unauthenticated(
                "invalid_credentials",
                "Adresse e-mail ou mot de passe incorrect.",
                "Wrong e-mail address or password.",
            ),
            Self::EmailNotConfirmed => Failure::new(
                Class::Forbidden,
                "email_not_confirmed",
                "Confirmez d'abord votre adresse avec le lien reçu par e-mail.",
                "Please confirm your address first, with the link that was mailed to you.",
            ),
            Self::Hashing(_) => Failure::internal(),
            Self::Session(error) => error.failure(),
        }
    }
}

/// Wrong credentials are answered no sooner than this: a hash of bcrypt, brought over from another system, takes another
/// time than one of ours, and the difference would tell that the address is known.
const REFUSED_AFTER: Duration = Duration::from_millis(500);

/// Logs somebody in.
pub async fn login(
    app: &App,
    origin: &Origin,
    email: &Email,
    password: String,
) -> Result<Session, LoginError> {
    refused_late(attempt(app, origin, email, password)).await
}

async fn refused_late<T>(attempt: impl Future<Output = Result<T, LoginError>>) -> Result<T, LoginError> {
    let earliest = Instant::now() + REFUSED_AFTER;
    let outcome = attempt.await;
    if matches!(outcome, Err(LoginError::InvalidCredentials)) {
        sleep_until(earliest).await;
    }
    outcome
}

async fn attempt(app: &App, origin: &Origin, email: &Email, password: String) -> Result<Session, LoginError> {
    let password = &SecretString::from(password);
    let issuer = Issuer::of(app).await?;
    limits::owe(app, origin, &[Limit::Password(email)]).await?;
    let known = app.db.login_by_email(&origin.meter, email).await?;
    let kept = known.as_ref().map(|login| &login.password_hash);
    let compared = password::compare(password, kept).await?;
    let login = known.filter(|_| compared != Comparison::Wrong);
    let login = login.ok_or(LoginError::InvalidCredentials)?;
    limits::password_was_right(app, origin, email).await?;
    let clock = &app.clock;
    let stronger = match compared {
        Comparison::RightButWeak => Some(password::hash_again(password, clock).await?),
        _ => None,
    };
    let session = SessionId::new(clock);
    let refresh = issuer.new_refresh(clock);
    let (written, stronger) = (&refresh, &stronger);
    let (user, now, since) = (login.user, clock.now(), login.changed_at);
    let actor = &Actor::person(user, origin);
    let body = async |tx: &crate::db::TenantTx| {
        let rehashed = stronger
            .as_ref()
            .map(|hash| store::replace_credentials(tx, now, user, hash, since));
        // First of all: what was compared must still be the password, and stays it until the login is written.
        let (held, who, (), (), _) = try_join5(
            store::hold_credentials(tx, user, since),
            identity_of(tx, user),
            session::open(tx, clock, (session, user), written, origin),
            audit::record(
                tx,
                clock,
                actor,
                "session.login",
                json!({ "session_id": session }),
            ),
            async { OptionFuture::from(rehashed).await.unwrap_or(Ok(true)) },
        )
        .await?;
        let who = who.filter(|_| held);
        let (profile, organization) = who.ok_or(LoginError::InvalidCredentials)?;
        if !profile.email_confirmed {
            return Err(LoginError::EmailNotConfirmed);
        }
        Ok((profile, organization))
    };
    let claims = Claims::platform(login.organization).paying(&origin.meter);
    let who = Box::pin(app.db.write("identity.login", &claims, body)).await?;
    Ok(issuer
        .session(clock, session, refresh, who)
        .map_err(SessionError::from)?)
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    /// How long it seems to take, on a clock that the runtime moves, when the work took this long.
    async fn seems(work: Duration, outcome: Result<(), LoginError>) -> Duration {
        let began = Instant::now();
        let attempt = async {
            sleep(work).await;
            outcome
        };
        drop(refused_late(attempt).await);
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_credentials_take_the_same_time_whatever_they_were_compared_with() {
        //
        for work in [1, 45, 250, 499].map(Duration::from_millis) {
            let seems = seems(work, Err(LoginError::InvalidCredentials)).await;
            assert_eq!(seems.as_millis(), REFUSED_AFTER.as_millis(), "{work:?}");
        }
        let work = Duration::from_millis(45);
        assert_eq!(seems(work, Ok(())).await.as_millis(), 45);
    }
}
