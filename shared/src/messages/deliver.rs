//! Sending: one message of the queue, at most one request to Twilio.
//!
//! The row is marked before the request leaves, so that neither a crash nor a second delivery sends a text twice: Twilio
//! knows no idempotency key. Where the outcome is unknown, Twilio's own list is searched before anything is sent again, and
//! only after a quarantine, since a request that we gave up on may still be under way.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::dispatch_store::{self as store, UnderWay};
use super::errors::Action;
use super::{MessageRequested, hours, poll};
use crate::App;
use crate::adapters::kept::Newer;
use crate::adapters::secrets::SecretsError;
use crate::adapters::twilio::{
    Keyring, NewMessage as Outgoing, SendError as Refusal, TwilioCredentials, TwilioError, Wanted, callback,
};
use crate::db::{Claims, DbError, TenantTx};
use crate::do_not_call::{self, Suppression};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{MessageId, OrganizationId};
use crate::kernel::number_key::NumberKey;
use crate::kernel::proof_code::{self, LIFETIME};
use crate::oppositions::platform;

/// How long after a request its message is looked for at Twilio.
pub const QUARANTINE: SignedDuration = SignedDuration::from_mins(2);
/// Twilio's clock and ours differ, and its times are cut to the second.
const SKEW: SignedDuration = SignedDuration::from_secs(90);
/// What could not be sent for so long is no longer wanted.
const EXPIRY: SignedDuration = SignedDuration::from_hours(24);
/// How long a message waits when Twilio was not reached or had no time.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// Twilio has the message.
    Accepted,
    /// There was nothing to do: a duplicate, late or stale request, or a message that waits.
    Nothing,
    /// It is tried again later.
    Waits,
    /// Nobody knows; it will be looked for.
    Unknown,
    /// It will not be sent.
    Ended,
    /// Twilio has told what became of it.
    Learned,
}

/// A request could not be handled; it goes back to the queue.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Secrets Manager.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// Twilio, asked about a message.
    #[error(transparent)]
    Twilio(#[from] TwilioError),
}

impl Classify for DeliverError {
    fn failure(&self) -> Failure {
        match self {
            Self::Db(error) => error.failure(),
            Self::Secrets(error) => error.failure(),
            Self::Twilio(error) => error.failure(),
        }
    }
}

/// What the first transaction decided.
enum Claim {
    Nothing,
    Waits,
    Ended,
    Send(Box<UnderWay>),
    LookUp(Box<UnderWay>, Timestamp),
}

/// Sends the message that is asked for, unless that was done; or asks what became of it.
pub async fn deliver(app: &App, request: &MessageRequested) -> Result<Delivered, DeliverError> {
    if request.ask {
        return poll::poll(app, request).await;
    }
    let organization = request.organization_id;
    // Before anything is marked: without credentials nothing can be sent.
    let wanted = wanted(app, organization).await;
    let credentials = app.twilio_credentials.get(wanted).await?;
    let key = &*app.number_key().await?;
    let claims = &Claims::platform(organization);
    let (now, connected) = (app.clock.now(), credentials.is_some());
    let claim = app
        .db
        .write("messages.claim", claims, async |tx| {
            claim(tx, key, request.message_id, connected, now).await
        })
        .await?;
    let claim = with_code(app, claim).await?;
    match (claim, credentials) {
        (Claim::Nothing, _) => Ok(Delivered::Nothing),
        (Claim::Waits, _) => Ok(Delivered::Waits),
        (Claim::Ended, _) => Ok(Delivered::Ended),
        (Claim::Send(message), Some(credentials)) => send(app, claims, &message, credentials).await,
        (Claim::LookUp(message, since), Some(credentials)) => {
            look_up(app, claims, &message, since, &credentials.current).await
        }
        (Claim::Send(_) | Claim::LookUp(..), None) => Ok(Delivered::Nothing),
    }
}

/// The code is put into the message that carries it as it leaves: it lies nowhere.
async fn with_code(app: &App, mut claim: Claim) -> Result<Claim, SecretsError> {
    if let Claim::Send(message) | Claim::LookUp(message, _) = &mut claim
        && message.carries_code
    {
        message.body = proof_code::fill_in(&*app.pepper().await?, message.id.0, &message.body);
    }
    Ok(claim)
}

/// Whose credentials are needed.
pub(super) async fn wanted(app: &App, organization: OrganizationId) -> Wanted<'_> {
    Wanted {
        secrets: app.secrets().await,
        stage: &app.config.stage,
        organization,
        clock: &app.clock,
    }
}

async fn claim(
    tx: &TenantTx,
    key: &NumberKey,
    id: MessageId,
    connected: bool,
    now: Timestamp,
) -> Result<Claim, DbError> {
    let Some(message) = store::lock(tx, id).await? else {
        return Ok(Claim::Nothing);
    };
    if !message.is_waiting {
        let since = message.sending_at.unwrap_or(message.created_at);
        if now.duration_since(since) > EXPIRY {
            store::abandon(tx, id, now).await?;
            return Ok(Claim::Ended);
        }
        if now.duration_since(since) < QUARANTINE || !connected {
            return Ok(Claim::Nothing);
        }
        return Ok(Claim::LookUp(Box::new(message), since));
    }
    if message.due_at > now {
        return Ok(Claim::Nothing);
    }
    if !message.is_asked_for && (message.suppressed || platform::objects(tx, key, &message.to, now).await?) {
        store::end(tx, id, "canceled", "recipient_opted_out", now).await?;
        return Ok(Claim::Ended);
    }
    if !message.configured || !connected {
        store::end(tx, id, "failed", "twilio_not_configured", now).await?;
        return Ok(Claim::Ended);
    }
    let expiry = if message.carries_code { LIFETIME } else { EXPIRY };
    if now.duration_since(message.due_at) > expiry {
        store::end(tx, id, "failed", "expired", now).await?;
        return Ok(Claim::Ended);
    }
    if message.is_marketing {
        let hour = hours::next_marketing_hour(&message.recipient.clocks(&message.to), now);
        if hour > now {
            store::give_back(tx, id, hour, now).await?;
            return Ok(Claim::Waits);
        }
    }
    store::mark_sending(tx, id, now).await?;
    Ok(Claim::Send(Box::new(message)))
}

/// Sends the message, once; after a refusal of the credentials, which is certainly not a sending, once more with those that
/// Secrets Manager has now.
async fn send(
    app: &App,
    claims: &Claims,
    message: &UnderWay,
    credentials: Arc<Keyring>,
) -> Result<Delivered, DeliverError> {
    let callback = callback::status(&app.config.twilio_webhook_url, claims.organization(), message.id);
    let outgoing = Outgoing {
        from: &message.from,
        to: &message.to,
        body: &message.body,
        status_callback: &callback,
    };
    let twilio = app.twilio();
    let wanted = wanted(app, claims.organization()).await;
    let connected =
        |keyring: &Keyring| message.account_sid.as_deref() == Some(keyring.current.account_sid.as_str());
    let mut credentials = credentials;
    if !connected(&credentials) {
        // Another account was connected since they were fetched: its number is not one of theirs.
        match app.twilio_credentials.newer_than(&credentials, wanted).await {
            Ok(Newer::Other(newer)) if connected(&newer) => credentials = newer,
            _ => return give_back(app, claims, message.id, None).await,
        }
    }
    let mut sent = twilio.send_message(&credentials.current, &outgoing).await;
    if let Err(Refusal::Rejected { .. }) = sent {
        match app.twilio_credentials.newer_than(&credentials, wanted).await {
            Ok(Newer::Other(newer)) => sent = twilio.send_message(&newer.current, &outgoing).await,
            Ok(Newer::Same) => {}
            // Nobody knows yet whether they were replaced: until then the refusal ends nothing.
            Ok(Newer::Unknown) | Err(_) => return give_back(app, claims, message.id, None).await,
        }
    }
    let now = app.clock.now();
    match sent {
        Ok(accepted) => {
            note_accepted(app, claims, message.id, &accepted.sid).await;
            Ok(Delivered::Accepted)
        }
        Err(Refusal::Unknown(why)) => {
            tracing::warn!(message_id = %message.id, why, "nobody knows whether the message was sent");
            app.db
                .write_at_once("messages.mark_unknown", claims, async |tx| {
                    store::mark_unknown(tx, message.id, now).await
                })
                .await
                .unwrap_or_else(|error: DbError| {
                    // It stays `sending`, which is treated alike.
                    tracing::warn!(message_id = %message.id, error = &error as &dyn std::error::Error, "not marked");
                });
            Ok(Delivered::Unknown)
        }
        Err(Refusal::NotSent) => give_back(app, claims, message.id, None).await,
        Err(Refusal::Busy { retry_after }) => give_back(app, claims, message.id, retry_after).await,
        Err(error @ (Refusal::Rejected { code } | Refusal::Refused { code })) => {
            tracing::warn!(message_id = %message.id, code, "{error}");
            refuse(
                app,
                claims,
                message,
                code,
                matches!(error, Refusal::Rejected { .. }),
            )
            .await
        }
    }
}

async fn note_accepted(app: &App, claims: &Claims, id: MessageId, sid: &str) {
    let now = app.clock.now();
    let noted: Result<(), DbError> = app
        .db
        .write_at_once("messages.mark_accepted", claims, async |tx| {
            store::mark_accepted(tx, id, sid, now).await
        })
        .await;
    if let Err(error) = noted {
        // Twilio has it. A callback, or the search at Twilio, will attach it.
        tracing::warn!(message_id = %id, error = &error as &dyn std::error::Error, "a sent message is not noted yet");
    }
}

async fn give_back(
    app: &App,
    claims: &Claims,
    id: MessageId,
    retry_after: Option<Duration>,
) -> Result<Delivered, DeliverError> {
    let now = app.clock.now();
    let wish = retry_after.and_then(|wish| SignedDuration::try_from(wish).ok());
    let pause = wish.unwrap_or(PAUSE).max(PAUSE).min(EXPIRY / 24);
    let due_at = now.saturating_add(pause).unwrap_or(now);
    app.db
        .write_at_once("messages.give_back", claims, async |tx| {
            store::give_back(tx, id, due_at, now).await
        })
        .await?;
    Ok(Delivered::Waits)
}

/// Twilio refused: the message ends, and what its code asks for is done.
async fn refuse(
    app: &App,
    claims: &Claims,
    message: &UnderWay,
    code: u32,
    credentials: bool,
) -> Result<Delivered, DeliverError> {
    let now = app.clock.now();
    let action = Action::of(code);
    let stop_sending = credentials || action == Action::StopSending;
    let error_code = match code {
        20003 | 401 => "twilio_credentials_rejected".to_owned(),
        20403 | 403 => "twilio_account_suspended".to_owned(),
        code => code.to_string(),
    };
    let (clock, error_code) = (&app.clock, error_code.as_str());
    app.db
        .write("messages.refuse", claims, async |tx| {
            store::end(tx, message.id, "failed", error_code, now).await?;
            if stop_sending {
                store::mark_rejected(tx, now).await?;
            }
            if action == Action::Suppress {
                let suppression = Suppression::by_twilio(&message.to);
                do_not_call::suppress(tx, clock, &suppression, now).await?;
            }
            Ok::<_, DbError>(())
        })
        .await?;
    Ok(Delivered::Ended)
}

/// Looks for a message at Twilio: same recipient, sender and text, taken since our request, and none that we know.
async fn look_up(
    app: &App,
    claims: &Claims,
    message: &UnderWay,
    since: Timestamp,
    credentials: &TwilioCredentials,
) -> Result<Delivered, DeliverError> {
    let since = since.saturating_sub(SKEW).unwrap_or(since);
    let listed = match app.twilio().messages_to(credentials, &message.to).await {
        Ok(listed) => listed,
        Err(TwilioError::CredentialsRejected { .. } | TwilioError::Suspended) => {
            // Nobody can ask. The sweep comes back until it can, or until it no longer matters.
            tracing::warn!(message_id = %message.id, "twilio lets nobody look for the message");
            return Ok(Delivered::Unknown);
        }
        Err(error) => return Err(error.into()),
    };
    let candidates: Vec<String> = listed
        .into_iter()
        .filter(|listed| {
            listed.body == message.body
                && listed.from.as_deref().is_none_or(|from| from == message.from)
                && listed.created_at().is_none_or(|at| at >= since)
        })
        .map(|listed| listed.sid)
        .collect();
    let known = app
        .db
        .read("messages.known_sids", claims, async |tx| {
            store::known_sids(tx, &candidates).await
        })
        .await?;
    // The oldest: a later one is that of a later message with the same words.
    if let Some(sid) = candidates.iter().rev().find(|sid| !known.contains(sid)) {
        tracing::info!(message_id = %message.id, "a message was found at twilio");
        note_accepted(app, claims, message.id, sid).await;
        return Ok(Delivered::Accepted);
    }
    tracing::info!(message_id = %message.id, "twilio never had the message: it is sent again");
    let now = app.clock.now();
    app.db
        .write_at_once("messages.give_back", claims, async |tx| {
            store::give_back(tx, message.id, now, now).await
        })
        .await?;
    // At once: nothing but the tick's minute would be waited for.
    if let Err(error) = super::enqueue(app, claims.organization(), &[message.id]).await {
        tracing::warn!(message_id = %message.id, error = &error as &dyn std::error::Error, "left to the sweep");
    }
    Ok(Delivered::Waits)
}
