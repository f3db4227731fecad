//! API keys: `zc_`, then in base64url the key's id (16 bytes), its organisation's (16 bytes) and 256 random bits.
//!
//! The ids stand in front so that the claims of a transaction are known before the database has answered: the key is
//! proven in the same packet as what it asks for. They prove nothing by themselves. What is kept is a keyed hash of all
//! three: a copy of the table opens nothing, and neither does a copy of the pepper. A slow hash would add nothing to 256
//! random bits, and would let anybody make a small container work for nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use sha2::Sha256;
use uuid::Uuid;

use super::Clock;
use super::class::{Class, Failure};
use super::ids::{ApiKeyId, OrganizationId};

/// What every key begins with, so that scanners of leaked secrets know one.
pub const MARK: &str = "zc_";

/// A key as its bearer has it. Nothing prints its secret part.
pub struct ApiKey {
    /// Which key.
    pub id: ApiKeyId,
    /// Whose it says it is.
    pub organization: OrganizationId,
    secret: SecretBox<[u8; 32]>,
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ApiKey({})", self.id)
    }
}

/// What is kept of a key: HMAC-SHA-256(pepper, `api_key` ‖ id ‖ organisation ‖ secret).
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyHash(pub [u8; 32]);

impl std::fmt::Debug for ApiKeyHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ApiKeyHash")
    }
}

impl ApiKey {
    /// A new key of this organisation.
    pub fn new(clock: &Clock, organization: OrganizationId) -> Self {
        Self {
            id: ApiKeyId::new(clock),
            organization,
            secret: SecretBox::new(Box::new(clock.random_bytes())),
        }
    }

    /// Reads what a bearer sent; nothing is proven by it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 64];
        let written = URL_SAFE_NO_PAD
            .decode_slice(text.strip_prefix(MARK)?, &mut bytes)
            .ok()?;
        let (id, rest) = bytes.get(..written)?.split_at_checked(16)?;
        let (organization, secret) = rest.split_at_checked(16)?;
        let secret: [u8; 32] = secret.try_into().ok()?;
        Some(Self {
            id: ApiKeyId(Uuid::from_slice(id).ok()?),
            organization: OrganizationId(Uuid::from_slice(organization).ok()?),
            secret: SecretBox::new(Box::new(secret)),
        })
    }

    /// The whole key, to be shown once.
    pub fn text(&self) -> SecretString {
        let mut bytes = [0; 64];
        bytes[..16].copy_from_slice(self.id.0.as_bytes());
        bytes[16..32].copy_from_slice(self.organization.0.as_bytes());
        bytes[32..].copy_from_slice(self.secret.expose_secret());
        SecretString::from(format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What is kept of it, and compared.
    pub fn hash(&self, pepper: &SecretBox<[u8; 32]>) -> ApiKeyHash {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(pepper.expose_secret()).expect("HMAC takes keys of any length");
        mac.update(b"api_key");
        mac.update(self.id.0.as_bytes());
        mac.update(self.organization.0.as_bytes());
        mac.update(self.secret.expose_secret());
        ApiKeyHash(mac.finalize().into_bytes().into())
    }
}

/// What a key begins with, by which its owner knows it again: the mark and 21 characters of its id, no secret.
pub fn prefix(id: ApiKeyId) -> String {
    let mut encoded = URL_SAFE_NO_PAD.encode(id.0.as_bytes());
    // The last character also holds bits of what comes next.
    encoded.truncate(21);
    format!("{MARK}{encoded}")
}

/// The answer to a key that is not one, or is good no more.
pub fn refused() -> Failure {
    Failure::new(
        Class::Unauthenticated,
        "api_key_invalid",
        "Cette clé d'API n'est pas valide, a expiré ou a été révoquée.",
        "This API key is not valid, has expired or was revoked.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(byte: u8) -> SecretBox<[u8; 32]> {
        SecretBox::new(Box::new([byte; 32]))
    }

    #[test]
    fn a_key_is_read_as_it_was_shown_and_a_changed_one_has_another_hash() {
        //
        let clock = Clock::system();
        let key = ApiKey::new(&clock, OrganizationId::new(&clock));
        let text = key.text();
        let text = text.expose_secret();
        assert_eq!(text.len(), 89);
        assert!(text.starts_with(&prefix(key.id)));
        let read = ApiKey::parse(text).unwrap();
        assert_eq!((read.id, read.organization), (key.id, key.organization));
        assert_eq!(read.hash(&pepper(1)), key.hash(&pepper(1)));
        assert_ne!(read.hash(&pepper(2)), key.hash(&pepper(1)));
        for place in [3, 30, 60, 80] {
            let mut changed = text.as_bytes().to_vec();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let other = ApiKey::parse(&changed).map(|key| key.hash(&pepper(1)));
            assert_ne!(other, Some(key.hash(&pepper(1))), "{place}");
        }
    }

    #[test]
    fn what_is_no_key_is_not_read() {
        let clock = Clock::system();
        let key = ApiKey::new(&clock, OrganizationId::new(&clock));
        let text = key.text();
        let text = text.expose_secret();
        let longer = format!("{text}AAAA");
        for wrong in [
            "",
            "zc_",
            "zc_é",
            &text[..88],
            &text[3..],
            &longer,
            "zc_====",
            "Bearer zc_",
        ] {
            assert!(ApiKey::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn nothing_prints_a_key() {
        let clock = Clock::system();
        let key = ApiKey::new(&clock, OrganizationId::new(&clock));
        let printed = format!("{key:?} {:?} {:?}", key.text(), key.hash(&pepper(1)));
        let text = key.text();
        assert!(!printed.contains(&text.expose_secret()[40..]), "{printed}");
    }

    #[test]
    fn two_keys_have_nothing_in_common() {
        let clock = Clock::system();
        let organization = OrganizationId::new(&clock);
        let (one, other) = (
            ApiKey::new(&clock, organization),
            ApiKey::new(&clock, organization),
        );
        assert_ne!(one.secret.expose_secret(), other.secret.expose_secret());
        assert_ne!(one.hash(&pepper(1)), other.hash(&pepper(1)));
    }
}
