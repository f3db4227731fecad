//! The mail of an invitation: what lies on the queue (ids), and what `mailer` makes of it.

use futures_util::future::try_join;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::super::token::{self, Purpose};
use super::super::{SessionError, store};
use super::InvitationState;
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::ids::{InvitationId, OneTimeTokenId, OrganizationId};
use crate::kernel::meter::Meter;
use crate::kernel::{Email, Language};
use crate::organizations;

/// The version of the messages.
const VERSION: u8 = 1;

/// A message on the queue `mail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationMail {
    v: u8,
    kind: Kind,
    organization_id: OrganizationId,
    invitation_id: InvitationId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Invitation,
}

impl InvitationMail {
    pub(super) fn new(organization_id: OrganizationId, invitation_id: InvitationId) -> Self {
        Self {
            v: VERSION,
            kind: Kind::Invitation,
            organization_id,
            invitation_id,
        }
    }
}

/// A mail to write, in the language of the organisation: nobody knows that of the person yet.
#[derive(Debug)]
pub struct InvitationNotice {
    /// To whom.
    pub to: Email,
    /// In which language.
    pub language: Language,
    /// The confirmed address of whoever invites, unless they are gone.
    pub inviter: Option<Email>,
    token: Option<SecretString>,
    organization: OrganizationId,
    invitation: InvitationId,
}

impl InvitationNotice {
    /// The token of the link; without it, the mail says that the address has an account elsewhere.
    pub fn token(&self) -> Option<&str> {
        self.token.as_ref().map(ExposeSecret::expose_secret)
    }
}

/// The token of an invitation's link.
pub(super) fn link(id: InvitationId) -> OneTimeTokenId {
    OneTimeTokenId(id.0)
}

/// What is to be sent; `None` where there is nothing any more: sent already, accepted, withdrawn, expired, or gone.
pub async fn compose_invitation(
    app: &App,
    message: &InvitationMail,
) -> Result<Option<InvitationNotice>, SessionError> {
    let (now, id) = (app.clock.now(), message.invitation_id);
    let claims = Claims::platform(message.organization_id);
    let (state, organization) = app
        .db
        .read("identity.mail_invitation", &claims, async |tx| {
            try_join(store::find_invitation(tx, now, id), organizations::find(tx)).await
        })
        .await?;
    let (
        Some(InvitationState::Open {
            email,
            invited_by,
            mailed: false,
            ..
        }),
        Some(organization),
    ) = (state, organization)
    else {
        return Ok(None);
    };
    let inviter = match invited_by {
        Some(user) => {
            app.db
                .read("identity.mail_inviter", &claims, async |tx| {
                    store::find_profile(tx, user).await
                })
                .await?
        }
        None => None,
    };
    let pepper = app.pepper().await?;
    let token = match app.db.user_by_email(&Meter::default(), &email).await? {
        // A member since.
        Some(known) if known.organization == message.organization_id => return Ok(None),
        Some(_) => None,
        None => Some(token::one_time_token(&pepper, Purpose::Invitation, link(id))),
    };
    Ok(Some(InvitationNotice {
        to: email,
        language: organization.language,
        inviter: inviter
            .filter(|profile| profile.email_confirmed)
            .map(|profile| profile.email),
        token,
        organization: message.organization_id,
        invitation: id,
    }))
}

/// Notes that the mail has left, so that the same message, handed out again, sends nothing.
pub async fn mark_invitation_sent(app: &App, notice: &InvitationNotice) -> Result<(), DbError> {
    let (now, id) = (app.clock.now(), notice.invitation);
    app.db
        .write_at_once(
            "identity.mark_invitation_mailed",
            &Claims::platform(notice.organization),
            async |tx| store::mark_invitation_mailed(tx, now, id).await,
        )
        .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::identity::MailMessage;
    use crate::kernel::Clock;

    #[test]
    fn a_message_holds_ids_alone_and_is_no_other_message() {
        let clock = Clock::system();
        let (organization_id, invitation_id) = (OrganizationId::new(&clock), InvitationId::new(&clock));
        let message = InvitationMail::new(organization_id, invitation_id);
        let written = serde_json::to_value(&message).unwrap();
        let expected = json!({
            "v": 1, "kind": "invitation", "organization_id": organization_id, "invitation_id": invitation_id
        });
        assert_eq!(written, expected);
        assert!(serde_json::from_value::<MailMessage>(written).is_err());
    }
}
