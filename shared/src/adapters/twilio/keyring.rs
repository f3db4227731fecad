//! What an organisation's secret holds: its credentials and, for a while, the previous ones, so that a rotation loses
//! no webhook.
//!
//! Twilio signs with the account's primary token, and somebody must change that there and here, one after the other.
//! Whichever comes first, the webhooks that are under way, and those that are signed until the second step is done, carry
//! the token before.

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;

use super::credentials::TwilioCredentials;
use super::webhook::{Envelope, Message, Refused};
use crate::adapters::verified::Verified;

/// How long webhooks that are signed with the token before are accepted.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(1);

/// The credentials of an organisation, and those before.
#[derive(Debug, Clone)]
pub struct Keyring {
    /// What requests are made with, and webhooks are signed with.
    pub current: TwilioCredentials,
    /// What webhooks may be signed with besides.
    pub former: Option<Former>,
}

/// Credentials that were replaced.
#[derive(Debug, Clone)]
pub struct Former {
    /// The account and its token; a key has no part in webhooks.
    pub credentials: TwilioCredentials,
    /// Until when they prove a webhook.
    pub accepted_until: Timestamp,
}

impl From<TwilioCredentials> for Keyring {
    fn from(current: TwilioCredentials) -> Self {
        Self {
            current,
            former: None,
        }
    }
}

impl Keyring {
    /// These credentials instead of the current ones, whose token proves webhooks for a while longer.
    pub fn replaced_by(&self, new: &TwilioCredentials, now: Timestamp) -> Self {
        let former = if self.current.signs_like(new) {
            self.former.clone().filter(|former| now < former.accepted_until)
        } else {
            Some(Former {
                credentials: TwilioCredentials {
                    api_key: None,
                    ..self.current.clone()
                },
                accepted_until: now.saturating_add(OVERLAP).unwrap_or(now),
            })
        };
        Self {
            current: new.clone(),
            former,
        }
    }

    /// Proves a webhook with the current token, or with the one before while that is accepted.
    pub fn verify(&self, envelope: &Envelope, now: Timestamp) -> Result<Verified<Message>, Refused> {
        let refused = match envelope.verify(&self.current) {
            Ok(message) => return Ok(message),
            Err(refused) => refused,
        };
        match &self.former {
            Some(former) if now < former.accepted_until => {
                envelope.verify(&former.credentials).map_err(|_| refused)
            }
            _ => Err(refused),
        }
    }
}

impl TwilioCredentials {
    /// Whether both sign webhooks alike.
    fn signs_like(&self, other: &Self) -> bool {
        self.account_sid == other.account_sid
            && self.auth_token.expose_secret() == other.auth_token.expose_secret()
    }
}
