//! Where somebody is logged in, and ending a login from afar.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::session::REFRESH_LIFETIME;
use super::store;
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::caller::PersonOnly;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::SessionId;
use crate::kernel::shown::shows;
use crate::kernel::{Caller, Page, PageRequest};

/// A login of a person that has not ended.
#[derive(Clone)]
pub struct Login {
    /// Its id.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When its tokens were last renewed.
    pub last_used_at: Timestamp,
    /// From where it began.
    pub ip_address: Option<String>,
    /// What the client called itself then.
    pub user_agent: Option<String>,
}

shows!(Login, id, created_at, last_used_at);

/// A login cannot be shown or ended.
#[derive(Debug, thiserror::Error)]
pub enum LoginsError {
    /// There is no such login, or it is not the caller's, or it has ended: which of the three, nobody is told.
    #[error("no such login")]
    NotFound,
    /// A program has no logins.
    #[error(transparent)]
    PersonOnly(#[from] PersonOnly),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for LoginsError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => Failure::new(
                Class::NotFound,
                "session_not_found",
                "Cette session n'existe pas.",
                "There is no such session.",
            ),
            Self::PersonOnly(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// The caller's logins, newest first. One whose refresh token nobody can spend any more has ended too.
pub async fn logins(app: &App, caller: &Caller, page: PageRequest) -> Result<Page<Login>, LoginsError> {
    let (user, now) = (caller.person()?.user, app.clock.now());
    let lifetime: SignedDuration = REFRESH_LIFETIME;
    let used_after = now.saturating_sub(lifetime).unwrap_or(now);
    let logins = app
        .db
        .read("identity.logins", &Claims::from(caller), async |tx| {
            store::list_sessions(tx, used_after, user, page).await
        })
        .await
        .map_err(|error: DbError| error)?;
    Ok(Page::from_rows(logins, page, |login| login.id))
}

/// Ends a login of the caller. Its access token lives out its minutes.
pub async fn revoke_login(app: &App, caller: &Caller, session: SessionId) -> Result<(), LoginsError> {
    let (user, now) = (caller.person()?.user, app.clock.now());
    let actor = &Actor::from(caller);
    app.db
        .write("identity.revoke_login", &Claims::from(caller), async |tx| {
            if !store::revoke_own_session(tx, now, user, session).await? {
                return Err(LoginsError::NotFound);
            }
            let details = json!({ "session_id": session, "reason": "by_owner" });
            audit::record(tx, &app.clock, actor, "session.revoke", details).await?;
            Ok(())
        })
        .await
}
