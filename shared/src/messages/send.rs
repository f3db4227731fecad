//! Taking a message to send: checked, written down, put on the queue. What is sent, and when, `message-sender` decides.

use futures_util::future::join3;
use jiff::Timestamp;
use serde_json::json;

use super::store::{self, New, Taken};
use super::{LONGEST_BODY, Purpose, enqueue, hours, is_landline, segments};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::MessageId;
use crate::kernel::shown::shows;
use crate::kernel::{Caller, Country, Invalid, PhoneNumber};
use crate::oppositions::{self, platform};

/// What `POST /integrations/twilio/test` sends.
const TEST_BODY: &str = "Zencall : votre compte Twilio est bien connecté, les SMS partent.";

/// A message that somebody wants to send.
#[derive(Clone)]
pub struct NewMessage {
    /// To whom.
    pub to: PhoneNumber,
    /// What.
    pub body: String,
    /// Why.
    pub purpose: Purpose,
}

shows!(NewMessage, to, purpose);

/// A message that was taken.
#[derive(Debug, Clone, Copy)]
pub struct Sending {
    /// Its id.
    pub id: MessageId,
    /// What it will be billed as.
    pub segments: i32,
    /// From when on it may be sent.
    pub due_at: Timestamp,
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The organisation has no account at Twilio.
    #[error("twilio is not configured")]
    NotConfigured,
    /// Twilio refuses the organisation's credentials since some time.
    #[error("twilio rejects the credentials")]
    CredentialsRejected,
    /// The number is never to be texted again.
    #[error("the recipient has opted out")]
    OptedOut,
    /// The platform's pepper is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for SendError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotConfigured => Failure::new(
                Class::Conflict,
                "twilio_not_configured",
                "Connectez d'abord un compte Twilio : les SMS partent de votre propre compte.",
                "Connect a Twilio account first: messages are sent from your own account.",
            ),
            Self::CredentialsRejected => Failure::new(
                Class::Conflict,
                "twilio_credentials_rejected",
                "Twilio refuse les identifiants enregistrés. Connectez le compte à nouveau.",
                "Twilio rejects the stored credentials. Connect the account again.",
            ),
            Self::OptedOut => Failure::new(
                Class::Invalid,
                "recipient_opted_out",
                "Ce destinataire ne veut plus recevoir de messages.",
                "This recipient does not want any more messages.",
            ),
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

impl NewMessage {
    /// Reads a recipient; a national number belongs to `home`. Landlines are refused here, before anything is paid for.
    pub fn parse_recipient(typed: &str, home: Country) -> Result<PhoneNumber, Invalid> {
        let number = PhoneNumber::parse(typed, home)?;
        if is_landline(&number) {
            return Err(Invalid::new(
                "number_not_sms_capable",
                "Ce numéro est celui d'une ligne fixe : il ne reçoit pas de SMS.",
                "This is the number of a landline: it takes no text messages.",
            ));
        }
        Ok(number)
    }

    /// Reads a text.
    pub fn parse_body(typed: String) -> Result<String, Invalid> {
        if typed.trim().is_empty() {
            return Err(Invalid::new(
                "body_empty",
                "Le message est vide.",
                "The message is empty.",
            ));
        }
        if typed.chars().count() > LONGEST_BODY {
            return Err(Invalid::new(
                "body_too_long",
                "Un message compte 1600 caractères au plus.",
                "A message has at most 1600 characters.",
            ));
        }
        if typed.contains('\0') {
            return Err(Invalid::new(
                "body_invalid",
                "Le message contient un caractère interdit.",
                "The message contains a character that is not allowed.",
            ));
        }
        Ok(typed)
    }
}

/// Takes a message to send.
pub async fn send(app: &App, caller: &Caller, message: &NewMessage) -> Result<Sending, SendError> {
    take(app, caller, message, false).await
}

/// Takes a message that shows whether the connection works, also where it has not for some time.
pub async fn send_test(app: &App, caller: &Caller, to: PhoneNumber) -> Result<Sending, SendError> {
    let message = NewMessage {
        to,
        body: TEST_BODY.to_owned(),
        purpose: Purpose::Service,
    };
    take(app, caller, &message, true).await
}

async fn take(app: &App, caller: &Caller, message: &NewMessage, is_test: bool) -> Result<Sending, SendError> {
    let claims = &Claims::from(caller);
    let now = app.clock.now();
    let due_at = match message.purpose {
        Purpose::Service => now,
        Purpose::Marketing => {
            let recipient = app
                .db
                .read("messages.recipient", claims, async |tx| {
                    store::recipient(tx, &message.to).await
                })
                .await?;
            hours::next_marketing_hour(&recipient.clocks(&message.to), now)
        }
    };
    let key = &*app.number_key().await?;
    let new = &New {
        id: MessageId::new(&app.clock),
        message,
        segments: segments::segments(&message.body),
        due_at,
        is_test,
        created_by: caller.user(),
        carries_code: false,
        opposition: Some(oppositions::hash(key, caller.organization, &message.to)),
    };
    let action = if is_test { "twilio.test" } else { "message.send" };
    let details = &json!({ "message_id": new.id, "purpose": message.purpose, "segments": new.segments });
    let (clock, actor) = (&app.clock, &Actor::from(caller));
    app.db
        .write("messages.send", claims, async |tx| {
            let (objects, taken, audited) = join3(
                platform::objects(tx, key, &message.to, now),
                store::insert(tx, new, now),
                audit::record(tx, clock, actor, action, details.clone()),
            )
            .await;
            audited?;
            if objects? {
                return Err(SendError::OptedOut);
            }
            match taken? {
                Taken::Inserted => Ok(()),
                Taken::NotConfigured => Err(SendError::NotConfigured),
                Taken::CredentialsRejected => Err(SendError::CredentialsRejected),
                Taken::Suppressed => Err(SendError::OptedOut),
            }
        })
        .await?;
    if due_at <= now
        && let Err(error) = enqueue(app, caller.organization, &[new.id]).await
    {
        tracing::warn!(message_id = %new.id, error = &error as &dyn std::error::Error, "a message is left to the sweep");
    }
    Ok(Sending {
        id: new.id,
        segments: new.segments,
        due_at,
    })
}
