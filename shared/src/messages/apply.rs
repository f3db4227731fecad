//! Applying what Twilio reported: stored once and applied in the same transaction, in whatever order and however often
//! it arrives.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::errors::Action;
use super::event_store::{self, Event, Found, Inbound, Status};
use super::{confirmation, dispatch_store, enqueue, keywords, rank};
use crate::App;
use crate::adapters::twilio::webhook::{Fact, Notice};
use crate::db::{Claims, DbError, TenantTx};
use crate::do_not_call::{self, Suppression};
use crate::kernel::ids::MessageId;
use crate::kernel::{Clock, Country, PhoneNumber};

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It was stored, and what it says is known now.
    Stored,
    /// It was stored before, or is not this organisation's, and changed nothing.
    Nothing,
}

/// What was done, and the message that follows from it.
struct Done {
    applied: Applied,
    confirmation: Option<MessageId>,
}

impl From<Applied> for Done {
    fn from(applied: Applied) -> Self {
        Self {
            applied,
            confirmation: None,
        }
    }
}

/// Applies a webhook of Twilio.
pub async fn apply(app: &App, notice: &Notice) -> Result<Applied, DbError> {
    stop_for_all_who_share_the_number(app, notice).await?;
    let mut done = store_notice(app, notice).await;
    if let Err(error) = &done
        && error.lacks_partition()
    {
        // The first event of a month whose partition the schedule has not made.
        let today = app.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        app.db.ensure_partitions(today).await?;
        done = store_notice(app, notice).await;
    }
    let done = done?;
    if let Some(id) = done.confirmation
        && let Err(error) = enqueue(app, notice.organization_id, &[id]).await
    {
        tracing::warn!(message_id = %id, error = &error as &dyn std::error::Error, "a message is left to the sweep");
    }
    Ok(done.applied)
}

/// Whoever writes STOP to a number means everybody who texts from it, and Twilio tells one of them. The others come first:
/// a crash in between is mended by the same message coming again.
async fn stop_for_all_who_share_the_number(app: &App, notice: &Notice) -> Result<(), DbError> {
    let Fact::MessageReceived {
        sid,
        from,
        to,
        body,
        stop,
        ..
    } = &notice.fact
    else {
        return Ok(());
    };
    if notice.shared || !(*stop || keywords::asks_to_stop(body)) {
        return Ok(());
    }
    let (from, now) = (&number(from), app.clock.now());
    let suppression = &Suppression::by_message(from, body, json!({ "twilio_message_sid": sid }));
    for organization in app.db.organizations_of_twilio_number(to).await? {
        if organization == notice.organization_id {
            continue;
        }
        app.db
            .write("messages.stop", &Claims::platform(organization), async |tx| {
                do_not_call::suppress(tx, &app.clock, suppression, now).await
            })
            .await
            .map(|(_, new)| tracing::info!(%organization, new, "somebody asked for no more messages"))?;
    }
    Ok(())
}

async fn store_notice(app: &App, notice: &Notice) -> Result<Done, DbError> {
    let (now, clock) = (app.clock.now(), &app.clock);
    let event = &Event {
        id: clock.uuid(),
        dedupe_key: dedupe_key(&notice.fact),
        received_at: notice.received_at,
        projection: projection(&notice.fact),
    };
    app.db
        .write(
            "messages.apply",
            &Claims::platform(notice.organization_id),
            async |tx| match &notice.fact {
                Fact::MessageStatus {
                    sid,
                    message_id,
                    status,
                    error_code,
                } => {
                    let status = Status {
                        sid,
                        word: status,
                        error_code: error_code.as_deref(),
                    };
                    learn_status(tx, clock, event, *message_id, &status, now)
                        .await
                        .map(Done::from)
                }
                Fact::MessageReceived {
                    sid,
                    from,
                    to,
                    body,
                    segments,
                    stop,
                } => {
                    let from = number(from);
                    let inbound = Inbound {
                        id: MessageId::new(clock),
                        sid,
                        from: &from,
                        to,
                        body,
                        segments: *segments,
                        shared: notice.shared,
                    };
                    let Some(taken) = event_store::take_inbound(tx, event, &inbound, now).await? else {
                        return Ok(Applied::Nothing.into());
                    };
                    let mut confirmation = None;
                    if *stop || keywords::asks_to_stop(body) {
                        let evidence = json!({ "message_id": inbound.id, "twilio_message_sid": sid });
                        let suppression = Suppression::by_message(&from, body, evidence);
                        let (_, new) = do_not_call::suppress(tx, clock, &suppression, now).await?;
                        tracing::info!(message_id = %inbound.id, "somebody asked for no more messages");
                        // Once for each number, and never where Twilio has answered itself.
                        if new && !*stop && !keywords::twilio_answers(body) {
                            confirmation = confirmation::write(tx, clock, &inbound, &taken, now).await?;
                        }
                    }
                    Ok(Done {
                        applied: Applied::Stored,
                        confirmation,
                    })
                }
            },
        )
        .await
}

/// Twilio writes E.164; short codes and names stay as they are.
fn number(from: &str) -> PhoneNumber {
    PhoneNumber::parse(from, Country::FR).unwrap_or_else(|_| PhoneNumber::from_database(from.to_owned()))
}

async fn learn_status(
    tx: &TenantTx,
    clock: &Clock,
    event: &Event,
    message_id: Option<MessageId>,
    status: &Status<'_>,
    now: Timestamp,
) -> Result<Applied, DbError> {
    let (stored, found) = event_store::take_status(tx, event, message_id, status.sid).await?;
    if !stored {
        return Ok(Applied::Nothing);
    }
    let (Some(found), Some(rank)) = (found, rank(status.word)) else {
        tracing::info!(
            status = status.word,
            "a status of a message, or of a kind, that we do not know"
        );
        return Ok(Applied::Stored);
    };
    let counts = counts(&found, status.word, rank);
    event_store::write_status(tx, found.id, status, rank, counts, event.received_at, now).await?;
    if counts && let Some(code) = status.error_code.and_then(|code| code.parse().ok()) {
        follow_up(tx, clock, &found, Action::of(code), now).await?;
    }
    Ok(Applied::Stored)
}

/// Whether a status is further than what is known: of two that end a message the first counts, and nobody reads what did
/// not arrive.
fn counts(found: &Found, word: &str, rank: i32) -> bool {
    let ended_badly = matches!(found.status.as_str(), "failed" | "undelivered" | "canceled");
    rank > found.rank && !(word == "read" && ended_badly)
}

/// Does what an error asks for.
async fn follow_up(
    tx: &TenantTx,
    clock: &Clock,
    found: &Found,
    action: Action,
    now: Timestamp,
) -> Result<(), DbError> {
    match action {
        Action::Suppress => {
            let suppression = Suppression::by_twilio(&found.to);
            do_not_call::suppress(tx, clock, &suppression, now)
                .await
                .map(drop)
        }
        Action::StopSending => dispatch_store::mark_rejected(tx, now).await,
        Action::Retry { at_most, after } if found.retries < at_most => {
            let due_at = now.saturating_add(after).unwrap_or(now);
            event_store::insert_retry(tx, MessageId::new(clock), found.id, due_at, now).await
        }
        Action::CheckAccount | Action::CheckContent => {
            tracing::warn!(message_id = %found.id, ?action, "the organisation has to look after its account at twilio");
            Ok(())
        }
        Action::Retry { .. } | Action::NumberInvalid | Action::NotSmsCapable | Action::Nothing => Ok(()),
    }
}

/// The same for every delivery of one event, and for no other.
fn dedupe_key(fact: &Fact) -> String {
    match fact {
        Fact::MessageStatus { sid, status, .. } => format!("message:{sid}:{status}"),
        Fact::MessageReceived { sid, .. } => format!("message:{sid}:received"),
    }
}

/// What is kept of it among the events: the text of a message lies with the message.
fn projection(fact: &Fact) -> Value {
    match fact {
        Fact::MessageStatus {
            sid,
            status,
            error_code,
            ..
        } => json!({ "sid": sid, "status": status, "error_code": error_code }),
        Fact::MessageReceived { sid, stop, .. } => json!({ "sid": sid, "stop": stop }),
    }
}
