//! Extracting the caller is the authentication, and asks the table of rights.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;

use super::problem::Problem;
use super::rights;
use crate::App;
use crate::kernel::access_token::TokenRefused;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::{Caller, Origin, Person, Principal};

/// No characters beyond this of what a client calls itself.
const USER_AGENT_LIMIT: usize = 500;

/// Why a request has no caller.
#[derive(Debug, thiserror::Error)]
enum AuthError {
    #[error("no credentials")]
    Missing,
    #[error(transparent)]
    Refused(#[from] TokenRefused),
}

impl Classify for AuthError {
    fn failure(&self) -> Failure {
        match self {
            Self::Missing => Failure::new(
                Class::Unauthenticated,
                "unauthenticated",
                "Authentification requise.",
                "Authentication is required.",
            ),
            Self::Refused(TokenRefused::Expired) => Failure::new(
                Class::Unauthenticated,
                "token_expired",
                "Votre session a expiré. Reconnectez-vous.",
                "Your session has expired. Please log in again.",
            ),
            Self::Refused(TokenRefused::Forged) => Failure::new(
                Class::Unauthenticated,
                "token_invalid",
                "Ce jeton d'accès n'est pas valide.",
                "This access token is not valid.",
            ),
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or(AuthError::Missing)?;
        let claims = app.read_access_token(token).await?.map_err(AuthError::Refused)?;
        tracing::Span::current().record("organization_id", tracing::field::display(claims.organization_id));
        let person = Person {
            user: claims.sub,
            role: claims.org_role,
            session: claims.session_id,
        };
        let principal = Principal::Person(person);
        rights::of(parts)?.admit(principal)?;
        Ok(Self {
            principal,
            organization: claims.organization_id,
            origin: origin(parts),
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(origin(parts))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// From the connection as API Gateway saw it; `X-Forwarded-For` can be written by anyone.
fn origin(parts: &Parts) -> Origin {
    let ip_address = match parts.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
        _ => None,
    };
    let user_agent = parts
        .headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.chars().take(USER_AGENT_LIMIT).collect());
    Origin {
        ip_address,
        user_agent,
    }
}
