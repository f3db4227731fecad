//! Carrying out a request, once. Whoever works on it holds a claim that expires: a worker that was killed is followed
//! by another, and one that was merely slow finds its claim lost.

use jiff::SignedDuration;
use serde_json::json;

use super::queue::GdprMessage;
use super::store::{self, Claim};
use super::{RequestType, Scope, erase, erase_contact, export};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::adapters::storage::{Storage, StorageError};
use crate::adapters::twilio::TwilioError;
use crate::adapters::vapi::VapiError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::integrations::IntegrationError;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::GdprRequestId;

/// Shorter than the queue hides a message (180 s), so that the message of a killed worker finds the request free.
const LEASE: SignedDuration = SignedDuration::from_secs(150);
/// A claim is prolonged when less than this is left of it.
const RENEW_BELOW: SignedDuration = SignedDuration::from_secs(90);
/// An export that failed so often will not succeed.
const LAST_ATTEMPT: i32 = 5;
/// The longest rest between two attempts.
const LONGEST_REST: SignedDuration = SignedDuration::from_hours(6);

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// Done before, cancelled, or not yet due.
    NothingToDo,
    /// The archive lies in the bucket; so many rows are in it.
    Exported(u64),
    /// The person is forgotten.
    Erased,
    /// The person may not have this any more.
    Rejected,
}

/// A request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// Somebody else is at work on it.
    #[error("somebody else works on this request")]
    UnderWay,
    /// It took so long that somebody else has begun.
    #[error("the claim on this request ran out")]
    ClaimLost,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The bucket.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Vapi.
    #[error(transparent)]
    Vapi(#[from] VapiError),
    /// The platform's key at Vapi.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// Twilio, asked to forget a message.
    #[error(transparent)]
    Twilio(#[from] TwilioError),
    /// The connection to Twilio.
    #[error(transparent)]
    Integration(#[from] IntegrationError),
    /// The archive could not be written.
    #[error("the archive cannot be written")]
    Archive(#[from] std::io::Error),
}

impl Classify for WorkError {
    fn failure(&self) -> Failure {
        match self {
            Self::UnderWay | Self::ClaimLost => Failure::new(
                Class::Unavailable,
                "under_way",
                "Cette demande est déjà en cours de traitement.",
                "This request is being worked on.",
            ),
            Self::Db(error) => error.failure(),
            Self::Storage(error) => error.failure(),
            Self::Vapi(error) => error.failure(),
            Self::Secrets(error) => error.failure(),
            Self::Twilio(error) => error.failure(),
            Self::Integration(error) => error.failure(),
            Self::Archive(_) => Failure::internal(),
        }
    }
}

/// A claimed request, and for whom it is worked on.
pub(super) struct Turn<'a> {
    pub(super) app: &'a App,
    pub(super) claims: &'a Claims,
    pub(super) claim: Claim,
}

impl Turn<'_> {
    /// Prolongs the claim when little is left of it; an error where somebody else has it now.
    pub(super) async fn keep(&mut self) -> Result<(), WorkError> {
        let now = self.app.clock.now();
        if self.claim.until.duration_since(now) > RENEW_BELOW {
            return Ok(());
        }
        let until = now.saturating_add(LEASE).unwrap_or(now);
        let claim = &self.claim;
        let renewed = self
            .app
            .db
            .write("gdpr.renew", self.claims, async |tx| {
                store::renew(tx, claim, until).await
            })
            .await?;
        if !renewed {
            return Err(WorkError::ClaimLost);
        }
        self.claim.until = until;
        Ok(())
    }

    /// Ends the request without its being done.
    pub(super) async fn end(&self, status: &'static str, reason: &'static str) -> Result<(), WorkError> {
        let (app, claim, now) = (self.app, &self.claim, self.app.clock.now());
        let actor = &Actor {
            user: claim.request.user,
            ..Actor::default()
        };
        let details = &json!({ "request_id": claim.request.id, "status": status, "reason": reason });
        app.db
            .write("gdpr.end", self.claims, async |tx| {
                if store::end(tx, claim, now, status, reason).await? {
                    audit::record(tx, &app.clock, actor, "gdpr.end_request", details.clone()).await?;
                }
                Ok::<_, WorkError>(())
            })
            .await
    }

    /// After a failure: another attempt after a rest, or, for an export that failed too often, none.
    async fn give_back(&self) -> Result<(), WorkError> {
        let (claim, now) = (&self.claim, self.app.clock.now());
        let is_export = claim.request.request_type != RequestType::DataDeletion;
        if is_export && claim.attempts >= LAST_ATTEMPT {
            return self.end("failed", "export_failed").await;
        }
        let minutes = 1_i64 << claim.attempts.clamp(0, 10);
        let rest = SignedDuration::from_mins(minutes).min(LONGEST_REST);
        let until = now.saturating_add(rest).unwrap_or(now);
        self.app
            .db
            .write("gdpr.postpone", self.claims, async |tx| {
                store::postpone(tx, claim, now, until).await
            })
            .await
            .map_err(WorkError::Db)
    }
}

/// Carries out the request that the message names, unless that was done.
pub async fn work(app: &App, storage: &Storage, message: &GdprMessage) -> Result<Worked, WorkError> {
    let claims = &Claims::platform(message.organization_id);
    let Some(claim) = begin(app, claims, message.request_id).await? else {
        return Ok(Worked::NothingToDo);
    };
    let mut turn = Turn { app, claims, claim };
    let worked = match turn.claim.request.request_type {
        RequestType::DataDeletion if turn.claim.request.scope == Scope::Contact => {
            Box::pin(erase_contact::run(storage, &mut turn)).await
        }
        RequestType::DataDeletion => Box::pin(erase::run(storage, &mut turn)).await,
        RequestType::DataAccess | RequestType::DataExport => Box::pin(export::run(storage, &mut turn)).await,
    };
    if let Err(error) = &worked {
        // What it failed of is told by the caller; a request that cannot even be given back is free when the claim ends.
        tracing::warn!(request_id = %turn.claim.request.id, attempts = turn.claim.attempts, %error, "a request waits for another attempt");
        turn.give_back().await?;
    }
    worked
}

async fn begin(app: &App, claims: &Claims, id: GdprRequestId) -> Result<Option<Claim>, WorkError> {
    let now = app.clock.now();
    let until = now.saturating_add(LEASE).unwrap_or(now);
    app.db
        .write("gdpr.begin", claims, async |tx| {
            let claim = store::claim(tx, now, until, id).await?;
            if claim.is_none() && store::is_under_way(tx, now, id).await? {
                return Err(WorkError::UnderWay);
            }
            Ok(claim)
        })
        .await
}
