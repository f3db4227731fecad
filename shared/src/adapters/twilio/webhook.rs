//! Webhooks of Twilio: proven on their raw bytes, and only then read.
//!
//! Twilio signs the address exactly as it called it, and every parameter of a form, with the token of the organisation
//! whose address it is. Secrets Manager is not asked before the signature is well-formed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, Method};
use secrecy::ExposeSecret as _;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::address::candidates;
use super::credentials::{AccountSid, TwilioCredentials};
pub use super::notice::{Fact, Notice, Provider};
use super::parameters::Parameters;
use crate::adapters::verified::Verified;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::hex;
use crate::kernel::shown::shows;

const SIGNATURE: HeaderName = HeaderName::from_static("x-twilio-signature");
const SETTINGS: HeaderName = HeaderName::from_static("x-twilio-webhooks-signature-settings");
/// Names the hash of a body that is no form, in the address, which is signed.
const BODY_HASH: &[u8] = b"bodySHA256";

/// Why a webhook was refused. The outside hears the same of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no signature, several, or one that is not 20 bytes in base64.
    #[error("its signature is missing or malformed")]
    MalformedSignature,
    /// It is signed in a way that we have no key for.
    #[error("it is signed with another algorithm")]
    OtherAlgorithm,
    /// The body is no form, and not the one whose hash is in the address.
    #[error("its body is not the one that was signed")]
    WrongBody,
    /// It names no organisation, or one that is not connected.
    #[error("it is addressed to nobody")]
    Nobody,
    /// The organisation's token does not make this signature.
    #[error("its signature is wrong")]
    WrongSignature,
    /// It is signed by the organisation's token, and is another account's.
    #[error("it belongs to another account")]
    WrongAccount,
}

impl Classify for Refused {
    fn failure(&self) -> Failure {
        Failure::new(
            Class::Forbidden,
            "webhook_refused",
            "L'authenticité de cet événement n'est pas établie.",
            "This event is not proven to be authentic.",
        )
    }
}

/// A request as it came in. The path and the query are the raw ones.
pub struct Received<'a> {
    /// POST, or GET for inbound messages of numbers that are configured so.
    pub method: &'a Method,
    /// The public origin, from the settings: never the `Host` header.
    pub origin: &'a str,
    /// The path.
    pub path: &'a str,
    /// The query.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: Bytes,
}

shows!(Received<'a>, method, origin, path);

/// A request with a well-formed signature that nobody has checked yet.
pub struct Envelope {
    signature: [u8; 20],
    addresses: Vec<String>,
    /// What is signed besides the address.
    signed: Vec<u8>,
    parameters: Parameters,
    query: Parameters,
}

shows!(Envelope);

impl Envelope {
    /// Takes a request whose signature has its form; nothing of it is believed yet.
    pub fn take(received: Received<'_>) -> Result<Self, Refused> {
        let signature = single(received.headers, &SIGNATURE)
            .and_then(|text| STANDARD.decode(text).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(Refused::MalformedSignature)?;
        // Keys that are shared among an account's tokens; we know the tokens only.
        if received.headers.get_all(&SETTINGS).iter().any(|settings| {
            let settings = settings.to_str().unwrap_or("algorithm=");
            settings.to_ascii_lowercase().contains("algorithm=")
        }) {
            return Err(Refused::OtherAlgorithm);
        }
        let query = Parameters::read(received.query.as_bytes());
        let (parameters, signed) = if received.method == Method::GET {
            (query.clone(), Vec::new())
        } else if is_form(received.headers) {
            let parameters = Parameters::read(&received.body);
            let signed = parameters.signed();
            (parameters, signed)
        } else {
            check_body_hash(&query, &received.body)?;
            (Parameters::of_json(&received.body), Vec::new())
        };
        Ok(Self {
            signature,
            addresses: candidates(received.origin, received.path, received.query),
            signed,
            parameters,
            query,
        })
    }

    /// The account that it claims to come from: to look for the organisations that might prove it.
    pub fn claimed_account(&self) -> Option<AccountSid> {
        AccountSid::parse(&self.parameters.text("AccountSid")?).ok()
    }

    /// Proves it with the token of an organisation. The account must be the organisation's too: two may share a token's
    /// holder, none another's account.
    pub fn verify(&self, credentials: &TwilioCredentials) -> Result<Verified<Message>, Refused> {
        let key = credentials.auth_token.expose_secret().as_bytes();
        let mut proven = false;
        for address in &self.addresses {
            // A key of any length will do; the type of the error only says otherwise.
            let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else {
                continue;
            };
            mac.update(address.as_bytes());
            mac.update(&self.signed);
            proven |= mac.verify_slice(&self.signature).is_ok();
        }
        if !proven || key.is_empty() {
            return Err(Refused::WrongSignature);
        }
        let account = self.parameters.text("AccountSid").unwrap_or_default();
        if account != credentials.account_sid.as_str() {
            return Err(Refused::WrongAccount);
        }
        Ok(Verified::attest(Message {
            parameters: self.parameters.clone(),
            query: self.query.clone(),
        }))
    }
}

/// What a proven request says.
#[derive(Clone, PartialEq)]
pub struct Message {
    pub(super) parameters: Parameters,
    pub(super) query: Parameters,
}

shows!(Message);

fn check_body_hash(query: &Parameters, body: &[u8]) -> Result<(), Refused> {
    let Some(wanted) = query.get(BODY_HASH) else {
        return if body.is_empty() {
            Ok(())
        } else {
            Err(Refused::WrongBody)
        };
    };
    let hash = hex(&Sha256::digest(body));
    let same = hash.as_bytes().ct_eq(&wanted.to_ascii_lowercase());
    bool::from(same).then_some(()).ok_or(Refused::WrongBody)
}

/// The content type decides how a body is signed, not what stands in the address.
fn is_form(headers: &HeaderMap) -> bool {
    single(headers, &CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

/// The only value of a header, as text.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok()
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
