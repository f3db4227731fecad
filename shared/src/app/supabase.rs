//! Whoever comes with a token of Supabase Auth: genuine or not, and who that is here.

use super::Parts;
use crate::adapters::supabase::{SupabaseClaims, SupabaseRefused};
use crate::db::DbError;
use crate::kernel::access_token::TokenRefused;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::SessionId;
use crate::kernel::{Email, Membership};

/// Why the bearer of a token of Supabase Auth is nobody here.
#[derive(Debug, thiserror::Error)]
pub enum NotRecognised {
    /// The token is refused, as one of ours would be.
    #[error(transparent)]
    Token(TokenRefused),
    /// The token is genuine, and its bearer belongs to no organisation.
    #[error("a user of Supabase Auth who is nobody here")]
    NotLinked,
    /// The keys of the issuer cannot be had.
    #[error("the keys of Supabase Auth cannot be had")]
    NoKeys,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for NotRecognised {
    fn failure(&self) -> Failure {
        match self {
            // The edge has its own words for a refused token.
            Self::Token(_) => Failure::internal(),
            Self::NotLinked => Failure::new(
                Class::Forbidden,
                "account_not_linked",
                "Votre compte n'est relié à aucun profil. Demandez une invitation à votre organisation.",
                "Your account belongs to no profile. Please ask your organisation for an invitation.",
            ),
            Self::NoKeys => Failure::unavailable(),
            Self::Db(error) => error.failure(),
        }
    }
}

impl Parts {
    /// Who the bearer of this token is, and their login at Supabase; none where the token is not of Supabase's making, or
    /// its tokens are not accepted. Asks nobody where the token says it, and the database once a minute where it does not.
    pub async fn member_of_supabase(
        &self,
        token: &str,
    ) -> Result<Option<(Membership, SessionId)>, NotRecognised> {
        let Some(supabase) = self.supabase.as_ref().filter(|issuer| issuer.is_named_by(token)) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let claims =
            supabase
                .verify(token, now, self.http_client())
                .await
                .map_err(|refused| match refused {
                    SupabaseRefused::Token(refused) => NotRecognised::Token(refused),
                    SupabaseRefused::NoKeys => NotRecognised::NoKeys,
                })?;
        if claims.is_anonymous() {
            return Err(NotRecognised::NotLinked);
        }
        let membership = match claims.membership(now) {
            Some(membership) => Some(membership),
            None => {
                let look_up = async || self.look_up(&claims).await;
                supabase.people.get(claims.sub, now, look_up).await?
            }
        };
        let membership = membership.ok_or(NotRecognised::NotLinked)?;
        Ok(Some((membership, claims.session())))
    }

    async fn look_up(&self, claims: &SupabaseClaims) -> Result<Option<Membership>, DbError> {
        let found = self.db.member_by_supabase_id(claims.sub).await?;
        if found.is_some() || !self.config.supabase_link_by_email {
            return Ok(found);
        }
        let Some(email) = claims.own_email().and_then(|email| Email::parse(email).ok()) else {
            return Ok(None);
        };
        self.db
            .link_supabase_user(&self.clock, claims.sub, &email)
            .await?;
        self.db.member_by_supabase_id(claims.sub).await
    }
}
