//! `Idempotency-Key`: a request that is sent twice is done once.
//!
//! Every POST that needs credentials takes one. The key belongs to the organisation, the caller and the route; with it
//! goes a hash of address and body. A request with a key costs two round trips more: one claims it, in the packet in which
//! the request is counted, and one keeps the answer. One without costs nothing. A request beyond a limit gives its key up.
//!
//! * **Kept for a day**: answers of success. The same request gets the first answer again, with
//!   `Idempotent-Replayed: true`; another request with the same key is refused, 422 `idempotency_key_reused`.
//! * **Not kept**: refusals and failures (4xx, 5xx). They have changed nothing, so the key is free at once: the request
//!   may be sent again when the session is renewed, the limit is over, the service is back, or with what was wrong put
//!   right. A 502 or 503 may hide an effect, as it may without a key.
//! * **Not kept either**: answers that hold a secret ([`HoldsSecret`]). That they were given is: 409
//!   `idempotency_secret_answer`.
//! * **While the first is running**: 409 `idempotency_in_progress`. Its claim runs out after a minute, which is twice the
//!   longest that a function behind the API may take, so that a killed container holds a key no longer.
//!
//! Effect and answer are two transactions. After a crash between the two, the same request runs again once the claim has
//! run out: harmless where the effect has a key of its own (a contact's number, a campaign that runs already: the second
//! run is refused), a second draft, message or request elsewhere. One transaction for both would have to be handed
//! through every use-case, and could not hold those that speak to a provider in between.

use axum::body::Body;
use axum::extract::{FromRequestParts as _, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use sha2::Sha256;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::body::raw_body;
use super::edge::WEBHOOK_BODY_LIMIT;
use super::problem::Problem;
use super::rights::{Right, Who};
use crate::App;
use crate::app::Pepper;
use crate::kernel::Caller;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::idempotency::{Claimed, KeptAnswer, KeyedRequest, Terms};

/// The request's header.
pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// On an answer that was given before.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const KEY_LIMIT: usize = 255;
/// HTTP APIs wait for 30 s at most.
const CLAIM: SignedDuration = SignedDuration::from_secs(60);
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// An answer with something that is shown once: a key, a session, a link that opens by itself. It is not kept.
#[derive(Debug, Clone, Copy)]
pub struct HoldsSecret<R>(pub R);

#[derive(Clone, Copy)]
struct SecretInside;

impl<R: IntoResponse> IntoResponse for HoldsSecret<R> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.extensions_mut().insert(SecretInside);
        response
    }
}

/// Whether a route takes a key: each POST that needs credentials.
pub fn takes_idempotency_key(right: &Right) -> bool {
    right.method == "POST" && right.who != Who::Public
}

/// The header as the description of a route lists it.
pub fn idempotency_key_parameter() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Printable ASCII, 255 characters at most. The same request with the same key is done once: within 24 hours it \
             gets the first answer again, with `Idempotent-Replayed: true`. 422 `idempotency_key_reused` with another \
             body, 409 `idempotency_in_progress` while the first is running, 409 `idempotency_secret_answer` where its \
             answer held a secret. Answers of 4xx and 5xx are not kept.",
        ))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1))
                .max_length(Some(KEY_LIMIT)),
        ))
        .build()
}

/// Why a request with a key is not run.
#[derive(Debug, thiserror::Error)]
enum IdempotencyError {
    #[error("the key is not one")]
    KeyInvalid,
    #[error("the key came with another request")]
    Reused,
    #[error("the first request is running")]
    InProgress,
    #[error("the first answer held a secret")]
    SecretAnswer,
}

impl Classify for IdempotencyError {
    fn failure(&self) -> Failure {
        match self {
            Self::KeyInvalid => Failure::new(
                Class::Unreadable,
                "idempotency_key_invalid",
                "L'en-tête Idempotency-Key doit être unique et compter de 1 à 255 caractères ASCII imprimables.",
                "There must be one Idempotency-Key header, of 1 to 255 printable ASCII characters.",
            ),
            Self::Reused => Failure::new(
                Class::Invalid,
                "idempotency_key_reused",
                "Cette clé d'idempotence a déjà servi pour une autre requête. Utilisez-en une nouvelle.",
                "This idempotency key was used for another request. Use a new one.",
            ),
            Self::InProgress => Failure::new(
                Class::Conflict,
                "idempotency_in_progress",
                "La première requête envoyée avec cette clé est encore en cours. Réessayez dans quelques instants.",
                "The first request with this key is still running. Please try again shortly.",
            ),
            Self::SecretAnswer => Failure::new(
                Class::Conflict,
                "idempotency_secret_answer",
                "Cette requête a abouti, mais sa réponse contenait un secret qui n'est affiché qu'une fois.",
                "This request was done, but its answer held a secret that is shown only once.",
            ),
        }
    }
}

/// The layer.
pub(super) async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    // Where nothing matches, the router answers, not the table of rights.
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let right = path.and_then(|path| Right::of("POST", path));
    let Some(right) = right.filter(|right| takes_idempotency_key(right)) else {
        return next.run(request).await;
    };
    match run_once(&app, right.path, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn run_once(app: &App, route: &str, request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, app).await?;
    parts.extensions.insert(caller.clone());
    let key = key(&parts.headers)?.to_owned();
    let body = raw_body(body, WEBHOOK_BODY_LIMIT).await?;
    let pepper = app.pepper().await?;
    let now = app.clock.now();
    let address = parts.uri.path_and_query().map_or("", |address| address.as_str());
    let request = KeyedRequest {
        organization: caller.organization,
        user: caller.user(),
        key_hash: hash(
            &pepper,
            "idempotency_key",
            &[caller.principal.id().as_bytes(), route.as_bytes(), key.as_bytes()],
        ),
        request_hash: hash(
            &pepper,
            "idempotency_request",
            &[versioned(address).as_bytes(), &body],
        ),
        claim: app.clock.uuid(),
    };
    let terms = Terms {
        now,
        claimed_until: now + CLAIM,
        expires_at: now + KEPT,
    };
    let claimed = app.db.claim_idempotency_key(&caller, &request, terms).await;
    if let Err(error) = &claimed
        && matches!(error.failure().class, Class::TooMany(_))
    {
        release(app, &caller, &request).await;
    }
    match claimed? {
        Claimed::Ours => {}
        Claimed::Running => return Err(IdempotencyError::InProgress.into()),
        Claimed::Reused => return Err(IdempotencyError::Reused.into()),
        Claimed::AnsweredWithSecret => return Err(IdempotencyError::SecretAnswer.into()),
        Claimed::Answered(answer) => return Ok(replay(answer)),
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    settle(app, &caller, &request, response).await
}

/// Keeps the answer, or gives the key up. The request is done either way: a failure here costs a second run, and no answer.
async fn settle(
    app: &App,
    caller: &Caller,
    request: &KeyedRequest,
    response: Response,
) -> Result<Response, Problem> {
    let status = response.status();
    if !status.is_success() && !status.is_redirection() {
        release(app, caller, request).await;
        return Ok(response);
    }
    let secret = response.extensions().get::<SecretInside>().is_some();
    let (parts, body) = response.into_parts();
    let body = raw_body(body, usize::MAX).await?;
    let text = |name: HeaderName| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
    let answer = KeptAnswer {
        status: status.as_u16(),
        content_type: text(header::CONTENT_TYPE),
        location: text(header::LOCATION),
        body: body.to_vec(),
    };
    let kept = (!secret).then_some(&answer);
    if let Err(error) = app.db.keep_answer(caller, request, answer.status, kept).await {
        tracing::warn!(%error, "an answer was not kept, and its key is held for a minute");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

async fn release(app: &App, caller: &Caller, request: &KeyedRequest) {
    if let Err(error) = app.db.release_idempotency_key(caller, request).await {
        tracing::warn!(%error, "an idempotency key was not given up, and is held for a minute");
    }
}

fn replay(answer: KeptAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    for (name, value) in [
        (header::CONTENT_TYPE, answer.content_type),
        (header::LOCATION, answer.location),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

fn key(headers: &HeaderMap) -> Result<&str, IdempotencyError> {
    let mut keys = headers.get_all(KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return Err(IdempotencyError::KeyInvalid);
    };
    // Visible characters and spaces (RFC 9110, 5.5): a tab is not printable.
    let key = key.to_str().map_err(|_| IdempotencyError::KeyInvalid)?.trim();
    if key.is_empty() || key.len() > KEY_LIMIT || key.contains('\t') {
        return Err(IdempotencyError::KeyInvalid);
    }
    Ok(key)
}

/// An address under its one name.
fn versioned(address: &str) -> String {
    let rest = address
        .strip_prefix("/api/v1")
        .or(address.strip_prefix("/api"))
        .unwrap_or(address);
    format!("/api/v1{rest}")
}

/// HMAC-SHA256 over the parts, each behind its length, so that no two lists of parts read alike.
fn hash(pepper: &Pepper, purpose: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(pepper.expose_secret()).expect("HMAC takes keys of any length");
    mac.update(purpose.as_bytes());
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(values: &[&[u8]]) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(KEY, HeaderValue::from_bytes(value).unwrap());
        }
        key(&headers)
            .map(str::to_owned)
            .map_err(|error| error.failure().code.to_owned())
    }

    #[test]
    fn a_key_is_one_header_of_up_to_255_printable_characters() {
        let longest = "k".repeat(255);
        assert_eq!(keys(&[b"order 7"]).unwrap(), "order 7");
        assert_eq!(keys(&[longest.as_bytes()]).unwrap(), longest);
        let too_long = "k".repeat(256);
        for wrong in [
            &[b"".as_slice()][..],
            &[b"  "],
            &[b"a\tb"],
            &["clé".as_bytes()],
            &[too_long.as_bytes()],
            &[b"one", b"two"],
        ] {
            assert_eq!(keys(wrong).unwrap_err(), "idempotency_key_invalid", "{wrong:?}");
        }
    }

    #[test]
    fn no_two_lists_of_parts_have_one_hash() {
        let pepper = |byte| Pepper::new(Box::new([byte; 32]));
        let whole = hash(&pepper(1), "p", &[b"ab", b"c"]);
        assert_eq!(whole, hash(&pepper(1), "p", &[b"ab", b"c"]));
        assert_ne!(whole, hash(&pepper(1), "p", &[b"a", b"bc"]));
        assert_ne!(whole, hash(&pepper(1), "q", &[b"ab", b"c"]));
        assert_ne!(whole, hash(&pepper(2), "p", &[b"ab", b"c"]));
    }
}
