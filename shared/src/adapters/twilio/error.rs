//! What can go wrong at Twilio. Its sentences are not kept: they quote numbers.

use serde::Deserialize;

use crate::adapters::Trouble;
use crate::adapters::exchange::Answer;
use crate::kernel::class::{Class, Classify, Failure};

/// An API key that may not do this.
const KEY_LACKS_PERMISSION: u32 = 70051;

/// A request to Twilio failed.
#[derive(Debug, thiserror::Error)]
pub enum TwilioError {
    /// Wrong pair, deleted token, key without permission, or an account that these credentials do not see.
    #[error("twilio rejects the credentials: status {status}, code {code}")]
    CredentialsRejected {
        /// The HTTP status.
        status: u16,
        /// Twilio's code, 0 if it gave none.
        code: u32,
    },
    /// The account is suspended or closed.
    #[error("the twilio account is suspended or closed")]
    Suspended,
    /// Twilio read the request and refused it.
    #[error("twilio refused the request: status {status}, code {code}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Twilio's code, 0 if it gave none.
        code: u32,
    },
    /// Twilio is overloaded or broken.
    #[error("twilio failed with status {status}")]
    Failed {
        /// The HTTP status.
        status: u16,
    },
    /// No answer came.
    #[error("twilio does not answer: {0}")]
    NoAnswer(Trouble),
    /// An answer came that is not the one that its contract promises.
    #[error("the answer of twilio is unreadable")]
    Unreadable,
}

/// Twilio's older error shape and RFC 9457 have this member in common; it may be missing.
#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    code: u32,
}

impl TwilioError {
    pub(super) fn of(answer: &Answer) -> Self {
        let status = answer.status.as_u16();
        let code = serde_json::from_slice(&answer.body).map_or(0, |body: ErrorBody| body.code);
        match (status, code) {
            (_, KEY_LACKS_PERMISSION) => Self::CredentialsRejected { status, code },
            (403, _) => Self::Suspended,
            (401 | 404, _) => Self::CredentialsRejected { status, code },
            (400..=499, _) if status != 429 => Self::Refused { status, code },
            _ => Self::Failed { status },
        }
    }
}

impl Classify for TwilioError {
    fn failure(&self) -> Failure {
        match self {
            Self::CredentialsRejected { .. } => Failure::new(
                Class::Invalid,
                "twilio_credentials_rejected",
                "Twilio n'accepte pas ces identifiants. Vérifiez l'Account SID et l'Auth Token principal.",
                "Twilio rejects these credentials. Check the Account SID and the primary Auth Token.",
            ),
            Self::Suspended => Failure::new(
                Class::Invalid,
                "twilio_account_suspended",
                "Ce compte Twilio est suspendu ou fermé.",
                "This Twilio account is suspended or closed.",
            ),
            Self::Refused { .. } | Self::Failed { .. } | Self::NoAnswer(_) | Self::Unreadable => {
                Failure::new(
                    Class::Provider,
                    "twilio_unavailable",
                    "Twilio ne répond pas comme prévu. Rien n'a été modifié ; réessayez dans quelques instants.",
                    "Twilio does not answer as expected. Nothing was changed; please try again shortly.",
                )
            }
        }
    }
}
