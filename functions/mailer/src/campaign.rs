//! The mail to an organisation's administrators: one of its campaigns stopped by itself.

use zencall::App;
use zencall::adapters::mail::{Mail, Mailer};
use zencall::campaigns::upkeep::{self, CampaignMail, CampaignNotice};
use zencall::kernel::Language;
use zencall::worker::NotHandled;

use crate::{Sent, nothing_to_send, send};

/// Tells an administrator, unless the campaign goes on by now.
pub(crate) async fn handle(app: &App, mailer: &Mailer, wanted: &CampaignMail) -> Result<Sent, NotHandled> {
    let Some(notice) = upkeep::compose(app, wanted).await? else {
        return Ok(nothing_to_send());
    };
    send(mailer, &write(&notice, &app.config.app_url)).await
}

fn write(notice: &CampaignNotice, app_url: &str) -> Mail {
    let link = format!("{app_url}/campaigns/{}", notice.campaign);
    let (name, reason) = (&notice.name, why(notice));
    let (subject, text) = match notice.language {
        Language::En => (
            "A campaign is paused",
            format!(
                "Hello,\n\n\
                 Your campaign “{name}” is paused.\n\n\
                 {reason}\n\n\
                 Its report, and the button to resume:\n\n\
                 {link}\n\n\
                 Nobody has lost their turn: it goes on where it stopped.\n\n\
                 The Zencall team\n"
            ),
        ),
        _ => (
            "Une campagne est en pause",
            format!(
                "Bonjour,\n\n\
                 Votre campagne « {name} » est en pause.\n\n\
                 {reason}\n\n\
                 Son rapport, et le bouton pour la reprendre :\n\n\
                 {link}\n\n\
                 Personne n'a perdu son tour : elle reprendra là où elle s'est arrêtée.\n\n\
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

/// Why, and what to do about it.
fn why(notice: &CampaignNotice) -> String {
    let (french, english) = match notice.reason.as_str() {
        "budget_exhausted" => (
            "Ce qui reste de son budget ne couvre plus un appel. Augmentez son coût maximal, puis reprenez-la.",
            "What is left of its budget does not cover one more call. Raise its maximum cost, then resume it.",
        ),
        "provider_failures" => (
            "Au moins la moitié de ses derniers appels ont échoué chez un fournisseur. Un seul appel sera tenté dans \
             quelques minutes, et elle reprendra d'elle-même s'il aboutit ; vous pouvez aussi la reprendre vous-même.",
            "At least half of its latest calls failed at a provider. One call alone will be tried in some minutes, and it \
             will go on by itself if that one goes through; you may also resume it yourself.",
        ),
        "twilio_not_configured" => (
            "Aucun compte Twilio n'est connecté. Connectez-en un, puis reprenez-la.",
            "No Twilio account is connected. Connect one, then resume it.",
        ),
        "caller_id_not_allowed" => (
            "Le numéro présenté n'est pas autorisé pour des appels automatisés. Choisissez un numéro polyvalent vérifié, \
             puis reprenez-la.",
            "The number presented is not allowed for automated calls. Choose a verified polyvalent number, then resume it.",
        ),
        "assistant_not_compliant" => (
            "Son assistant n'est plus, chez le fournisseur vocal, ce que nous lui avons dit d'être : il pourrait ne plus dire \
             ce que la loi impose. Synchronisez les assistants, puis reprenez-la.",
            "Its assistant is no longer, at the voice provider, what we told it to be: it might not say what the law wants \
             said. Synchronise the assistants, then resume it.",
        ),
        reason => {
            return match notice.language {
                Language::En => format!("A provider refuses its calls, whoever is called ({reason})."),
                _ => format!("Un fournisseur refuse ses appels, quel que soit le destinataire ({reason})."),
            };
        }
    };
    match notice.language {
        Language::En => english.to_owned(),
        _ => french.to_owned(),
    }
}
