//! Another confirmation mail, and the mail for a lost password. Whether the address is known shows neither in the answer
//! nor in its time: the queue gets a message either way, and `mailer` finds out whether there is something to send.

use crate::App;
use crate::adapters::queue::{Outgoing, QueueError};
use crate::adapters::secrets::SecretsError;
use crate::db::DbError;
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::OneTimeTokenId;
use crate::kernel::{Email, Origin};
use crate::limits::{self, Limit, MailKind};

use super::mail::{MailMessage, MailPart, RecipientLink};

/// The mail could not be asked for.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// A secret of the platform is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Classify for ResendError {
    fn failure(&self) -> Failure {
        match self {
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
            Self::Queue(error) => error.failure(),
        }
    }
}

/// Asks for another confirmation mail to this address.
pub async fn resend(app: &App, origin: &Origin, email: &Email) -> Result<(), ResendError> {
    let limits = [Limit::AskForMail, Limit::Mail(MailKind::Confirmation, email)];
    limits::owe(app, origin, &limits).await?;
    ask(app, origin, email, MailPart::ConfirmEmailAgain).await
}

/// Asks for a mail with which the owner of this address chooses a new password.
pub async fn forgot(app: &App, origin: &Origin, email: &Email) -> Result<(), ResendError> {
    let limits = [Limit::AskForMail, Limit::Mail(MailKind::PasswordReset, email)];
    limits::owe(app, origin, &limits).await?;
    ask(app, origin, email, MailPart::ResetPassword).await
}

async fn ask(
    app: &App,
    origin: &Origin,
    email: &Email,
    part: fn(RecipientLink) -> MailPart,
) -> Result<(), ResendError> {
    let (part, group) = match app.db.user_by_email(&origin.meter, email).await? {
        Some(known) => {
            let link = RecipientLink {
                organization_id: known.organization,
                user_id: known.user,
                token_id: OneTimeTokenId::new(&app.clock),
            };
            (part(link), known.organization.to_string())
        }
        None => (MailPart::Nobody {}, "nobody".to_owned()),
    };
    let message = Outgoing::new(group, &MailMessage::new(part));
    app.queue()
        .await
        .send(&app.config.queue_mail_url, &[message])
        .await?;
    Ok(())
}
