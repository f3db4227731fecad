//! The mails, word for word: English for those who chose it, French for everybody else. Nothing that somebody typed
//! stands in them, so that nobody can write to others through us. A link stands alone on its line.

use zencall::adapters::mail::Mail;
use zencall::identity::{Notice, NoticeKind};
use zencall::kernel::Language;

/// A mail in one language: its subject, what stands before the link, the link's path, what stands after it.
struct Words {
    subject: &'static str,
    before: &'static str,
    path: &'static str,
    after: &'static str,
}

/// The mail of this notice.
pub(crate) fn write(notice: &Notice, app_url: &str) -> Mail {
    let (words, hello, team) = match notice.language {
        Language::En => (in_english(notice.kind), "Hello,", "The Zencall team"),
        _ => (in_french(notice.kind), "Bonjour,", "L'équipe Zencall"),
    };
    let Words {
        subject,
        before,
        path,
        after,
    } = words;
    let token = notice
        .token()
        .map(|token| format!("?token={token}"))
        .unwrap_or_default();
    Mail {
        to: notice.to.clone(),
        subject: subject.to_owned(),
        text: format!("{hello}\n\n{before}\n\n{app_url}{path}{token}\n\n{after}\n\n{team}\n"),
    }
}

fn in_french(kind: NoticeKind) -> Words {
    match kind {
        NoticeKind::ConfirmEmail => Words {
            subject: "Confirmez votre adresse e-mail",
            before: "Un compte Zencall vient d'être demandé avec cette adresse. Pour le confirmer, suivez ce lien :",
            path: "/auth/confirm",
            after: "Il est valable 24 heures et ne sert qu'une fois.\n\n\
                    Si vous n'avez rien demandé, ignorez ce message : rien ne sera activé.",
        },
        NoticeKind::AddressKnown => Words {
            subject: "Vous avez déjà un compte",
            before: "Quelqu'un vient de demander un compte Zencall avec cette adresse, mais vous en avez déjà un.\n\
                     Si c'était vous, connectez-vous ici :",
            path: "/login",
            after: "Si votre adresse n'est pas encore confirmée, vous pourrez y demander un nouveau lien.\n\n\
                    Si ce n'était pas vous, ignorez ce message : rien n'a changé.",
        },
        NoticeKind::ResetPassword => Words {
            subject: "Choisissez un nouveau mot de passe",
            before: "Quelqu'un a demandé un nouveau mot de passe pour votre compte Zencall. Pour le choisir, suivez ce \
                     lien :",
            path: "/auth/password/reset",
            after: "Il est valable une heure et ne sert qu'une fois. Vous serez déconnecté partout.\n\n\
                    Si vous n'avez rien demandé, ignorez ce message : votre mot de passe reste le même.",
        },
        NoticeKind::PasswordChanged => Words {
            subject: "Votre mot de passe a changé",
            before: "Le mot de passe de votre compte Zencall vient d'être changé, et vos autres sessions sont terminées.\n\
                     Si ce n'était pas vous, choisissez-en un autre tout de suite :",
            path: "/auth/password/forgot",
            after: "Si c'était vous, il n'y a rien à faire.",
        },
        NoticeKind::ConfirmNewEmail => Words {
            subject: "Confirmez votre nouvelle adresse e-mail",
            before: "Quelqu'un a demandé que cette adresse devienne celle de son compte Zencall. Si c'était vous, suivez \
                     ce lien :",
            path: "/auth/confirm",
            after: "Il est valable 24 heures et ne sert qu'une fois.\n\n\
                    Si ce n'était pas vous, ne le suivez pas et ignorez ce message : rien ne changera.",
        },
        NoticeKind::NewEmailKnown => Words {
            subject: "Cette adresse est déjà celle de votre compte",
            before: "Quelqu'un a demandé que cette adresse devienne celle de son compte Zencall, mais elle est déjà celle \
                     du vôtre.\nSi c'était vous, connectez-vous ici avec votre adresse :",
            path: "/login",
            after: "Si ce n'était pas vous, ignorez ce message : rien n'a changé.",
        },
        NoticeKind::EmailChangeAsked => Words {
            subject: "Un changement d'adresse a été demandé",
            before: "Quelqu'un qui connaît votre mot de passe a demandé une autre adresse e-mail pour votre compte Zencall.\n\
                     Rien ne change tant que cette autre adresse n'est pas confirmée.\n\
                     Si ce n'était pas vous, choisissez tout de suite un nouveau mot de passe, ce qui annule la demande :",
            path: "/auth/password/forgot",
            after: "Si c'était vous, il n'y a rien à faire ici : suivez le lien envoyé à la nouvelle adresse.",
        },
        NoticeKind::EmailChanged => Words {
            subject: "L'adresse de votre compte a changé",
            before: "Votre compte Zencall a désormais une autre adresse e-mail. Celle-ci ne sert plus à se connecter ; il \
                     n'y sera plus rien envoyé.\nVotre compte :",
            path: "/login",
            after: "Si ce n'était pas vous, écrivez-nous sans attendre.",
        },
    }
}

fn in_english(kind: NoticeKind) -> Words {
    match kind {
        NoticeKind::ConfirmEmail => Words {
            subject: "Confirm your e-mail address",
            before: "A Zencall account was requested with this address. To confirm it, follow this link:",
            path: "/auth/confirm",
            after: "It is valid for 24 hours and works once.\n\n\
                    If you requested nothing, ignore this message: nothing will be activated.",
        },
        NoticeKind::AddressKnown => Words {
            subject: "You already have an account",
            before: "Somebody requested a Zencall account with this address, but you already have one.\n\
                     If it was you, log in here:",
            path: "/login",
            after: "If your address is not confirmed yet, you can ask for a new link there.\n\n\
                    If it was not you, ignore this message: nothing has changed.",
        },
        NoticeKind::ResetPassword => Words {
            subject: "Choose a new password",
            before: "Somebody asked for a new password of your Zencall account. To choose it, follow this link:",
            path: "/auth/password/reset",
            after: "It is valid for one hour and works once. You will be logged out everywhere.\n\n\
                    If you asked for nothing, ignore this message: your password stays the same.",
        },
        NoticeKind::PasswordChanged => Words {
            subject: "Your password was changed",
            before: "The password of your Zencall account was changed, and your other sessions have ended.\n\
                     If it was not you, choose another one right away:",
            path: "/auth/password/forgot",
            after: "If it was you, there is nothing to do.",
        },
        NoticeKind::ConfirmNewEmail => Words {
            subject: "Confirm your new e-mail address",
            before: "Somebody asked for this address to become that of their Zencall account. If it was you, follow this \
                     link:",
            path: "/auth/confirm",
            after: "It is valid for 24 hours and works once.\n\n\
                    If it was not you, do not follow it and ignore this message: nothing will change.",
        },
        NoticeKind::NewEmailKnown => Words {
            subject: "This address is that of your account already",
            before: "Somebody asked for this address to become that of their Zencall account, but it is that of yours.\n\
                     If it was you, log in here with your address:",
            path: "/login",
            after: "If it was not you, ignore this message: nothing has changed.",
        },
        NoticeKind::EmailChangeAsked => Words {
            subject: "A change of address was requested",
            before: "Somebody who knows your password asked for another e-mail address of your Zencall account.\n\
                     Nothing changes until that other address is confirmed.\n\
                     If it was not you, choose a new password right away, which cancels the request:",
            path: "/auth/password/forgot",
            after: "If it was you, there is nothing to do here: follow the link that was sent to the new address.",
        },
        NoticeKind::EmailChanged => Words {
            subject: "The address of your account was changed",
            before: "Your Zencall account has another e-mail address now. This one does not log in any more, and nothing \
                     more will be sent to it.\nYour account:",
            path: "/login",
            after: "If it was not you, write to us without delay.",
        },
    }
}
