//! The link in the mail was followed: the address is theirs, and they are logged in. The link of a sign-up confirms the
//! address of the profile; that of a change brings another one, which takes its place.

use futures_util::future::{try_join3, try_join5};
use serde_json::json;

use super::link::LinkRefused;
use super::mail::{MailMessage, MailPart, RecipientLink};
use super::session::{self, Issuer, Refresh, Session, SessionError};
use super::store;
use super::token::{self, Purpose};
use super::{Profile, identity_of};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, OnConstraint as _, TenantTx};
use crate::kernel::Origin;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::{OneTimeTokenId, OrganizationId, SessionId};
use crate::limits::{self, Limit};
use crate::organizations::Organization;
use crate::outbox::{self, Destination, Promise};

/// The address was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The link leads nowhere.
    #[error(transparent)]
    Link(#[from] LinkRefused),
    /// Somebody else has taken the address since the link was mailed to it.
    #[error("the address was taken meanwhile")]
    EmailTaken,
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
            Self::Link(refused) => refused.failure(),
            // Told to whoever reads the mails of that address, and to nobody else.
            Self::EmailTaken => Failure::new(
                Class::Conflict,
                "email_taken",
                "Cette adresse est entre-temps devenue celle d'un autre compte : rien n'a changé.",
                "This address has become that of another account meanwhile: nothing has changed.",
            ),
            Self::Session(error) => error.failure(),
        }
    }
}

/// A session that is about to be opened with a link.
struct Opening<'a> {
    app: &'a App,
    origin: &'a Origin,
    link: OneTimeTokenId,
    session: SessionId,
    refresh: &'a Refresh,
}

/// Confirms the address behind this link and opens a session, once.
pub async fn confirm(app: &App, origin: &Origin, token: &str) -> Result<Session, ConfirmError> {
    let issuer = Issuer::of(app).await?;
    let read = |purpose| token::read_one_time_token(&issuer.pepper, purpose, token);
    let (link, is_change) = match (read(Purpose::ConfirmEmail), read(Purpose::ChangeEmail)) {
        (Some(link), _) => (link, false),
        (None, Some(link)) => (link, true),
        (None, None) => return Err(LinkRefused::Invalid.into()),
    };
    limits::owe(app, origin, &[Limit::Link]).await?;
    let organization = app.db.organization_of_one_time_token(&origin.meter, link).await?;
    let organization = organization.ok_or(LinkRefused::Invalid)?;
    let refresh = issuer.new_refresh(&app.clock);
    let opening = Opening {
        app,
        origin,
        link,
        session: SessionId::new(&app.clock),
        refresh: &refresh,
    };
    let (who, told) = if is_change {
        let (who, promise) = opening.with_change(organization).await?;
        (who, Some(promise))
    } else {
        (opening.with_sign_up(organization).await?, None)
    };
    outbox::keep(app, told.as_slice()).await;
    let session = opening.session;
    Ok(issuer
        .session(&app.clock, session, refresh, who)
        .map_err(SessionError::from)?)
}

impl Opening<'_> {
    async fn with_sign_up(
        &self,
        organization: OrganizationId,
    ) -> Result<(Profile, Organization), ConfirmError> {
        let (clock, now, session) = (&self.app.clock, self.app.clock.now(), self.session);
        let body = async |tx: &TenantTx| {
            let used = store::use_one_time_token(tx, now, self.link, Purpose::ConfirmEmail).await?;
            let Some(user) = used else {
                return Err(self.refused(tx).await?);
            };
            let actor = Actor::person(user, self.origin);
            let (_, who, (), ()) = futures_util::future::try_join4(
                store::confirm_email(tx, now, user),
                identity_of(tx, user),
                session::open(tx, clock, (session, user), self.refresh, self.origin),
                audit::record(
                    tx,
                    clock,
                    &actor,
                    "user.confirm_email",
                    json!({ "session_id": session }),
                ),
            )
            .await?;
            Ok(who.ok_or(LinkRefused::Invalid)?)
        };
        let claims = Claims::platform(organization);
        Box::pin(self.app.db.write("identity.confirm", &claims, body)).await
    }

    async fn with_change(
        &self,
        organization: OrganizationId,
    ) -> Result<((Profile, Organization), Promise), ConfirmError> {
        let (clock, now, session) = (&self.app.clock, self.app.clock.now(), self.session);
        let body = async |tx: &TenantTx| {
            let (used, (wanted, _)) = futures_util::future::try_join(
                store::use_one_time_token(tx, now, self.link, Purpose::ChangeEmail),
                store::find_email_change(tx, self.link),
            )
            .await?;
            let Some((user, wanted)) = used.zip(wanted) else {
                return Err(self.refused(tx).await?);
            };
            let actor = Actor::person(user, self.origin);
            let told = MailMessage::new(MailPart::EmailChanged(RecipientLink {
                organization_id: organization,
                user_id: user,
                token_id: self.link,
            }));
            // In this order: the address is kept for the mail to its owner before another takes its place, and that
            // one stands in the profile before it is read.
            let (_, written, promise) = try_join3(
                store::keep_previous_email(tx, self.link),
                try_join5(
                    store::change_email(tx, now, user, &wanted),
                    store::void_links(tx, now, user),
                    identity_of(tx, user),
                    session::open(tx, clock, (session, user), self.refresh, self.origin),
                    audit::record(
                        tx,
                        clock,
                        &actor,
                        "user.change_email",
                        json!({ "session_id": session }),
                    ),
                ),
                outbox::promise(tx, self.app, Destination::Mail, &told),
            )
            .await
            .on_constraint("profiles_email_key", || ConfirmError::EmailTaken)?;
            let (_, (), who, (), ()) = written;
            Ok((who.ok_or(LinkRefused::Invalid)?, promise))
        };
        let claims = Claims::platform(organization);
        Box::pin(self.app.db.write("identity.confirm_change", &claims, body)).await
    }

    /// Why the link could not be used.
    async fn refused(&self, tx: &TenantTx) -> Result<ConfirmError, DbError> {
        let state = store::find_link(tx, self.app.clock.now(), self.link).await?;
        Ok(LinkRefused::of(state).unwrap_or(LinkRefused::Invalid).into())
    }
}
