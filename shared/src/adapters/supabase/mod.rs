//! Supabase Auth: tokens of its making, verified with its keys; and who its users are here.

mod keys;
mod people;
mod token;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::Algorithm;

use keys::PublicKeys;
pub use people::People;
use token::Doubt;
pub use token::{Keys, SupabaseClaims};

use super::kept::{Fetch, Kept, Newer};
use crate::kernel::Clock;
use crate::kernel::access_token::TokenRefused;

/// How long public keys are used without asking again.
const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How old they must be before a token that none of them fits makes us ask again.
const REST: SignedDuration = SignedDuration::from_mins(1);

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SupabaseRefused {
    /// As one of ours would be refused.
    #[error(transparent)]
    Token(#[from] TokenRefused),
    /// Its keys cannot be had now.
    #[error("the keys of the issuer cannot be had")]
    NoKeys,
}

/// One issuer, its keys as far as they are known, and its users as far as they are known.
#[derive(Debug)]
pub struct Supabase {
    issuer: String,
    secret: Option<Kept<Keys>>,
    public_keys: Option<PublicKeys>,
    /// Its users.
    pub people: People,
}

/// The shared secret of this name, as keys.
pub fn keys_of_secret(name: &str, clock: &Clock, fetch: Fetch) -> Kept<Keys> {
    Kept::new(name, clock, fetch, Box::new(Keys::from_secret))
}

impl Supabase {
    /// The issuer with its shared secret or the address of its public keys; both while a project moves from the one to
    /// the other.
    pub fn new(issuer: &str, secret: Option<Kept<Keys>>, public_keys: Option<&str>) -> Self {
        Self {
            issuer: issuer.to_owned(),
            secret,
            public_keys: public_keys.map(PublicKeys::new),
            people: People::default(),
        }
    }

    /// Whether this issuer has to prove the token, which says that it is its own.
    pub fn is_named_by(&self, token: &str) -> bool {
        token::names_issuer(token, &self.issuer)
    }

    /// What the token says, if it is genuine and its time has come and not passed.
    pub async fn verify(
        &self,
        token: &str,
        now: Timestamp,
        http: &reqwest::Client,
    ) -> Result<SupabaseClaims, SupabaseRefused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenRefused::Forged)?;
        let check = |keys: &Keys| keys.verify(token, &self.issuer, now);
        let outcome = match (header.alg, &self.secret, &self.public_keys) {
            (Algorithm::HS256, Some(secret), _) => {
                let keys = secret.get().await.map_err(|_| SupabaseRefused::NoKeys)?;
                match check(&keys) {
                    Err(Doubt::NoKeyFits) => match secret.newer_than(&keys).await {
                        Ok(Newer::Other(newer)) => check(&newer),
                        Ok(Newer::Same | Newer::Unknown) => Err(Doubt::Forged),
                        Err(_) => return Err(SupabaseRefused::NoKeys),
                    },
                    outcome => outcome,
                }
            }
            (Algorithm::ES256 | Algorithm::RS256, _, Some(source)) => {
                let keys = source.not_older_than(LIFE, now, http).await;
                match check(&*keys.ok_or(SupabaseRefused::NoKeys)?) {
                    Err(Doubt::NoKeyFits) => {
                        let newer = source.not_older_than(REST, now, http).await;
                        check(&*newer.ok_or(SupabaseRefused::NoKeys)?)
                    }
                    outcome => outcome,
                }
            }
            _ => Err(Doubt::Forged),
        };
        outcome.map_err(|doubt| match doubt {
            Doubt::Expired => TokenRefused::Expired.into(),
            Doubt::Forged | Doubt::NoKeyFits => TokenRefused::Forged.into(),
        })
    }
}
