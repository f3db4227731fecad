//! A lost callback: Twilio is asked a few times, at growing intervals, what became of a message. Its answer takes the
//! path of the callback, so that one which arrives late changes nothing.

use jiff::SignedDuration;

use super::deliver::{DeliverError, Delivered, wanted};
use super::{MessageRequested, Notice, apply, dispatch_store, poll_store};
use crate::App;
use crate::adapters::kept::Newer;
use crate::adapters::twilio::webhook::{Fact, Provider};
use crate::adapters::twilio::{Asked, TwilioCredentials};
use crate::db::{Claims, DbError};

/// How long an organisation's messages are not asked about when Twilio has no time for it, or knows it no more.
const BUSY_PAUSE: SignedDuration = SignedDuration::from_mins(5);
const REJECTED_PAUSE: SignedDuration = SignedDuration::from_hours(6);

/// Asks Twilio what became of a message.
pub(super) async fn poll(app: &App, request: &MessageRequested) -> Result<Delivered, DeliverError> {
    let claims = &Claims::platform(request.organization_id);
    let id = request.message_id;
    let silent = app
        .db
        .read("messages.silent", claims, async |tx| {
            poll_store::silent(tx, id).await
        })
        .await?;
    let Some(silent) = silent else {
        return Ok(Delivered::Nothing);
    };
    let wanted = wanted(app, request.organization_id).await;
    let Some(credentials) = app.twilio_credentials.get(wanted).await? else {
        // Disconnected: nobody can ask.
        stop_asking(app, claims, request).await?;
        return Ok(Delivered::Nothing);
    };
    let mut asked = ask(app, &credentials.current, &silent.sid).await;
    if matches!(asked, Asked::Rejected { .. }) {
        match app.twilio_credentials.newer_than(&credentials, wanted).await {
            Ok(Newer::Other(newer)) => asked = ask(app, &newer.current, &silent.sid).await,
            Ok(Newer::Same) => {}
            // Nobody knows yet whether they were replaced.
            Ok(Newer::Unknown) | Err(_) => asked = Asked::Busy { retry_after: None },
        }
    }
    match asked {
        Asked::Status { status, error_code } => {
            let notice = Notice {
                provider: Provider::Twilio,
                organization_id: request.organization_id,
                shared: false,
                received_at: app.clock.now(),
                fact: Fact::MessageStatus {
                    sid: silent.sid,
                    message_id: Some(id),
                    status,
                    error_code: error_code.map(|code| code.to_string()),
                },
            };
            apply(app, &notice).await?;
            Ok(Delivered::Learned)
        }
        Asked::Absent => {
            tracing::info!(message_id = %id, "twilio has forgotten the message");
            stop_asking(app, claims, request).await?;
            Ok(Delivered::Unknown)
        }
        Asked::Busy { retry_after } => {
            let wish = retry_after.and_then(|wish| SignedDuration::try_from(wish).ok());
            let pause = wish.unwrap_or(BUSY_PAUSE).clamp(BUSY_PAUSE, REJECTED_PAUSE);
            postpone(app, claims, pause, false).await?;
            Ok(Delivered::Waits)
        }
        Asked::Rejected { code } => {
            tracing::warn!(message_id = %id, code, "twilio lets nobody ask about the message");
            postpone(app, claims, REJECTED_PAUSE, true).await?;
            Ok(Delivered::Waits)
        }
        // The next time stands in its row.
        Asked::Nothing(why) => {
            tracing::warn!(message_id = %id, why, "twilio was asked about a message and said nothing");
            Ok(Delivered::Waits)
        }
    }
}

async fn ask(app: &App, credentials: &TwilioCredentials, sid: &str) -> Asked {
    app.twilio().message_status(credentials, sid).await
}

async fn stop_asking(app: &App, claims: &Claims, request: &MessageRequested) -> Result<(), DbError> {
    app.db
        .write_at_once("messages.stop_asking", claims, async |tx| {
            poll_store::stop_asking(tx, request.message_id).await
        })
        .await
}

/// Nothing of this organisation is asked about for so long; where its credentials are wrong, nothing is sent either.
async fn postpone(
    app: &App,
    claims: &Claims,
    pause: SignedDuration,
    is_rejected: bool,
) -> Result<(), DbError> {
    let now = app.clock.now();
    let at = now.saturating_add(pause).unwrap_or(now);
    app.db
        .write("messages.postpone_questions", claims, async |tx| {
            poll_store::postpone(tx, at).await?;
            if is_rejected {
                dispatch_store::mark_rejected(tx, now).await?;
            }
            Ok::<_, DbError>(())
        })
        .await
}
