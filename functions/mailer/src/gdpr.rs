//! The mails about data and deletion. Who asked, and for what, stands in the request's row; none of it on the queue.

use zencall::App;
use zencall::adapters::mail::{Mail, Mailer};
use zencall::gdpr::{self, GdprMail, GdprMailKind, GdprNotice};
use zencall::kernel::Language;
use zencall::worker::NotHandled;

use crate::{Sent, note, nothing_to_send, send};

/// Sends one mail about a request, unless there is nothing to send any more.
pub(crate) async fn handle(app: &App, mailer: &Mailer, wanted: &GdprMail) -> Result<Sent, NotHandled> {
    let Some(notice) = gdpr::compose(app, wanted).await? else {
        return Ok(nothing_to_send());
    };
    let sent = send(mailer, &write(&notice, &app.config.app_url)).await?;
    if let Sent::Yes = sent {
        note(gdpr::mark_sent(app, &notice).await);
    }
    Ok(sent)
}

fn write(notice: &GdprNotice, app_url: &str) -> Mail {
    let link = format!("{app_url}/account/data/{}", notice.request);
    // The day alone: nobody needs the second, and the reader's zone is not known.
    let day = notice
        .until
        .map(|at| at.to_string().chars().take(10).collect::<String>())
        .unwrap_or_default();
    let (subject, text) = match (notice.kind, notice.language) {
        (GdprMailKind::ExportReady, Language::En) => (
            "Your data are ready",
            format!(
                "Hello,\n\n\
                 The data that you asked for are ready. Log in to fetch them:\n\n\
                 {link}\n\n\
                 They will be deleted on {day} (year-month-day).\n\n\
                 If you requested nothing, log in and change your password.\n\n\
                 The Zencall team\n"
            ),
        ),
        (GdprMailKind::ExportReady, _) => (
            "Vos données sont prêtes",
            format!(
                "Bonjour,\n\n\
                 Les données que vous avez demandées sont prêtes. Connectez-vous pour les récupérer :\n\n\
                 {link}\n\n\
                 Elles seront supprimées le {day} (année-mois-jour).\n\n\
                 Si vous n'avez rien demandé, connectez-vous et changez votre mot de passe.\n\n\
                 L'équipe Zencall\n"
            ),
        ),
        (GdprMailKind::DeletionScheduled, Language::En) => (
            "Your account will be deleted",
            format!(
                "Hello,\n\n\
                 You asked for your account to be deleted. That will be done on {day} (year-month-day).\n\
                 Until then you may change your mind:\n\n\
                 {link}\n\n\
                 If it was not you, cancel the deletion and change your password.\n\n\
                 The Zencall team\n"
            ),
        ),
        (GdprMailKind::DeletionScheduled, _) => (
            "Votre compte sera supprimé",
            format!(
                "Bonjour,\n\n\
                 Vous avez demandé la suppression de votre compte. Elle aura lieu le {day} (année-mois-jour).\n\
                 Jusque-là, vous pouvez changer d'avis :\n\n\
                 {link}\n\n\
                 Si ce n'était pas vous, annulez la suppression et changez votre mot de passe.\n\n\
                 L'équipe Zencall\n"
            ),
        ),
    };
    Mail {
        to: notice.to.clone(),
        subject: subject.to_owned(),
        text,
    }
}
