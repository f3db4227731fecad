//! A token of Supabase Auth: who signed it, and what it says. No input or output here.
//!
//! The algorithm is the key's, never the token's: a shared secret verifies HS256 alone, a P-256 key ES256, an RSA key RS256
//! (RFC 8725, 3.1). So a public key cannot be made to serve as a secret.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::kernel::caller::Role;
use crate::kernel::ids::{OrganizationId, SessionId, UserId};
use crate::kernel::membership::Membership;
use crate::kernel::shown::shows;

/// The database role of whoever is logged in; the project's own keys (`anon`, `service_role`) have another.
const AUTHENTICATED: &str = "authenticated";
/// Clocks of two machines may differ by this much.
const LEEWAY_SECONDS: i64 = 5;
/// How long the token's word on a membership counts: as long as one of our own tokens.
const MEMBERSHIP_SECONDS: i64 = crate::kernel::access_token::LIFETIME_SECONDS;
/// RFC 7518, 3.2: a key for HS256 is at least as long as its hash.
const SHORTEST_SECRET: usize = 32;
/// More keys than any issuer has.
const KEYS_AT_MOST: usize = 32;

/// Why a token was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Not a token of the issuer, whatever its keys.
    Forged,
    /// Past its time, or before it.
    Expired,
    /// Not with these keys; a newer one may fit.
    NoKeyFits,
}

/// Keys of an issuer, as their source has them now.
#[derive(Debug, Clone)]
pub struct Keys(Vec<Key>);

#[derive(Debug, Clone)]
struct Key {
    /// None for a shared secret: whatever the token calls it, there is no choice.
    id: Option<String>,
    algorithm: Algorithm,
    decoding: DecodingKey,
}

/// What a token of Supabase Auth says.
#[derive(Clone, Deserialize)]
pub struct SupabaseClaims {
    /// `auth.users.id`.
    pub sub: Uuid,
    session_id: Option<Uuid>,
    role: String,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    #[serde(default)]
    email: Value,
    #[serde(default)]
    is_anonymous: Value,
    /// Written by the project's administrators and hooks. `user_metadata`, which everybody writes for themselves, is not
    /// even read.
    #[serde(default)]
    app_metadata: Value,
}

shows!(SupabaseClaims, sub);

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct PublicKey {
    kty: String,
    kid: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl Keys {
    /// The shared secret of a project; two lines during a rotation. None if a line is too short to be one.
    pub(super) fn from_secret(text: &str) -> Option<Self> {
        let lines: Vec<_> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let long_enough = lines.iter().all(|line| line.len() >= SHORTEST_SECRET);
        (long_enough && !lines.is_empty()).then(|| {
            Self(
                lines
                    .into_iter()
                    .map(|line| Key {
                        id: None,
                        algorithm: Algorithm::HS256,
                        decoding: DecodingKey::from_secret(line.as_bytes()),
                    })
                    .collect(),
            )
        })
    }

    /// Public keys (RFC 7517); those of other kinds and for other uses are left out. None if it is no key set.
    pub(super) fn from_json(document: &[u8]) -> Option<Self> {
        let set: KeySet = serde_json::from_slice(document).ok()?;
        let keys = set.keys.into_iter().take(KEYS_AT_MOST);
        Some(Self(
            keys.filter_map(|key| Key::read(serde_json::from_value(key).ok()?))
                .collect(),
        ))
    }

    /// What the token says, if one of these keys signed it for `issuer` and its time has come and not passed.
    pub(super) fn verify(&self, token: &str, issuer: &str, now: Timestamp) -> Result<SupabaseClaims, Doubt> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Doubt::Forged)?;
        let fitting = self.0.iter().filter(|key| {
            key.algorithm == header.alg && key.id.as_ref().is_none_or(|id| header.kid.as_ref() == Some(id))
        });
        let mut doubt = Doubt::NoKeyFits;
        for key in fitting {
            match jsonwebtoken::decode::<SupabaseClaims>(token, &key.decoding, &rules(key.algorithm, issuer))
            {
                Ok(token) => return token.claims.at(now),
                // A secret has no name, so the right one may be another.
                Err(_) if key.id.is_none() => {}
                Err(_) => doubt = Doubt::Forged,
            }
        }
        Err(doubt)
    }
}

fn rules(algorithm: Algorithm, issuer: &str) -> Validation {
    let mut rules = Validation::new(algorithm);
    rules.set_audience(&[AUTHENTICATED]);
    rules.set_issuer(&[issuer]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // Times are compared with our clock.
    rules.validate_exp = false;
    rules.validate_nbf = false;
    rules
}

impl Key {
    fn read(key: PublicKey) -> Option<Self> {
        if key.usage.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let (algorithm, decoding) = match (key.kty.as_str(), key.crv.as_deref()) {
            ("EC", Some("P-256")) => {
                let decoding = DecodingKey::from_ec_components(&key.x?, &key.y?).ok()?;
                (Algorithm::ES256, decoding)
            }
            ("RSA", _) => {
                let decoding = DecodingKey::from_rsa_components(&key.n?, &key.e?).ok()?;
                (Algorithm::RS256, decoding)
            }
            _ => return None,
        };
        let meant = key
            .alg
            .is_none_or(|name| name.parse::<Algorithm>().is_ok_and(|named| named == algorithm));
        meant.then_some(Self {
            id: Some(key.kid),
            algorithm,
            decoding,
        })
    }
}

impl SupabaseClaims {
    fn at(self, now: Timestamp) -> Result<Self, Doubt> {
        let now = now.as_second();
        let begun = self.nbf.is_none_or(|begin| begin <= now + LEEWAY_SECONDS);
        if !begun || now >= self.exp.saturating_add(LEEWAY_SECONDS) {
            return Err(Doubt::Expired);
        }
        if self.role == AUTHENTICATED {
            Ok(self)
        } else {
            Err(Doubt::Forged)
        }
    }

    /// The login at Supabase; the person, where an old token does not say.
    pub fn session(&self) -> SessionId {
        SessionId(self.session_id.unwrap_or(self.sub))
    }

    /// Signed in without saying who they are: nobody of ours.
    pub fn is_anonymous(&self) -> bool {
        self.is_anonymous == Value::Bool(true)
    }

    /// For whom the token speaks, if Supabase's hook has written all of it there lately. Without the profile nobody knows
    /// whom the rest is about; and what was written by hand, once, would outlive the membership.
    pub fn membership(&self, now: Timestamp) -> Option<Membership> {
        let age = now.as_second().saturating_sub(self.iat?);
        if !(-LEEWAY_SECONDS..MEMBERSHIP_SECONDS).contains(&age) {
            return None;
        }
        let text = |name: &str| self.app_metadata.get(name)?.as_str();
        let id = |name: &str| Uuid::try_parse(text(name)?).ok();
        Some(Membership {
            user: UserId(id("profile_id")?),
            organization: OrganizationId(id("organization_id")?),
            role: Role::parse(text("org_role")?)?,
        })
    }

    /// The address that the person signs in with at Supabase, where the project itself has seen to it that it is theirs:
    /// not from a company's own identity provider, which may say any address.
    pub fn own_email(&self) -> Option<&str> {
        let provider = self.app_metadata.get("provider")?.as_str()?;
        if self.is_anonymous() || provider.starts_with("sso") {
            return None;
        }
        self.email.as_str().filter(|email| !email.is_empty())
    }
}

/// Whether a token says that this issuer made it. Nothing is proven yet: it only tells who has to.
pub(super) fn names_issuer(token: &str, issuer: &str) -> bool {
    #[derive(Deserialize)]
    struct Issued {
        iss: String,
    }
    jsonwebtoken::dangerous::insecure_decode_claims::<Issued>(token).is_ok_and(|claims| claims.iss == issuer)
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    use super::*;

    const SECRET: &str = "a shared secret of thirty-two bytes and more";
    const ISSUER: &str = "https://project.supabase.co/auth/v1";

    fn verified(issuer: &str) -> Result<SupabaseClaims, Doubt> {
        let claims = json!({
            "iss": issuer, "aud": AUTHENTICATED, "role": AUTHENTICATED, "exp": 60,
            "sub": "0197a5a0-0000-7000-8000-000000000000",
        });
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let token = encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
        let keys = Keys::from_secret(SECRET).unwrap();
        keys.verify(&token, ISSUER, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_token_of_another_issuer_is_refused_even_where_its_key_is_the_same() {
        // Whoever asks has looked at the issuer already, to know whose token it is: that look proves nothing.
        assert!(verified(ISSUER).is_ok());
        for other in [
            "https://other.supabase.co/auth/v1",
            "",
            "https://project.supabase.co/auth/v1/",
        ] {
            assert!(verified(other).is_err(), "{other}");
        }
    }
}
