//! Mails about identity: what lies on the queue (ids), and what `mailer` makes of it (addresses and links).

use futures_util::future::try_join;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::register::CONFIRMATION_LIFETIME;
use super::store::{self, LinkState};
use super::token::{self, Purpose};
use super::{Profile, SessionError};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::ids::{OneTimeTokenId, OrganizationId, UserId};
use crate::kernel::meter::Meter;
use crate::kernel::{Email, Language};

/// The version of the messages.
const VERSION: u8 = 1;
/// How long a link that lets its holder choose a new password is good for.
const RESET_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

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

/// Somebody, in ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Whose.
    pub organization_id: OrganizationId,
    /// Who.
    pub user_id: UserId,
}

/// Somebody's link, in ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientLink {
    /// Whose.
    pub organization_id: OrganizationId,
    /// Who.
    pub user_id: UserId,
    /// The link.
    pub token_id: OneTimeTokenId,
}

/// Which mail, to whom, in ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MailPart {
    /// The link of a new sign-up.
    ConfirmEmail(RecipientLink),
    /// A new link, which somebody asked for; it is made when the mail is.
    ConfirmEmailAgain(RecipientLink),
    /// Somebody signed up with an address that is known.
    AddressKnown(Recipient),
    /// A link for whoever lost their password; it is made when the mail is.
    ResetPassword(RecipientLink),
    /// The password is another.
    PasswordChanged(Recipient),
    /// To the address that is to be theirs: a link, or that it is somebody's already.
    ChangeEmail(RecipientLink),
    /// To the present address: another was asked for.
    EmailChangeAsked(RecipientLink),
    /// To the address before: another has taken its place.
    EmailChanged(RecipientLink),
    /// Nothing to send: see [`super::resend`].
    Nobody {},
}

/// What a mail says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// Follow this link to confirm the address.
    ConfirmEmail,
    /// Somebody signed up with an address that is known.
    AddressKnown,
    /// Follow this link to choose another password.
    ResetPassword,
    /// The password is another.
    PasswordChanged,
    /// Follow this link, and the account has this address.
    ConfirmNewEmail,
    /// Somebody wanted this address for their account, and it is that of yours.
    NewEmailKnown,
    /// Another address was asked for.
    EmailChangeAsked,
    /// The account has another address.
    EmailChanged,
}

/// A mail to write, in the language of the person who gets it.
#[derive(Debug)]
pub struct Notice {
    /// What it says.
    pub kind: NoticeKind,
    /// To whom.
    pub to: Email,
    /// In which language.
    pub language: Language,
    token: Option<SecretString>,
    link: Option<RecipientLink>,
}

impl Notice {
    /// The token of the link, where there is one to follow.
    pub fn token(&self) -> Option<&str> {
        self.token.as_ref().map(ExposeSecret::expose_secret)
    }

    fn without_link(kind: NoticeKind, profile: Profile) -> Self {
        Self {
            kind,
            to: profile.email,
            language: profile.language,
            token: None,
            link: None,
        }
    }
}

/// What is to be sent; `None` where there is nothing any more: sent already, confirmed, expired, or gone.
pub async fn compose(app: &App, message: &MailMessage) -> Result<Option<Notice>, SessionError> {
    let linked = |of: RecipientLink| Wanted { app, of };
    match message.part {
        MailPart::ConfirmEmail(of) => linked(of).confirmation().await,
        MailPart::ConfirmEmailAgain(of) => linked(of).made_link(Purpose::ConfirmEmail).await,
        MailPart::AddressKnown(who) => told(app, who, NoticeKind::AddressKnown).await,
        MailPart::ResetPassword(of) => linked(of).made_link(Purpose::ResetPassword).await,
        MailPart::PasswordChanged(who) => told(app, who, NoticeKind::PasswordChanged).await,
        MailPart::ChangeEmail(of) => linked(of).new_address().await,
        MailPart::EmailChangeAsked(of) => linked(of).present_address().await,
        MailPart::EmailChanged(of) => linked(of).previous_address().await,
        MailPart::Nobody {} => Ok(None),
    }
}

async fn told(app: &App, who: Recipient, kind: NoticeKind) -> Result<Option<Notice>, SessionError> {
    let claims = Claims::platform(who.organization_id);
    let profile = app
        .db
        .read("identity.mail_recipient", &claims, async |tx| {
            store::find_profile(tx, who.user_id).await
        })
        .await?;
    Ok(profile.map(|profile| Notice::without_link(kind, profile)))
}

/// A mail about a link.
struct Wanted<'a> {
    app: &'a App,
    of: RecipientLink,
}

impl Wanted<'_> {
    async fn confirmation(&self) -> Result<Option<Notice>, SessionError> {
        match self.person_and_link().await? {
            (Some(profile), Some(LinkState::Open)) => {
                let kind = NoticeKind::ConfirmEmail;
                let notice = Notice::without_link(kind, profile);
                self.with_link(notice, Purpose::ConfirmEmail).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Makes the link, unless it was made when the message was handed out before.
    async fn made_link(&self, purpose: Purpose) -> Result<Option<Notice>, SessionError> {
        let (now, link, user) = (self.app.clock.now(), self.of.token_id, self.of.user_id);
        let (kind, lifetime) = match purpose {
            Purpose::ResetPassword => (NoticeKind::ResetPassword, RESET_LIFETIME),
            _ => (NoticeKind::ConfirmEmail, CONFIRMATION_LIFETIME),
        };
        let expires_at = now.saturating_add(lifetime).unwrap_or(now);
        let body = async |tx: &crate::db::TenantTx| {
            let profile = store::find_profile(tx, user).await?;
            let wanted = |profile: &Profile| purpose == Purpose::ResetPassword || !profile.email_confirmed;
            let Some(profile) = profile.filter(wanted) else {
                return Ok::<_, DbError>(None);
            };
            if store::insert_asked_link(tx, now, link, user, purpose, expires_at).await?
                && purpose == Purpose::ResetPassword
            {
                // Whoever asked is nobody known.
                let details = json!({ "user_id": user, "token_id": link });
                audit::record(
                    tx,
                    &self.app.clock,
                    &Actor::default(),
                    "user.forgot_password",
                    details,
                )
                .await?;
            }
            Ok(store::find_link(tx, now, link)
                .await?
                .map(|state| (profile, state)))
        };
        let made = self
            .app
            .db
            .write("identity.mail_made_link", &self.claims(), body)
            .await?;
        match made {
            Some((profile, LinkState::Open)) => {
                let notice = Notice::without_link(kind, profile);
                self.with_link(notice, purpose).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Whether the address is somebody's is asked here, where nobody waits for the answer.
    async fn new_address(&self) -> Result<Option<Notice>, SessionError> {
        let (now, link, user) = (self.app.clock.now(), self.of.token_id, self.of.user_id);
        let (profile, state, (wanted, _)) = self
            .app
            .db
            .read("identity.mail_new_address", &self.claims(), async |tx| {
                futures_util::future::try_join3(
                    store::find_profile(tx, user),
                    store::find_link(tx, now, link),
                    store::find_email_change(tx, link),
                )
                .await
            })
            .await?;
        let (Some(profile), Some(LinkState::Open), Some(wanted)) = (profile, state, wanted) else {
            return Ok(None);
        };
        let known = self.app.db.user_by_email(&Meter::default(), &wanted).await?;
        if let Some(owner) = known.filter(|known| known.user != user) {
            let owner = Recipient {
                organization_id: owner.organization,
                user_id: owner.user,
            };
            let notice = told(self.app, owner, NoticeKind::NewEmailKnown).await?;
            // Marked as mailed like any other.
            return Ok(notice.map(|notice| Notice {
                link: Some(self.of),
                ..notice
            }));
        }
        let notice = Notice {
            to: wanted,
            ..Notice::without_link(NoticeKind::ConfirmNewEmail, profile)
        };
        self.with_link(notice, Purpose::ChangeEmail).await.map(Some)
    }

    /// Unless the change has been confirmed already: that is a mail of its own.
    async fn present_address(&self) -> Result<Option<Notice>, SessionError> {
        match self.person_and_link().await? {
            (Some(profile), Some(LinkState::Open | LinkState::Mailed)) => {
                Ok(Some(Notice::without_link(NoticeKind::EmailChangeAsked, profile)))
            }
            _ => Ok(None),
        }
    }

    async fn previous_address(&self) -> Result<Option<Notice>, SessionError> {
        let (profile, (_, previous)) = self
            .app
            .db
            .read("identity.mail_previous_address", &self.claims(), async |tx| {
                try_join(
                    store::find_profile(tx, self.of.user_id),
                    store::find_email_change(tx, self.of.token_id),
                )
                .await
            })
            .await?;
        Ok(profile.zip(previous).map(|(profile, previous)| Notice {
            to: previous,
            link: Some(self.of),
            ..Notice::without_link(NoticeKind::EmailChanged, profile)
        }))
    }

    async fn person_and_link(&self) -> Result<(Option<Profile>, Option<LinkState>), DbError> {
        let (now, link, user) = (self.app.clock.now(), self.of.token_id, self.of.user_id);
        self.app
            .db
            .read("identity.mail_link", &self.claims(), async |tx| {
                try_join(store::find_profile(tx, user), store::find_link(tx, now, link)).await
            })
            .await
    }

    async fn with_link(&self, notice: Notice, purpose: Purpose) -> Result<Notice, SessionError> {
        let token = token::one_time_token(&*self.app.pepper().await?, purpose, self.of.token_id);
        Ok(Notice {
            token: Some(token),
            link: Some(self.of),
            ..notice
        })
    }

    fn claims(&self) -> Claims {
        Claims::platform(self.of.organization_id)
    }
}

/// Notes that the mail has left, so that the same message, handed out again, sends nothing.
pub async fn mark_sent(app: &App, notice: &Notice) -> Result<(), DbError> {
    let Some(of) = notice.link else {
        return Ok(());
    };
    let (link, claims) = (of.token_id, Claims::platform(of.organization_id));
    let now = app.clock.now();
    let forget = notice.kind == NoticeKind::EmailChanged;
    app.db
        .write_at_once("identity.mark_mailed", &claims, async |tx| {
            if forget {
                store::forget_previous_email(tx, link).await
            } else {
                store::mark_mailed(tx, now, link).await
            }
        })
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
        let message = MailMessage::new(MailPart::AddressKnown(Recipient {
            organization_id,
            user_id,
        }));
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
