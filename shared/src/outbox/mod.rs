//! What must be sent because of a commit: written in that commit, sent right after it, and swept up a minute later if a
//! crash came in between. Bodies hold ids, never a secret.

mod delivery;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use crate::App;
use crate::adapters::queue::{Outgoing, QueueError};
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{OrganizationId, OutboxId};
use crate::kernel::shown::shows;

pub use delivery::Delivery;

/// How long a message may lie before the sweep takes it for left behind.
const LEFT_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// How many messages one sweep sends.
const SWEEP: i32 = 200;

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// To `mailer`.
    Mail,
    /// To `provider-events`.
    Events,
    /// To `gdpr-worker`.
    Gdpr,
}

impl Destination {
    fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Events => "events",
            Self::Gdpr => "gdpr",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "mail" => Some(Self::Mail),
            "events" => Some(Self::Events),
            "gdpr" => Some(Self::Gdpr),
            _ => None,
        }
    }
}

/// Nobody was reminded of what is due.
#[derive(Debug, thiserror::Error)]
pub enum RemindError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Classify for RemindError {
    fn failure(&self) -> Failure {
        match self {
            Self::Db(error) => error.failure(),
            Self::Queue(error) => error.failure(),
        }
    }
}

/// A message that the current transaction has promised to send.
#[derive(Clone)]
#[must_use = "send it after the commit"]
pub struct Promise {
    id: OutboxId,
    organization: OrganizationId,
    destination: Destination,
    body: Value,
}

shows!(Promise, id, organization, destination);

/// Writes the promise to send `message`.
pub async fn promise(
    tx: &TenantTx,
    app: &App,
    destination: Destination,
    message: &impl Serialize,
) -> Result<Promise, DbError> {
    // Messages are structs of ids and words, which always serialise.
    let mut body = serde_json::to_value(message).unwrap_or_default();
    let id = OutboxId::new(&app.clock);
    if destination == Destination::Mail
        && let Value::Object(members) = &mut body
    {
        // By this `mailer` knows whether it has sent the mail: see [`Delivery`].
        members.insert("outbox_id".to_owned(), json!(id));
    }
    let promise = Promise {
        id,
        organization: tx.organization(),
        destination,
        body,
    };
    tx.execute(
        "-- outbox.promise
         insert into outbox (id, organization_id, queue, body, created_at) values ($1, $2, $3, $4, $5)",
        &[
            &promise.id,
            &promise.organization,
            &destination.as_str(),
            &promise.body,
            &app.clock.now(),
        ],
    )
    .await?;
    Ok(promise)
}

/// Sends what a transaction promised, after its commit. A failure is only logged: the sweep will send it.
pub async fn keep(app: &App, promises: &[Promise]) {
    for promise in promises {
        if let Err(error) = send(app, promise).await {
            tracing::warn!(outbox.id = %promise.id, error, "a promised message is left to the sweep");
        }
    }
}

/// Sends what was left behind; returns how many messages it sent.
pub async fn sweep(app: &App, now: Timestamp) -> Result<usize, DbError> {
    let left = app
        .db
        .outbox_due(now.saturating_sub(LEFT_AFTER).unwrap_or(now), SWEEP)
        .await?;
    let mut sent = 0;
    for message in left {
        let Some(destination) = Destination::parse(&message.queue) else {
            continue;
        };
        let promise = Promise {
            id: message.id,
            organization: message.organization,
            destination,
            body: message.body,
        };
        match send(app, &promise).await {
            Ok(()) => sent += 1,
            Err(error) => {
                tracing::warn!(outbox.id = %promise.id, error, "a promised message stays for the next sweep")
            }
        }
    }
    Ok(sent)
}

/// Sends messages that were lost, or never sent, each in its organisation's turn; returns how many.
pub async fn remind<M: Serialize>(
    app: &App,
    queue_url: &str,
    messages: impl Iterator<Item = (OrganizationId, M)>,
) -> Result<usize, QueueError> {
    let outgoing: Vec<_> = messages
        .map(|(organization, message)| Outgoing::new(organization.to_string(), &message))
        .collect();
    // A client of the queue is only made for something to send.
    if !outgoing.is_empty() {
        app.queue().await.send(queue_url, &outgoing).await?;
    }
    Ok(outgoing.len())
}

/// Sends, then forgets: a crash in between sends twice, and every consumer is idempotent.
async fn send(app: &App, promise: &Promise) -> Result<(), String> {
    let url = match promise.destination {
        Destination::Mail => &app.config.queue_mail_url,
        Destination::Events => &app.config.queue_events_url,
        Destination::Gdpr => &app.config.queue_gdpr_url,
    };
    let message = Outgoing::new(promise.organization.to_string(), &promise.body);
    app.queue()
        .await
        .send(url, &[message])
        .await
        .map_err(|error| error.to_string())?;
    app.db
        .write_at_once(
            "outbox.forget",
            &Claims::platform(promise.organization),
            async |tx| {
                tx.execute(
                    "-- outbox.forget\n delete from outbox where id = $1",
                    &[&promise.id],
                )
                .await
                .map(drop)
            },
        )
        .await
        .map_err(|error: DbError| error.to_string())
}
