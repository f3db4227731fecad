//! Dialling: one message, one attempt, at most one request to Vapi.
//!
//! The attempt is marked before the request leaves, so that no crash and no second delivery can ring a person twice. An
//! unknown outcome is never repeated here: [`super::reconcile`] looks for the call first.

use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::evidence;
use super::gate::{self, Decision, RefusalCode};
use super::lines::Lines;
use super::offer::release_next;
use super::solicitation;
use super::store::attempt::Queued;
use super::store::decision::DecisionRow;
use super::store::ending::GivenBack;
use super::{CallRequested, Status, store};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::adapters::vapi::{NewCall, PlaceCallError};
use crate::assistants::commercial_notice;
use crate::db::{Claims, DbError};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{AttemptId, OrganizationId};
use crate::kernel::number_key::NumberKey;
use crate::law::{ATTEMPTS_CAP, COMMERCIAL_NATURE, Law};
use crate::oppositions::platform;

/// How long a contact waits at least when Vapi had no line for it, and how much longer at most.
const BUSY_SECONDS: i64 = 15;
const BUSY_JITTER_SECONDS: u8 = 15;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialled {
    /// Vapi has the call.
    Placed,
    /// The attempt was not waiting to be dialled: a duplicate, late or stale message.
    Nothing,
    /// The attempt was given back, uncounted.
    GivenBack,
    /// Nobody knows; reconciliation will find out.
    Unknown,
}

/// A message could not be handled; it goes back to the queue.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Secrets Manager.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
}

impl Classify for DialError {
    fn failure(&self) -> Failure {
        match self {
            Self::Db(error) => error.failure(),
            Self::Secrets(error) => error.failure(),
        }
    }
}

/// What the first transaction decided.
enum Claim {
    Nothing,
    GivenBack,
    /// The campaign must stop, for this reason: another transaction's work, since this one only holds the campaign.
    Stop(&'static str, Option<DecisionRow>),
    Dial {
        queued: Box<Queued>,
        vapi_phone_number_id: String,
    },
}

/// Makes the attempt that the message asks for.
pub async fn dial(app: &App, request: &CallRequested) -> Result<Dialled, DialError> {
    // Before anything is marked: without a key nothing can be dialled.
    let vapi = &app.vapi().await?;
    let (organization, attempt) = (request.organization_id, request.attempt_id);
    let claims = &Claims::platform(organization).with_joins_as_written();
    let key = solicitation::number_key(app).await;
    let now = app.clock.now();
    let claim = app
        .db
        .write("campaigns.claim_attempt", claims, async |tx| {
            claim(tx, app, key.as_deref(), attempt, now).await
        })
        .await?;
    let (queued, vapi_phone_number_id) = match claim {
        Claim::Nothing => return Ok(Dialled::Nothing),
        Claim::GivenBack => {
            release_next(app, organization).await;
            return Ok(Dialled::GivenBack);
        }
        Claim::Stop(reason, refusal) => {
            let given = GivenBack {
                refusal: refusal.as_ref(),
                pause: Some(reason),
                ..GivenBack::waiting(attempt, reason, now)
            };
            give_back(app, claims, &given).await?;
            release_next(app, organization).await;
            return Ok(Dialled::GivenBack);
        }
        Claim::Dial {
            queued,
            vapi_phone_number_id,
        } => (queued, vapi_phone_number_id),
    };
    let name = full_name(&queued);
    let placed = vapi
        .place_call(&NewCall {
            vapi_assistant_id: &queued.vapi_assistant_id,
            vapi_phone_number_id: &vapi_phone_number_id,
            number: &queued.gate_contact.phone,
            name: name.as_deref(),
            attempt,
            organization,
            campaign: queued.campaign,
            variables: variables(&queued, now),
        })
        .await;
    match placed {
        Ok(placed) => {
            let vapi_call_id = placed.vapi_call_id.as_str();
            let lines = &Lines::told(&placed);
            let marked: Result<(), DbError> = app
                .db
                .write_at_once("campaigns.mark_in_call", claims, async |tx| {
                    let now = app.clock.now();
                    let marked = store::attempt::mark_in_call(tx, attempt, vapi_call_id, now);
                    let (marked, learnt) = join(marked, lines.learn(tx, attempt, now)).await;
                    marked.and(learnt)
                })
                .await;
            if let Err(error) = marked {
                // The telephone rings. A webhook or reconciliation will attach the call.
                tracing::warn!(attempt_id = %attempt, error = &error as &dyn std::error::Error, "a call is not noted yet");
            }
            Ok(Dialled::Placed)
        }
        Err(PlaceCallError::Unknown(why)) => {
            tracing::warn!(attempt_id = %attempt, why, "nobody knows whether the call was placed");
            app.db
                .write_at_once("campaigns.mark_unknown", claims, async |tx| {
                    store::attempt::mark_unknown(tx, attempt).await
                })
                .await
                .unwrap_or_else(|error: DbError| {
                    // It stays `dialing`, which reconciliation treats alike.
                    tracing::warn!(attempt_id = %attempt, error = &error as &dyn std::error::Error, "not marked");
                });
            Ok(Dialled::Unknown)
        }
        Err(error) => {
            let given = not_placed(app, attempt, &error);
            tracing::info!(attempt_id = %attempt, reason = given.reason, "the call was not placed: {error}");
            let lines = Lines::told_by_refusal(&error);
            give_back_and_learn(app, claims, &given, &lines).await?;
            if given.due_at.is_none() {
                // This contact is done, and its line is free for the next. Where Vapi is busy or out of reach, nobody
                // else would get through now.
                release_next(app, organization).await;
            }
            Ok(Dialled::GivenBack)
        }
    }
}

async fn claim(
    tx: &crate::db::TenantTx,
    app: &App,
    key: Option<&NumberKey>,
    attempt: AttemptId,
    now: Timestamp,
) -> Result<Claim, DbError> {
    let Some(queued) = store::attempt::lock_queued(tx, key, attempt, now).await? else {
        return Ok(Claim::Nothing);
    };
    if queued.campaign_status != Some(Status::Running) {
        let given = GivenBack::waiting(attempt, "campaign_not_running", now);
        store::ending::give_back(tx, &given, now).await?;
        return Ok(Claim::GivenBack);
    }
    if !is_as_released(&queued, key, tx.organization()) {
        store::ending::give_back(tx, &GivenBack::waiting(attempt, "changed", now), now).await?;
        return Ok(Claim::GivenBack);
    }
    let Some(vapi_phone_number_id) = queued.vapi_phone_number_id.clone() else {
        return Ok(Claim::Stop("twilio_not_configured", None));
    };
    let decision = gate::decide(&queued.gate_contact, &queued.gate_campaign, &queued.history, now);
    let inputs = evidence::inputs(&queued.gate_contact, &queued.gate_campaign, &queued.history, now);
    let row = DecisionRow::new(
        &app.clock,
        (queued.campaign, queued.contact),
        Some(attempt),
        decision,
        inputs,
    );
    if let Decision::Refuse(refusal) = decision {
        let code = refusal.code.as_str();
        if refusal.code == RefusalCode::CallerIdNotAllowed {
            return Ok(Claim::Stop(code, Some(row)));
        }
        // A budget may be raised, and what an assistant lacks is nobody's refusal for good: the contact keeps its turn.
        let keeps_turn = matches!(
            refusal.code,
            RefusalCode::BudgetExhausted | RefusalCode::AssistantNotCompliant
        );
        let given = GivenBack {
            due_at: refusal.retry_at.or(keeps_turn.then_some(now)),
            refusal: Some(&row),
            ..GivenBack::waiting(attempt, code, now)
        };
        store::ending::give_back(tx, &given, now).await?;
        return Ok(Claim::GivenBack);
    }
    store::attempt::mark_dialing(tx, attempt, &row, now).await?;
    Ok(Claim::Dial {
        queued: Box::new(queued),
        vapi_phone_number_id,
    })
}

/// Whether the number was looked for on the platform's list under its hash, and the law counts the attempt under the key that was
/// locked and looked at: the number, the advertiser or the ground may have changed since release. Without the key nobody
/// knows.
fn is_as_released(queued: &Queued, key: Option<&NumberKey>, organization: OrganizationId) -> bool {
    let Some(key) = key else {
        return false;
    };
    let (campaign, phone) = (&queued.gate_campaign, &queued.gate_contact.phone);
    if queued.number_hash.as_ref() != Some(&platform::hash(key, phone).0) {
        return false;
    }
    if !ATTEMPTS_CAP.binds(campaign.legal_basis) {
        return true;
    }
    let siren = campaign.advertiser.siren.as_deref();
    queued.solicitation_key.as_ref() == Some(&solicitation::key(key, siren, organization, phone).0)
}

/// What follows from a request that certainly did not lead to a call.
fn not_placed(app: &App, attempt: AttemptId, error: &PlaceCallError) -> GivenBack<'static> {
    let now = app.clock.now();
    let after = |seconds: i64| now.saturating_add(SignedDuration::from_secs(seconds)).ok();
    let jitter = i64::from(app.clock.random_bytes::<1>()[0] % BUSY_JITTER_SECONDS);
    let given = |reason, due_at, pause| GivenBack {
        due_at,
        pause,
        ..GivenBack::waiting(attempt, reason, now)
    };
    match error {
        PlaceCallError::Busy { retry_after, .. } => {
            let asked = retry_after.map_or(BUSY_SECONDS, |wait| {
                i64::try_from(wait.as_secs()).unwrap_or(BUSY_SECONDS)
            });
            given("vapi_busy", after(asked + jitter), None)
        }
        PlaceCallError::Refused { reason, .. } if reason.stops_campaign() => {
            given(reason.code(), Some(now), Some(reason.code()))
        }
        PlaceCallError::Refused { reason, .. } => given(reason.code(), None, None),
        PlaceCallError::NotSent | PlaceCallError::Unknown(_) => GivenBack {
            fault: true,
            ..given("vapi_not_reached", after(BUSY_SECONDS + jitter), None)
        },
    }
}

async fn give_back(app: &App, claims: &Claims, given: &GivenBack<'_>) -> Result<(), DbError> {
    give_back_and_learn(app, claims, given, &Lines::default()).await
}

async fn give_back_and_learn(
    app: &App,
    claims: &Claims,
    given: &GivenBack<'_>,
    lines: &Lines,
) -> Result<(), DbError> {
    app.db
        .write("campaigns.give_back", claims, async |tx| {
            let now = app.clock.now();
            let gave = store::ending::give_back(tx, given, now);
            let (gave, learnt) = join(gave, lines.learn(tx, given.attempt, now)).await;
            gave.and(learnt)
        })
        .await
}

fn full_name(queued: &Queued) -> Option<String> {
    let parts: Vec<_> = [&queued.first_name, &queued.last_name]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// What the assistant's prompt may speak of.
fn variables(queued: &Queued, now: Timestamp) -> Map<String, Value> {
    let law = Law::at(now, queued.gate_campaign.legal_basis);
    let commercial = law
        .asks(&COMMERCIAL_NATURE)
        .then(|| commercial_notice(queued.language));
    let mut variables = match &queued.variables {
        Value::Object(variables) => variables.clone(),
        _ => Map::new(),
    };
    let own = [
        ("first_name", queued.first_name.as_deref()),
        ("last_name", queued.last_name.as_deref()),
        ("object", Some(queued.gate_campaign.object.as_str())),
        ("commercial_notice", commercial),
        ("advertiser", Some(queued.gate_campaign.advertiser.name.as_str())),
    ];
    for (name, value) in own {
        variables.insert(name.to_owned(), Value::from(value.unwrap_or_default()));
    }
    variables
}
