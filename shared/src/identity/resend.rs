//! Another confirmation mail. Whether the address is known shows neither in the answer nor in its time: the queue gets
//! a message either way, and `mailer` finds out whether there is something to send.

use crate::App;
use crate::adapters::queue::{Outgoing, QueueError};
use crate::db::DbError;
use crate::kernel::Email;
use crate::kernel::class::{Classify, Failure};

use super::mail::{MailMessage, MailPart};

/// The mail could not be asked for.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
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
            Self::Db(error) => error.failure(),
            Self::Queue(error) => error.failure(),
        }
    }
}

/// Asks for another confirmation mail to this address.
pub async fn resend(app: &App, email: &Email) -> Result<(), ResendError> {
    let (part, group) = match app.db.user_by_email(email).await? {
        Some(known) => (
            MailPart::ConfirmEmailAgain {
                organization_id: known.organization,
                user_id: known.user,
            },
            known.organization.to_string(),
        ),
        None => (MailPart::Nobody {}, "nobody".to_owned()),
    };
    let message = Outgoing {
        // A struct of ids and words always serialises.
        body: serde_json::to_string(&MailMessage::new(part)).unwrap_or_default(),
        group,
    };
    app.queue()
        .await
        .send(&app.config.queue_mail_url, &[message])
        .await?;
    Ok(())
}
