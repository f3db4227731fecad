//! The mail of an invitation. It quotes one thing that somebody typed: the inviter's own address, which they have
//! proved to be theirs. Names of people or organisations would let anybody write to strangers through us.

use zencall::App;
use zencall::adapters::mail::{Mail, Mailer};
use zencall::identity::{self, InvitationMail, InvitationNotice};
use zencall::kernel::Language;
use zencall::worker::NotHandled;

use crate::{Sent, note, nothing_to_send, send};

/// Sends the mail of an invitation, unless there is nothing to send any more.
pub(crate) async fn handle(app: &App, mailer: &Mailer, wanted: &InvitationMail) -> Result<Sent, NotHandled> {
    let Some(notice) = identity::compose_invitation(app, wanted).await? else {
        return Ok(nothing_to_send());
    };
    let sent = send(mailer, &write(&notice, &app.config.app_url)).await?;
    if let Sent::Yes = sent {
        note(identity::mark_invitation_sent(app, &notice).await);
    }
    Ok(sent)
}

fn write(notice: &InvitationNotice, app_url: &str) -> Mail {
    let inviter = notice.inviter.as_ref().map(|email| email.as_str());
    let (subject, text) = match (notice.token(), notice.language) {
        (Some(token), Language::En) => (
            "You are invited to Zencall",
            format!(
                "Hello,\n\n\
                 {} invites you to join their organisation on Zencall. To accept, follow this link:\n\n\
                 {app_url}/auth/invitation?token={token}\n\n\
                 It is valid for 7 days and works once.\n\n\
                 If you do not know who invites you, ignore this message: nothing will be activated.\n\n\
                 The Zencall team\n",
                inviter.unwrap_or("Somebody")
            ),
        ),
        (Some(token), _) => (
            "Vous êtes invité sur Zencall",
            format!(
                "Bonjour,\n\n\
                 {} vous invite à rejoindre son organisation sur Zencall. Pour accepter, suivez ce lien :\n\n\
                 {app_url}/auth/invitation?token={token}\n\n\
                 Il est valable 7 jours et ne sert qu'une fois.\n\n\
                 Si vous ne savez pas qui vous invite, ignorez ce message : rien ne sera activé.\n\n\
                 L'équipe Zencall\n",
                inviter.unwrap_or("Quelqu'un")
            ),
        ),
        (None, Language::En) => (
            "You are invited to Zencall, but you already have an account",
            format!(
                "Hello,\n\n\
                 {} invites you to join their organisation on Zencall, but this address already has an account,\n\
                 and a person belongs to one organisation. Whoever invites you was told nothing of it.\n\n\
                 To join them, ask to be invited with another address, or delete your account first:\n\n\
                 {app_url}/login\n\n\
                 If you do not want to, ignore this message: nothing has changed.\n\n\
                 The Zencall team\n",
                inviter.unwrap_or("Somebody")
            ),
        ),
        (None, _) => (
            "Vous êtes invité sur Zencall, mais vous avez déjà un compte",
            format!(
                "Bonjour,\n\n\
                 {} vous invite à rejoindre son organisation sur Zencall, mais cette adresse a déjà un compte,\n\
                 et une personne n'appartient qu'à une organisation. La personne qui vous invite n'en sait rien.\n\n\
                 Pour la rejoindre, demandez à être invité avec une autre adresse, ou supprimez d'abord votre compte :\n\n\
                 {app_url}/login\n\n\
                 Si vous ne le souhaitez pas, ignorez ce message : rien n'a changé.\n\n\
                 L'équipe Zencall\n",
                inviter.unwrap_or("Quelqu'un")
            ),
        ),
    };
    Mail {
        to: notice.to.clone(),
        subject: subject.to_owned(),
        text,
    }
}
