//! The queue `gdpr`: ids alone; everything else is read from the request's row when its turn comes.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::kernel::ids::{GdprRequestId, OrganizationId};
use crate::outbox::{self, RemindError};

/// The version of the messages.
const VERSION: u8 = 1;
/// An export that nobody has begun after so long has lost its message.
const STALLED_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// How many requests one reminder sends.
const AT_MOST: i32 = 100;

/// A message on the queue `gdpr`: this request is to be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GdprMessage {
    v: u8,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The request.
    pub request_id: GdprRequestId,
}

impl GdprMessage {
    /// The message of this request.
    pub fn new(organization_id: OrganizationId, request_id: GdprRequestId) -> Self {
        Self {
            v: VERSION,
            organization_id,
            request_id,
        }
    }
}

/// Sends the message of every request that is due, or whose worker has gone silent; returns how many. One that is sent
/// twice is begun once.
pub async fn remind(app: &App, now: Timestamp) -> Result<usize, RemindError> {
    let stalled_before = now.saturating_sub(STALLED_AFTER).unwrap_or(now);
    let due = app.db.due_gdpr_requests(now, stalled_before, AT_MOST).await?;
    let messages = due
        .into_iter()
        .map(|(organization, request)| (organization, GdprMessage::new(organization, request)));
    Ok(outbox::remind(app, &app.config.queue_gdpr_url, messages).await?)
}
