//! Secrets that the platform hands out: links in mails, and refresh tokens. Neither is kept: of a link the id, from which
//! the token is derived again; of a refresh token a keyed hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use uuid::Uuid;

use crate::app::Pepper;
use crate::db::Bytes;
use crate::kernel::Clock;
use crate::kernel::ids::OneTimeTokenId;

/// What a link is for. It is part of the token, so that one for one thing opens no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Confirms an address.
    ConfirmEmail,
    /// Confirms another address, which takes the place of the one before.
    ChangeEmail,
    /// Lets its holder choose a new password.
    ResetPassword,
    /// Joins an organisation; its id is the invitation's.
    Invitation,
}

impl Purpose {
    /// As in the database.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::ConfirmEmail => "confirm_email",
            Self::ChangeEmail => "change_email",
            Self::ResetPassword => "reset_password",
            Self::Invitation => "invitation",
        }
    }
}

/// The token of a link: base64url(id ‖ HMAC-SHA256(pepper, purpose ‖ id)).
pub(super) fn one_time_token(pepper: &Pepper, purpose: Purpose, id: OneTimeTokenId) -> SecretString {
    let mut token = id.0.as_bytes().to_vec();
    token.extend_from_slice(&mac(pepper, purpose, id).finalize().into_bytes());
    SecretString::from(URL_SAFE_NO_PAD.encode(token))
}

/// The link whose token this is, if it is one of ours for this purpose; nothing is looked up for a forged one.
pub(super) fn read_one_time_token(pepper: &Pepper, purpose: Purpose, token: &str) -> Option<OneTimeTokenId> {
    let bytes = URL_SAFE_NO_PAD.decode(token.trim()).ok()?;
    let (id, code) = bytes.split_at_checked(16)?;
    let id = OneTimeTokenId(Uuid::from_slice(id).ok()?);
    mac(pepper, purpose, id).verify_slice(code).ok()?;
    Some(id)
}

/// A new refresh token: 256 random bits.
pub(super) fn new_refresh_token(clock: &Clock) -> SecretString {
    SecretString::from(URL_SAFE_NO_PAD.encode(clock.random_bytes::<32>()))
}

/// What is kept of a refresh token: HMAC-SHA256(pepper, token), so that a copy of the table opens nothing.
pub(super) fn refresh_token_hash(pepper: &Pepper, token: &str) -> Bytes {
    let mut mac = keyed(pepper);
    mac.update(b"refresh_token");
    mac.update(token.as_bytes());
    Bytes(mac.finalize().into_bytes().to_vec())
}

fn mac(pepper: &Pepper, purpose: Purpose, id: OneTimeTokenId) -> Hmac<Sha256> {
    let mut mac = keyed(pepper);
    mac.update(purpose.as_str().as_bytes());
    mac.update(id.0.as_bytes());
    mac
}

fn keyed(pepper: &Pepper) -> Hmac<Sha256> {
    Hmac::new_from_slice(pepper.expose_secret()).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(byte: u8) -> Pepper {
        Pepper::new(Box::new([byte; 32]))
    }

    #[test]
    fn a_token_leads_back_to_its_link_and_a_forged_one_nowhere() {
        let id = OneTimeTokenId::new(&Clock::system());
        let token = one_time_token(&pepper(1), Purpose::ConfirmEmail, id);
        let token = token.expose_secret();
        let read = |pepper, token: &str| read_one_time_token(&pepper, Purpose::ConfirmEmail, token);
        assert_eq!(read(pepper(1), token), Some(id));
        assert_eq!(read(pepper(2), token), None);
        assert_eq!(read(pepper(1), &token[..token.len() - 1]), None);
        assert_eq!(read(pepper(1), &token[..22]), None);
        assert_eq!(read(pepper(1), ""), None);
        assert_eq!(read(pepper(1), "ééé"), None);
        let mut bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
        bytes[3] ^= 1;
        assert_eq!(read(pepper(1), &URL_SAFE_NO_PAD.encode(bytes)), None);
    }

    #[test]
    fn a_token_for_one_thing_opens_no_other() {
        let id = OneTimeTokenId::new(&Clock::system());
        let purposes = [
            Purpose::ConfirmEmail,
            Purpose::ChangeEmail,
            Purpose::ResetPassword,
        ];
        for made in purposes {
            let token = one_time_token(&pepper(1), made, id);
            for wanted in purposes {
                let read = read_one_time_token(&pepper(1), wanted, token.expose_secret());
                assert_eq!(read.is_some(), made == wanted, "{made:?} {wanted:?}");
            }
        }
    }

    #[test]
    fn refresh_tokens_have_256_bits_and_a_keyed_hash() {
        let clock = Clock::system();
        let (one, other) = (new_refresh_token(&clock), new_refresh_token(&clock));
        assert_eq!(one.expose_secret().len(), 43);
        assert_ne!(one.expose_secret(), other.expose_secret());
        let hash = refresh_token_hash(&pepper(1), one.expose_secret());
        assert_eq!(hash, refresh_token_hash(&pepper(1), one.expose_secret()));
        assert_ne!(hash, refresh_token_hash(&pepper(2), one.expose_secret()));
    }
}
