//! The mails, word for word: English for those who chose it, French for everybody else. Nothing that somebody typed
//! stands in them, so that nobody can write to others through us. A link stands alone on its line.

use zencall::adapters::mail::Mail;
use zencall::identity::Notice;
use zencall::kernel::Language;

/// The mail of this notice.
pub(crate) fn write(notice: &Notice, app_url: &str) -> Mail {
    let (subject, text) = match (notice.token(), notice.language) {
        (Some(token), Language::En) => confirm_in_english(app_url, token),
        (Some(token), _) => confirm_in_french(app_url, token),
        (None, Language::En) => known_in_english(app_url),
        (None, _) => known_in_french(app_url),
    };
    Mail {
        to: notice.to.clone(),
        subject: subject.to_owned(),
        text,
    }
}

fn confirm_in_french(app_url: &str, token: &str) -> (&'static str, String) {
    let text = format!(
        "Bonjour,\n\n\
         Un compte Zencall vient d'être demandé avec cette adresse. Pour le confirmer, suivez ce lien :\n\n\
         {app_url}/auth/confirm?token={token}\n\n\
         Il est valable 24 heures et ne sert qu'une fois.\n\n\
         Si vous n'avez rien demandé, ignorez ce message : rien ne sera activé.\n\n\
         L'équipe Zencall\n"
    );
    ("Confirmez votre adresse e-mail", text)
}

fn confirm_in_english(app_url: &str, token: &str) -> (&'static str, String) {
    let text = format!(
        "Hello,\n\n\
         A Zencall account was requested with this address. To confirm it, follow this link:\n\n\
         {app_url}/auth/confirm?token={token}\n\n\
         It is valid for 24 hours and works once.\n\n\
         If you requested nothing, ignore this message: nothing will be activated.\n\n\
         The Zencall team\n"
    );
    ("Confirm your e-mail address", text)
}

fn known_in_french(app_url: &str) -> (&'static str, String) {
    let text = format!(
        "Bonjour,\n\n\
         Quelqu'un vient de demander un compte Zencall avec cette adresse, mais vous en avez déjà un.\n\
         Si c'était vous, connectez-vous ici :\n\n\
         {app_url}/login\n\n\
         Si votre adresse n'est pas encore confirmée, vous pourrez y demander un nouveau lien.\n\n\
         Si ce n'était pas vous, ignorez ce message : rien n'a changé.\n\n\
         L'équipe Zencall\n"
    );
    ("Vous avez déjà un compte", text)
}

fn known_in_english(app_url: &str) -> (&'static str, String) {
    let text = format!(
        "Hello,\n\n\
         Somebody requested a Zencall account with this address, but you already have one.\n\
         If it was you, log in here:\n\n\
         {app_url}/login\n\n\
         If your address is not confirmed yet, you can ask for a new link there.\n\n\
         If it was not you, ignore this message: nothing has changed.\n\n\
         The Zencall team\n"
    );
    ("You already have an account", text)
}
