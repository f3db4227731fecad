//! The link in the mail was followed: the address is theirs, and they are logged in.

use futures_util::future::try_join5;
use serde_json::json;

use super::session::{self, Issuer, Session, SessionError};
use super::store::{self, LinkState};
use super::token::{self, Purpose};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::Origin;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::SessionId;
use crate::organizations;

/// A link leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// It is none of ours, or its person is gone.
    #[error("not a link of ours")]
    Invalid,
    /// Its time has passed.
    #[error("the link has expired")]
    Expired,
    /// It was followed before.
    #[error("the link was used")]
    Used,
    /// See [`SessionError`].
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<DbError> for ConfirmError {
    fn from(error: DbError) -> Self {
        Self::Session(error.into())
    }
}

impl From<SecretsError> for ConfirmError {
    fn from(error: SecretsError) -> Self {
        Self::Session(error.into())
    }
}

impl Classify for ConfirmError {
    fn failure(&self) -> Failure {
        match self {
            Self::Invalid => Failure::new(
                Class::Invalid,
                "link_invalid",
                "Ce lien n'est pas valide.",
                "This link is not valid.",
            ),
            Self::Expired => Failure::new(
                Class::Invalid,
                "link_expired",
                "Ce lien a expiré. Demandez-en un nouveau.",
                "This link has expired. Ask for a new one.",
            ),
            Self::Used => Failure::new(
                Class::Invalid,
                "link_used",
                "Ce lien a déjà servi. Connectez-vous.",
                "This link was used before. Please log in.",
            ),
            Self::Session(error) => error.failure(),
        }
    }
}

/// Confirms the address behind this link and opens a session, once.
pub async fn confirm(app: &App, origin: &Origin, token: &str) -> Result<Session, ConfirmError> {
    let issuer = Issuer::of(app).await?;
    let link = token::read_one_time_token(&issuer.pepper, Purpose::ConfirmEmail, token)
        .ok_or(ConfirmError::Invalid)?;
    let organization = app.db.organization_of_one_time_token(link).await?;
    let organization = organization.ok_or(ConfirmError::Invalid)?;
    let clock = &app.clock;
    let now = clock.now();
    let session = SessionId::new(clock);
    let refresh = issuer.new_refresh(clock);
    let written = &refresh;
    let who = app
        .db
        .write("identity.confirm", &Claims::platform(organization), async |tx| {
            let used = store::use_one_time_token(tx, now, link, Purpose::ConfirmEmail).await?;
            let Some(user) = used else {
                return Err(match store::find_link(tx, now, link).await? {
                    Some(LinkState::Used) => ConfirmError::Used,
                    Some(LinkState::Expired) => ConfirmError::Expired,
                    _ => ConfirmError::Invalid,
                });
            };
            let actor = Actor::person(user, origin);
            let (_, profile, organization, (), ()) = try_join5(
                store::confirm_email(tx, now, user),
                store::find_profile(tx, user),
                organizations::find(tx),
                session::open(tx, clock, (session, user), written, origin),
                audit::record(
                    tx,
                    clock,
                    &actor,
                    "user.confirm_email",
                    json!({ "session_id": session }),
                ),
            )
            .await?;
            profile.zip(organization).ok_or(ConfirmError::Invalid)
        })
        .await?;
    Ok(issuer
        .session(clock, session, refresh, who)
        .map_err(SessionError::from)?)
}
