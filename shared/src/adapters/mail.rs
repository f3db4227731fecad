//! AWS SES: one mail at a time, text only. Reached from `mailer` alone, so that no other binary carries its client.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};

use crate::kernel::Email;
use crate::kernel::class::{Class, Classify, Failure};

/// A mail to send. Without `Debug`: its text may hold a link that logs in.
pub struct Mail {
    /// To whom.
    pub to: Email,
    /// One line.
    pub subject: String,
    /// Plain text; a link stands alone on its line.
    pub text: String,
}

/// SES refused or does not answer.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// This mail will never be taken: the address is refused.
    #[error("the mail was refused")]
    Refused,
    /// It may be taken later.
    #[error("the mail service does not answer")]
    Unavailable,
}

impl Classify for MailError {
    fn failure(&self) -> Failure {
        match self {
            Self::Refused => Failure::new(
                Class::Invalid,
                "mail_refused",
                "Le message a été refusé.",
                "The mail was refused.",
            ),
            Self::Unavailable => Failure::unavailable(),
        }
    }
}

/// SES.
#[derive(Debug, Clone)]
pub struct Mailer {
    client: Client,
    from: String,
}

impl Mailer {
    /// A client on these settings, sending as `from` (`Name <address>`).
    pub fn new(config: &aws_config::SdkConfig, from: &str) -> Self {
        Self {
            client: Client::new(config),
            from: from.to_owned(),
        }
    }

    /// Sends it.
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let utf8 = |data: &str| Content::builder().data(data).charset("UTF-8").build();
        let (Ok(subject), Ok(text)) = (utf8(&mail.subject), utf8(&mail.text)) else {
            return Err(MailError::Refused);
        };
        let message = Message::builder()
            .subject(subject)
            .body(Body::builder().text(text).build())
            .build();
        let sent = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(mail.to.as_str()).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await;
        sent.map(drop).map_err(|error| {
            let refused = error
                .as_service_error()
                .is_some_and(|service| service.is_message_rejected() || service.is_bad_request_exception());
            if refused {
                MailError::Refused
            } else {
                MailError::Unavailable
            }
        })
    }
}
