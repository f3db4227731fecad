//! Mails about identity: what lies on the queue (ids), and what `mailer` makes of it (addresses and links).

use futures_util::future::try_join;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::register::CONFIRMATION_LIFETIME;
use super::store::{self, LinkState};
use super::token::{self, Purpose};
use super::{Profile, SessionError};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::ids::{OneTimeTokenId, OrganizationId, UserId};
use crate::kernel::{Email, Language};

/// The version of the messages.
const VERSION: u8 = 1;

/// A message on the queue `mail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailMessage {
    v: u8,
    /// Which mail, to whom.
    #[serde(flatten)]
    pub part: MailPart,
}

impl MailMessage {
    pub(super) fn new(part: MailPart) -> Self {
        Self { v: VERSION, part }
    }
}

/// Which mail, to whom, in ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MailPart {
    /// The link of a new sign-up.
    ConfirmEmail {
        /// Whose.
        organization_id: OrganizationId,
        /// Who.
        user_id: UserId,
        /// The link.
        token_id: OneTimeTokenId,
    },
    /// A new link, which somebody asked for.
    ConfirmEmailAgain {
        /// Whose.
        organization_id: OrganizationId,
        /// Who.
        user_id: UserId,
    },
    /// Somebody signed up with an address that is known.
    AddressKnown {
        /// Whose.
        organization_id: OrganizationId,
        /// Who.
        user_id: UserId,
    },
    /// Nothing to send: see [`super::resend`].
    Nobody {},
}

/// A mail to write, in the language of the person who gets it.
#[derive(Debug)]
pub struct Notice {
    /// To whom.
    pub to: Email,
    /// In which language.
    pub language: Language,
    token: Option<SecretString>,
    link: Option<(OrganizationId, OneTimeTokenId)>,
}

impl Notice {
    /// The token of the link, where there is one to follow; without it, the mail says that the address is known.
    pub fn token(&self) -> Option<&str> {
        self.token.as_ref().map(ExposeSecret::expose_secret)
    }
}

/// What is to be sent; `None` where there is nothing any more: sent already, confirmed, expired, or gone.
pub async fn compose(app: &App, message: &MailMessage) -> Result<Option<Notice>, SessionError> {
    match message.part {
        MailPart::ConfirmEmail {
            organization_id,
            user_id,
            token_id,
        } => confirmation(app, organization_id, user_id, token_id).await,
        MailPart::ConfirmEmailAgain {
            organization_id,
            user_id,
        } => confirmation_again(app, organization_id, user_id).await,
        MailPart::AddressKnown {
            organization_id,
            user_id,
        } => {
            let profile = app
                .db
                .read(
                    "identity.mail_recipient",
                    &Claims::platform(organization_id),
                    async |tx| store::find_profile(tx, user_id).await,
                )
                .await?;
            Ok(profile.map(|profile| Notice {
                to: profile.email,
                language: profile.language,
                token: None,
                link: None,
            }))
        }
        MailPart::Nobody {} => Ok(None),
    }
}

async fn confirmation(
    app: &App,
    organization: OrganizationId,
    user: UserId,
    link: OneTimeTokenId,
) -> Result<Option<Notice>, SessionError> {
    let now = app.clock.now();
    let claims = Claims::platform(organization);
    let (profile, state) = app
        .db
        .read("identity.mail_confirmation", &claims, async |tx| {
            try_join(store::find_profile(tx, user), store::find_link(tx, now, link)).await
        })
        .await?;
    match (profile, state) {
        (Some(profile), Some(LinkState::Open)) => with_link(app, profile, organization, link).await.map(Some),
        _ => Ok(None),
    }
}

async fn confirmation_again(
    app: &App,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<Notice>, SessionError> {
    let now = app.clock.now();
    let expires_at = now.saturating_add(CONFIRMATION_LIFETIME).unwrap_or(now);
    let link = OneTimeTokenId::new(&app.clock);
    let profile = app
        .db
        .write(
            "identity.mail_confirmation_again",
            &Claims::platform(organization),
            async |tx| {
                let profile = store::find_profile(tx, user).await?;
                let profile = profile.filter(|profile| !profile.email_confirmed);
                if profile.is_some() {
                    store::insert_one_time_token(tx, now, link, user, Purpose::ConfirmEmail, expires_at)
                        .await?;
                }
                Ok::<_, DbError>(profile)
            },
        )
        .await?;
    match profile {
        Some(profile) => with_link(app, profile, organization, link).await.map(Some),
        None => Ok(None),
    }
}

async fn with_link(
    app: &App,
    profile: Profile,
    organization: OrganizationId,
    link: OneTimeTokenId,
) -> Result<Notice, SessionError> {
    let token = token::one_time_token(&*app.pepper().await?, Purpose::ConfirmEmail, link);
    Ok(Notice {
        to: profile.email,
        language: profile.language,
        token: Some(token),
        link: Some((organization, link)),
    })
}

/// Notes that the mail has left, so that the same message, handed out again, sends nothing.
pub async fn mark_sent(app: &App, notice: &Notice) -> Result<(), DbError> {
    let Some((organization, link)) = notice.link else {
        return Ok(());
    };
    let now = app.clock.now();
    app.db
        .write_at_once(
            "identity.mark_mailed",
            &Claims::platform(organization),
            async |tx| store::mark_mailed(tx, now, link).await,
        )
        .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::Clock;

    #[test]
    fn messages_hold_ids_alone() {
        let clock = Clock::system();
        let (organization_id, user_id) = (OrganizationId::new(&clock), UserId::new(&clock));
        let message = MailMessage::new(MailPart::AddressKnown {
            organization_id,
            user_id,
        });
        let written = serde_json::to_value(&message).unwrap();
        assert_eq!(
            written,
            json!({ "v": 1, "kind": "address_known", "organization_id": organization_id, "user_id": user_id })
        );
        assert_eq!(serde_json::from_value::<MailMessage>(written).unwrap(), message);
        let nobody = serde_json::to_value(MailMessage::new(MailPart::Nobody {})).unwrap();
        assert_eq!(nobody, json!({ "v": 1, "kind": "nobody" }));
    }
}
