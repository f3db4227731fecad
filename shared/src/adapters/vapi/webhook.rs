//! Webhooks of Vapi: proven on their raw bytes, and only then read.
//!
//! Two kinds of proof: an HMAC over `{x-timestamp}.{body}`, which is Vapi's default where `server.credentialId` is set,
//! and a bearer token, which is the header that our assistants carry where it is not.

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::message::PREDIAL;
pub use super::message::{Message, Predial, Question, ToolCall};
pub use super::projection::{Fact, Keys, Objection, Projection, Report, Role, Turn};
use crate::adapters::kept::{Kept, Newer};
use crate::adapters::secrets::SecretsError;
use crate::adapters::verified::Verified;
use crate::kernel::class::{Class, Classify, Failure};

const SIGNATURE: HeaderName = HeaderName::from_static("x-signature");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-timestamp");
/// How far a timestamp may lie from our clock, either way.
const TOLERANCE_MILLISECONDS: u64 = 300_000;
/// Vapi does not document the unit: below this it is seconds (until the year 5138), from here on milliseconds.
const FIRST_MILLISECONDS: u64 = 100_000_000_000;
/// During a rotation there are two secrets, the new one and the old one.
const SECRETS: usize = 2;

/// Which kinds of proof this deployment has configured at Vapi; no other is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proofs {
    hmac: bool,
    bearer: bool,
}

impl Proofs {
    /// A credential at Vapi signs; without one, assistants carry the secret as a bearer token. On a laptop both are
    /// accepted, so that anybody's stand-in serves.
    pub fn of(stage: &str, credential_id: Option<&str>) -> Self {
        let signed = credential_id.is_some();
        let local = stage == "local";
        Self {
            hmac: signed || local,
            bearer: !signed || local,
        }
    }
}

/// Why a webhook was refused. The outside hears the same of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing in it says who sent it, or not in a configured way.
    #[error("it carries no proof of a configured kind")]
    NoProof,
    /// The signature is not 64 hexadecimal digits, or there are several.
    #[error("its signature is malformed")]
    MalformedSignature,
    /// There is no timestamp, several, or not a number.
    #[error("its timestamp is malformed")]
    MalformedTimestamp,
    /// The timestamp is too far from our clock: an old request sent again, or a clock that is wrong.
    #[error("its timestamp lies more than five minutes away")]
    Stale,
    /// No secret makes this signature of these bytes.
    #[error("its signature is wrong")]
    WrongSignature,
    /// The authorization is not a bearer token, or there are several.
    #[error("its authorization is malformed")]
    MalformedToken,
    /// The token is not the secret.
    #[error("its token is wrong")]
    WrongToken,
}

impl Classify for Refused {
    fn failure(&self) -> Failure {
        Failure::new(
            Class::Unauthenticated,
            "webhook_refused",
            "L'authenticité de cet événement n'est pas établie.",
            "This event is not proven to be authentic.",
        )
    }
}

/// The bytes are proven, and are not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not a message of Vapi")]
pub struct Unreadable;

impl Classify for Unreadable {
    fn failure(&self) -> Failure {
        Failure::new(
            Class::Unreadable,
            "unreadable",
            "Le corps n'est pas un message de Vapi.",
            "The body is not a message of Vapi.",
        )
    }
}

/// Proves a webhook on its raw bytes. Any of the (at most two) secrets will do: during a rotation both are current.
pub fn verify(
    proofs: Proofs,
    secrets: &[SecretString],
    headers: &HeaderMap,
    body: Bytes,
    now: Timestamp,
) -> Result<Verified<Bytes>, Refused> {
    let secrets = &secrets[..secrets.len().min(SECRETS)];
    let secrets: Vec<&[u8]> = secrets
        .iter()
        .map(|secret| secret.expose_secret().as_bytes())
        .filter(|secret| !secret.is_empty())
        .collect();
    if proofs.hmac && headers.contains_key(SIGNATURE) {
        verify_signature(&secrets, headers, &body, now)?;
    } else if proofs.bearer && headers.contains_key(AUTHORIZATION) {
        verify_token(&secrets, headers)?;
    } else {
        return Err(Refused::NoProof);
    }
    Ok(Verified::attest(body))
}

/// A webhook was not proven.
#[derive(Debug, thiserror::Error)]
pub enum NotProven {
    /// It is not Vapi's.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is nothing to prove it with.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
}

impl Classify for NotProven {
    fn failure(&self) -> Failure {
        match self {
            Self::Refused(error) => error.failure(),
            Self::Secrets(error) => error.failure(),
        }
    }
}

/// Proves a webhook with the secrets that the container has; where only they make the difference, with those that there
/// are now.
pub async fn prove(
    proofs: Proofs,
    secrets: &Kept<Vec<SecretString>>,
    headers: &HeaderMap,
    body: Bytes,
    now: Timestamp,
) -> Result<Verified<Bytes>, NotProven> {
    let known = secrets.get().await?;
    let refused = match verify(proofs, &known, headers, body.clone(), now) {
        Ok(proven) => return Ok(proven),
        Err(refused) => refused,
    };
    if !matches!(refused, Refused::WrongSignature | Refused::WrongToken) {
        return Err(refused.into());
    }
    match secrets.newer_than(&known).await? {
        Newer::Other(newer) => Ok(verify(proofs, &newer, headers, body, now)?),
        Newer::Same | Newer::Unknown => Err(refused.into()),
    }
}

impl Verified<Bytes> {
    /// Whether it seems to ask whether somebody may be dialled, whatever else is wrong with it.
    pub fn seems_predial(&self) -> bool {
        let wanted = PREDIAL.as_bytes();
        self.get().windows(wanted.len()).any(|part| part == wanted)
    }

    /// Reads the proven bytes.
    pub fn parse(self) -> Result<Verified<Message>, Unreadable> {
        self.read(|bytes| Message::parse(&bytes).ok_or(Unreadable))
    }
}

fn verify_signature(
    secrets: &[&[u8]],
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refused> {
    let signature = single(headers, SIGNATURE)
        .and_then(decode_signature)
        .ok_or(Refused::MalformedSignature)?;
    let timestamp = single(headers, TIMESTAMP).ok_or(Refused::MalformedTimestamp)?;
    if !is_fresh(timestamp, now).ok_or(Refused::MalformedTimestamp)? {
        return Err(Refused::Stale);
    }
    let mut proven = false;
    for secret in secrets {
        // A key of any length will do; the type of the error only says otherwise.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
            continue;
        };
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        proven |= mac.verify_slice(&signature).is_ok();
    }
    proven.then_some(()).ok_or(Refused::WrongSignature)
}

fn verify_token(secrets: &[&[u8]], headers: &HeaderMap) -> Result<(), Refused> {
    let (scheme, token) = single(headers, AUTHORIZATION)
        .and_then(|value| value.split_once(' '))
        .ok_or(Refused::MalformedToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refused::MalformedToken);
    }
    let mut proven = false;
    for secret in secrets {
        proven |= bool::from(token.as_bytes().ct_eq(secret));
    }
    proven.then_some(()).ok_or(Refused::WrongToken)
}

/// The only value of a header, as text.
fn single(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok()
}

/// 64 hexadecimal digits.
fn decode_signature(text: &str) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Some(bytes)
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Whether the timestamp lies near enough; nothing if it is not a number.
fn is_fresh(timestamp: &str, now: Timestamp) -> Option<bool> {
    if timestamp.is_empty() || timestamp.len() > 15 || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = timestamp.parse().ok()?;
    let milliseconds = if number < FIRST_MILLISECONDS {
        number * 1000
    } else {
        number
    };
    let now = u64::try_from(now.as_millisecond()).ok()?;
    Some(now.abs_diff(milliseconds) <= TOLERANCE_MILLISECONDS)
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
