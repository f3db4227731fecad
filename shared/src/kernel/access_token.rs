//! Access tokens: JWT signed with ES256 (RFC 7515, RFC 7518), 15 minutes, keys told apart by `kid`.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::Role;
use super::ids::{OrganizationId, SessionId, UserId};

/// How long an access token is good for, in seconds.
pub const LIFETIME_SECONDS: i64 = 15 * 60;
const AUDIENCE: &str = "authenticated";
/// Clocks of two machines may differ by this much.
const LEEWAY_SECONDS: i64 = 5;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    iss: String,
    aud: String,
    /// The person.
    pub sub: UserId,
    exp: i64,
    iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    /// Always `authenticated`: the database role of Supabase and PostgREST.
    role: String,
    /// The organisation that the person acts for.
    pub organization_id: OrganizationId,
    /// What the person may do there.
    pub org_role: Role,
    /// The login that the token came from.
    pub session_id: SessionId,
}

/// Why a token was refused. One sentence for all to the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// Not a JWT of ours: another algorithm, an unknown key, a bad signature, missing claims.
    #[error("not a token of ours")]
    Forged,
    /// Past its time, or before it.
    #[error("not valid at this time")]
    Expired,
}

/// A public key as JWKS publishes it (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JsonWebKey {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    key_use: &'static str,
    kid: String,
    x: String,
    y: String,
}

struct SigningKey {
    public: JsonWebKey,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// The keys of the platform: the first signs, all verify, so that a new one can be brought in before an old one goes.
pub struct TokenKeys {
    issuer: String,
    first: SigningKey,
    others: Vec<SigningKey>,
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "TokenKeys({})", self.first.public.kid)
    }
}

/// The secret does not hold usable keys.
#[derive(Debug, thiserror::Error)]
#[error("the token signing keys are not readable")]
pub struct UnusableKeys;

#[derive(Deserialize)]
struct StoredKeys {
    keys: Vec<StoredKey>,
}

#[derive(Deserialize)]
struct StoredKey {
    kid: String,
    pkcs8: String,
}

impl TokenKeys {
    /// Reads `{"keys": [{"kid", "pkcs8"}]}`, each key a P-256 private key as base64 of its PKCS #8 document.
    pub fn from_json(secret: &str, issuer: &str) -> Result<Self, UnusableKeys> {
        let stored: StoredKeys = serde_json::from_str(secret).map_err(|_| UnusableKeys)?;
        let mut keys = stored
            .keys
            .into_iter()
            .map(SigningKey::read)
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        let first = keys.next().ok_or(UnusableKeys)?;
        Ok(Self {
            issuer: issuer.to_owned(),
            first,
            others: keys.collect(),
        })
    }

    /// A token for this login, good for [`LIFETIME_SECONDS`] from `now`.
    pub fn issue(
        &self,
        user: UserId,
        organization: OrganizationId,
        role: Role,
        session: SessionId,
        now: Timestamp,
    ) -> Result<String, UnusableKeys> {
        let claims = AccessClaims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            exp: now.as_second() + LIFETIME_SECONDS,
            iat: now.as_second(),
            nbf: None,
            role: AUDIENCE.to_owned(),
            organization_id: organization,
            org_role: role,
            session_id: session,
        };
        let header = Header {
            kid: Some(self.first.public.kid.clone()),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, &claims, &self.first.encoding).map_err(|_| UnusableKeys)
    }

    /// What the token says, if one of our keys signed it for us and its time has come and not passed.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenRefused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenRefused::Forged)?;
        let key = self
            .all()
            .find(|key| header.kid.as_deref() == Some(key.public.kid.as_str()))
            .ok_or(TokenRefused::Forged)?;
        let mut rules = Validation::new(Algorithm::ES256);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[&self.issuer]);
        // Times are compared below, with our clock.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        let claims = jsonwebtoken::decode::<AccessClaims>(token, &key.decoding, &rules)
            .map_err(|_| TokenRefused::Forged)?
            .claims;
        let now = now.as_second();
        let begun = claims.nbf.is_none_or(|begin| begin <= now + LEEWAY_SECONDS);
        if begun && now < claims.exp.saturating_add(LEEWAY_SECONDS) {
            Ok(claims)
        } else {
            Err(TokenRefused::Expired)
        }
    }

    /// Whether the token names a key that is not among these: one that was brought in since, or that never was.
    pub fn lacks_key_of(&self, token: &str) -> bool {
        let header = jsonwebtoken::decode_header(token).ok();
        let kid = header
            .filter(|header| header.alg == Algorithm::ES256)
            .and_then(|header| header.kid);
        kid.is_some_and(|kid| self.all().all(|key| key.public.kid != kid))
    }

    /// The public keys, for JWKS.
    pub fn public_keys(&self) -> Vec<JsonWebKey> {
        self.all().map(|key| key.public.clone()).collect()
    }

    fn all(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl SigningKey {
    fn read(stored: StoredKey) -> Result<Self, UnusableKeys> {
        let document = STANDARD.decode(stored.pkcs8).map_err(|_| UnusableKeys)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &document)
            .map_err(|_| UnusableKeys)?;
        // An uncompressed point: 4, then x and y of 32 bytes each (SEC 1, 2.3.3).
        let [4, point @ ..] = pair.public_key().as_ref() else {
            return Err(UnusableKeys);
        };
        let (x, y) = point.split_at_checked(32).ok_or(UnusableKeys)?;
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        Ok(Self {
            decoding: DecodingKey::from_ec_components(&x, &y).map_err(|_| UnusableKeys)?,
            encoding: EncodingKey::from_ec_der(&document),
            public: JsonWebKey {
                kty: "EC",
                crv: "P-256",
                alg: "ES256",
                key_use: "sig",
                kid: stored.kid,
                x,
                y,
            },
        })
    }
}

#[cfg(test)]
#[path = "access_token_tests.rs"]
mod tests;
