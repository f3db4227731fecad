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
use crate::app::{NotRecognised, Pepper};
use crate::kernel::access_token::TokenRefused;
use crate::kernel::api_key::{self, ApiKey};
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::{ApiKeyId, OrganizationId};
use crate::kernel::meter::{Charge, Guesses, KeyProof, Meter, Subject, UNLIMITED};
use crate::kernel::{Caller, Origin, Person, Principal};

/// No characters beyond this of what a client calls itself.
const USER_AGENT_LIMIT: usize = 500;

/// How many requests a minute all of an organisation's people and programs may make together.
const REQUESTS_OF_AN_ORGANIZATION: u32 = 1200;
/// How many one API key may: a program that runs away leaves the people their half.
const REQUESTS_OF_A_KEY: u32 = 600;
/// How often a key may be refused that an address shows, and how often any key from there: as wrong passwords for one
/// account and for any.
const REFUSALS_OF_A_KEY: u32 = 10;
const REFUSALS_AT_AN_ADDRESS: u32 = 200;
const REFUSALS_COUNT_FOR: u32 = 15 * 60;
/// For how long an address is remembered from which a key was good: strangers behind it do not stop that key.
const KNOWN_FOR: u32 = 30 * 24 * 60 * 60;

/// Why a request has no caller.
#[derive(Debug, thiserror::Error)]
enum AuthError {
    #[error("no credentials")]
    Missing,
    #[error("not an API key")]
    NoKey,
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
            Self::NoKey => api_key::refused(),
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
        // Proven and counted already, on the way here.
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        let token = bearer(&parts.headers).ok_or(AuthError::Missing)?;
        if token.starts_with(api_key::MARK) {
            return Box::pin(by_api_key(parts, app, token)).await;
        }
        let (person, organization) = match app.member_of_supabase(token).await.map_err(problem_of)? {
            Some((member, session)) => {
                let (user, role) = (member.user, member.role);
                (Person { user, role, session }, member.organization)
            }
            None => {
                let claims = app.read_access_token(token).await?.map_err(AuthError::Refused)?;
                let person = Person {
                    user: claims.sub,
                    role: claims.org_role,
                    session: claims.session_id,
                };
                (person, claims.organization_id)
            }
        };
        tracing::Span::current().record("organization_id", tracing::field::display(organization));
        let principal = Principal::Person(person);
        let origin = origin(parts);
        origin.meter.owe(app.clock.now(), [of_organization(organization)]);
        rights::of(parts)?.admit(principal)?;
        Ok(Self {
            principal,
            organization,
            origin,
        })
    }
}

/// Reads an API key. Where nothing but the database is asked (reading), it is proven there, in the packet that reads;
/// where something is done, it is proven before anything is. No answer leaves before it is.
async fn by_api_key(parts: &Parts, app: &App, text: &str) -> Result<Caller, Problem> {
    let key = ApiKey::parse(text).ok_or(AuthError::NoKey)?;
    let right = rights::of(parts)?;
    let pepper = app.pepper().await?;
    let (origin, at) = (origin(parts), app.clock.now());
    origin.meter.owe_proof(KeyProof {
        id: key.id,
        organization: key.organization,
        hash: key.hash(&pepper),
        scope: right.scope,
        guesses: guesses(&pepper, &origin, key.id),
        at,
    });
    let own = Charge {
        subject: Subject::of_id("api_key", key.id.0),
        allowed: REQUESTS_OF_A_KEY,
        seconds: 60,
        waiver: None,
    };
    origin.meter.owe(at, [of_organization(key.organization), own]);
    let principal = Principal::ApiKey(key.id);
    let admitted = right.admit(principal);
    if admitted.is_err() || !parts.method.is_safe() {
        match app.db.settle(&origin.meter).await {
            // That no key is taken here says more than which scope this one lacks.
            Err(error) if admitted.is_ok() || error.failure().class != Class::Forbidden => {
                return Err(error.into());
            }
            _ => {}
        }
        tracing::Span::current().record("organization_id", tracing::field::display(key.organization));
    }
    admitted?;
    Ok(Caller {
        principal,
        organization: key.organization,
        origin,
    })
}

fn of_organization(organization: OrganizationId) -> Charge {
    Charge {
        subject: Subject::of_id("organization", organization.0),
        allowed: REQUESTS_OF_AN_ORGANIZATION,
        seconds: 60,
        waiver: None,
    }
}

/// What a refused key is counted against. One that is good is looked at, and counted nowhere here.
fn guesses(pepper: &Pepper, origin: &Origin, key: ApiKeyId) -> Guesses {
    let (key, from) = (key.to_string(), origin.network());
    let charge = |kind: &str, whose: &[&str], allowed, seconds| Charge {
        subject: Subject::of_text(pepper, kind, whose),
        allowed,
        seconds,
        waiver: None,
    };
    let known = charge("api_key.known", &[&key, &from], UNLIMITED, KNOWN_FOR);
    let of_key = charge(
        "api_key.refused",
        &[&key, &from],
        REFUSALS_OF_A_KEY,
        REFUSALS_COUNT_FOR,
    );
    let of_address = Charge {
        waiver: Some(known.subject),
        ..charge(
            "api_key.address",
            &[&from],
            REFUSALS_AT_AN_ADDRESS,
            REFUSALS_COUNT_FOR,
        )
    };
    Guesses {
        limits: [of_key, of_address],
        known,
    }
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(origin(parts))
    }
}

/// A token of Supabase Auth is refused in the words in which one of ours is.
fn problem_of(error: NotRecognised) -> Problem {
    match error {
        NotRecognised::Token(refused) => AuthError::Refused(refused).into(),
        error => error.into(),
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
    let meter = parts.extensions.get::<Meter>().cloned().unwrap_or_default();
    Origin {
        ip_address,
        user_agent,
        meter,
    }
}
