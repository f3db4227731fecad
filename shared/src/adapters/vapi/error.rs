//! What can go wrong at Vapi. Its sentences may quote a telephone number or a prompt, so none of them is kept.

use std::time::Duration;

use crate::adapters::Trouble;
use crate::kernel::class::{Class, Classify, Failure};

/// A request that may be repeated failed, after its repetitions.
#[derive(Debug, thiserror::Error)]
pub enum VapiError {
    /// Vapi read the request and refused it.
    #[error("vapi refused the request with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// There is no such thing at Vapi.
    #[error("vapi knows no such thing")]
    NotFound,
    /// Vapi is overloaded or broken.
    #[error("vapi failed with status {status}")]
    Failed {
        /// The HTTP status.
        status: u16,
    },
    /// No answer came.
    #[error("vapi does not answer: {0}")]
    NoAnswer(Trouble),
    /// An answer came that is not the one that its contract promises.
    #[error("the answer of vapi is unreadable")]
    Unreadable,
}

impl Classify for VapiError {
    fn failure(&self) -> Failure {
        match self {
            Self::Refused { .. } | Self::NotFound => Failure::new(
                Class::Provider,
                "vapi_refused",
                "Le fournisseur vocal a refusé la demande. Rien n'a été modifié.",
                "The voice provider refused the request. Nothing was changed.",
            ),
            Self::Failed { .. } | Self::NoAnswer(_) | Self::Unreadable => Failure::new(
                Class::Provider,
                "vapi_unavailable",
                "Le fournisseur vocal ne répond pas. Rien n'a été modifié ; réessayez dans quelques instants.",
                "The voice provider does not answer. Nothing was changed; please try again shortly.",
            ),
        }
    }
}

/// A call was not placed, or may not have been.
#[derive(Debug, thiserror::Error)]
pub enum PlaceCallError {
    /// Vapi has no free line or no time: nothing rang, and the attempt does not count.
    #[error("vapi is busy")]
    Busy {
        /// How long Vapi asks to wait, if it does.
        retry_after: Option<Duration>,
        /// How many calls the platform's account may have at once, if Vapi says so.
        concurrency_limit: Option<i64>,
    },
    /// Vapi refuses this call and would refuse it again: nothing rang.
    #[error("vapi refused the call with status {status}: {}", .reason.code())]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Why.
        reason: Refusal,
    },
    /// The request never left: nothing rang, and it may be placed again.
    #[error("vapi was not reached")]
    NotSent,
    /// Nobody knows whether the telephone rings: look for the call before any other attempt.
    #[error("it is unknown whether vapi placed the call: {0}")]
    Unknown(&'static str),
}

/// Why a call is refused for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The platform's key is not accepted.
    Key,
    /// The platform's account has no credit left.
    Credit,
    /// The assistant is unknown to Vapi.
    Assistant,
    /// The caller's number is unknown to Vapi.
    PhoneNumber,
    /// The number to call is not accepted.
    CustomerNumber,
    /// Anything else.
    Other,
}

impl Refusal {
    /// Stable, for the attempt's row and for logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Key => "vapi_key_refused",
            Self::Credit => "vapi_credit_exhausted",
            Self::Assistant => "vapi_assistant_unknown",
            Self::PhoneNumber => "vapi_phone_number_unknown",
            Self::CustomerNumber => "vapi_customer_number_refused",
            Self::Other => "vapi_call_refused",
        }
    }

    /// Whether every other call of the campaign would be refused for the same reason.
    pub const fn stops_campaign(self) -> bool {
        matches!(
            self,
            Self::Key | Self::Credit | Self::Assistant | Self::PhoneNumber
        )
    }

    /// Reads a refusal. Vapi gives no codes, so only what cannot be misread is looked for: the ids of this very request
    /// and the names of its members.
    pub(super) fn of(status: u16, message: &str, assistant: &str, phone_number: &str) -> Self {
        match status {
            401 | 403 => Self::Key,
            402 => Self::Credit,
            _ if message.contains(assistant) || message.contains("assistantId") => Self::Assistant,
            _ if message.contains(phone_number) || message.contains("phoneNumberId") => Self::PhoneNumber,
            _ if message.contains("customer.number") => Self::CustomerNumber,
            _ => Self::Other,
        }
    }
}
