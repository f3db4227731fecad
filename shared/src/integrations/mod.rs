//! Connections to the outside that an organisation brings itself: its account at Twilio.
//!
//! The token lies in Secrets Manager under the organisation's id, the number is imported into Vapi for voice, messages to it
//! come to our webhook, and the row of the organisation says that all of it is in place. The four cannot change in one
//! transaction: each use-case takes them in an order, and undoes what it did when a later one fails.

mod connect;
mod disconnect;
mod import;
mod read;
mod route;
mod sms_sender;
mod store;

use jiff::Timestamp;

use crate::adapters::secrets::SecretsError;
use crate::adapters::twilio::TwilioError;
use crate::adapters::vapi::VapiError;
use crate::db::DbError;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::{Country, Invalid, PhoneNumber};

pub use crate::adapters::twilio::{AccountSid, ApiKey, ApiKeySid, TwilioCredentials};
pub use connect::connect;
pub use disconnect::{disconnect, disconnect_for};
pub use read::read;
pub use sms_sender::SmsSender;

/// An organisation's connection to Twilio, as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioConnection {
    /// Whether everything is in place.
    pub configured: bool,
    /// Which account.
    pub account_sid: Option<String>,
    /// The number that calls are placed from.
    pub phone_number: Option<PhoneNumber>,
    /// What text messages are sent from.
    pub sms_sender: Option<String>,
    /// When Twilio last confirmed it.
    pub verified_at: Option<Timestamp>,
    /// The number at Vapi.
    pub vapi_phone_number_id: Option<String>,
    /// Where the organisation is: national numbers are read in this country.
    pub country: Country,
}

/// What an organisation wants to be connected with.
#[derive(Debug)]
pub struct NewConnection {
    /// The account.
    pub credentials: TwilioCredentials,
    /// The number to place calls from.
    pub phone_number: PhoneNumber,
    /// What to send text messages from.
    pub sms_sender: SmsSender,
}

/// A change of the connection was refused or failed; nothing of it remains.
#[derive(Debug, thiserror::Error)]
pub enum IntegrationError {
    /// The number is not one of the account's.
    #[error("the number does not belong to the account")]
    NumberNotOwned,
    /// The number cannot place calls.
    #[error("the number has no voice")]
    NumberWithoutVoice,
    /// Messages may not be sent from there.
    #[error("the sender of messages is not allowed")]
    SmsSenderNotAllowed,
    /// Another change is under way.
    #[error("another change of the connection is under way")]
    UnderWay,
    /// Twilio refused or failed.
    #[error(transparent)]
    Twilio(#[from] TwilioError),
    /// Vapi refused or failed.
    #[error(transparent)]
    Vapi(#[from] VapiError),
    /// Secrets Manager failed.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Why nothing may be sent from a sender.
pub const SMS_SENDER_NOT_ALLOWED: Invalid = Invalid::new(
    "sms_sender_not_allowed",
    "Les SMS ne peuvent pas partir de là : indiquez un nom d'expéditeur (11 caractères au plus, lettres, chiffres et \
     espaces, dont une lettre) ou un numéro de votre compte qui n'est pas un mobile français (06 ou 07).",
    "Messages cannot be sent from there: give a sender name (at most 11 letters, digits and spaces, one letter at least) \
     or a number of your account that is not a French mobile one (06 or 07).",
);

impl Classify for IntegrationError {
    fn failure(&self) -> Failure {
        match self {
            Self::NumberNotOwned => Failure::new(
                Class::Invalid,
                "twilio_number_not_owned",
                "Ce numéro n'appartient pas à ce compte Twilio.",
                "This number does not belong to this Twilio account.",
            ),
            Self::NumberWithoutVoice => Failure::new(
                Class::Invalid,
                "twilio_number_without_voice",
                "Ce numéro ne permet pas d'émettre des appels.",
                "This number cannot place calls.",
            ),
            Self::SmsSenderNotAllowed => Failure {
                class: Class::Invalid,
                code: SMS_SENDER_NOT_ALLOWED.code,
                text: SMS_SENDER_NOT_ALLOWED.message,
                faults: Default::default(),
            },
            Self::UnderWay => Failure::new(
                Class::Conflict,
                "integration_under_way",
                "Une autre modification de cette connexion est en cours. Réessayez dans une minute.",
                "Another change of this connection is under way. Please try again in a minute.",
            ),
            Self::Twilio(error) => error.failure(),
            Self::Vapi(error) => error.failure(),
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}
