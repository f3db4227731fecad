//! Messages that nobody else would notice: due now, lost on their way to the queue, of unknown fate, or without news
//! from Twilio since they were sent. They go on the queue again; `message-sender` knows what to do with each.

use jiff::Timestamp;

use super::deliver::QUARANTINE;
use super::{enqueue_due, poll_store};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::ids::OrganizationId;

/// How many organisations one sweep serves, how many messages of each, and about how many of each Twilio is asked.
const ORGANIZATIONS: i32 = 100;
const MESSAGES: i64 = 200;
const QUESTIONS: i64 = 20;

/// Puts due messages on the queue; returns how many.
pub async fn sweep(app: &App, now: Timestamp) -> Result<usize, DbError> {
    let before = now.saturating_sub(QUARANTINE).unwrap_or(now);
    let organizations = app
        .db
        .organizations_with_due_messages(now, before, ORGANIZATIONS)
        .await?;
    let mut swept = 0;
    for organization in organizations {
        match sweep_organization(app, organization, now, before).await {
            Ok(count) => swept += count,
            Err(error) => tracing::warn!(
                organization_id = %organization,
                error = &error as &dyn std::error::Error,
                "messages are left to the next sweep"
            ),
        }
    }
    Ok(swept)
}

async fn sweep_organization(
    app: &App,
    organization: OrganizationId,
    now: Timestamp,
    before: Timestamp,
) -> Result<usize, DbError> {
    let due = app
        .db
        .write("messages.take_due", &Claims::platform(organization), async |tx| {
            poll_store::take_due(tx, now, before, MESSAGES, QUESTIONS).await
        })
        .await?;
    if let Err(error) = enqueue_due(app, organization, &due).await {
        tracing::warn!(
            organization_id = %organization,
            error = &error as &dyn std::error::Error,
            "messages are not queued yet"
        );
        return Ok(0);
    }
    Ok(due.len())
}
