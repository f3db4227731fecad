//! What nobody else would notice: files that the bucket did not announce, and imports whose message was lost.

use jiff::{SignedDuration, Timestamp};

use super::{ImportMessage, UPLOAD_LIFETIME};
use crate::App;
use crate::outbox::{self, RemindError};

/// An upload that began in time may take a while.
const GRACE: SignedDuration = SignedDuration::from_mins(10);
/// An import that has been silent for so long has lost its message.
const SILENCE: SignedDuration = SignedDuration::from_mins(10);
/// How many imports one reminder sends.
const AT_MOST: i32 = 100;

/// The latest time at which the file of an import made then may arrive.
pub(super) fn uploaded_by(created_at: Timestamp) -> Timestamp {
    let lifetime = SignedDuration::try_from(UPLOAD_LIFETIME).unwrap_or(GRACE);
    created_at.saturating_add(lifetime + GRACE).unwrap_or(created_at)
}

/// Sends the message of every import whose file should be there by now, or that has gone silent; returns how many. One
/// that is sent twice is worked on once.
pub async fn remind(app: &App, now: Timestamp) -> Result<usize, RemindError> {
    let before = |span: SignedDuration| now.saturating_sub(span).unwrap_or(now);
    let lifetime = SignedDuration::try_from(UPLOAD_LIFETIME).unwrap_or(GRACE);
    let left = app
        .db
        .left_contact_imports(before(lifetime + GRACE), before(SILENCE), AT_MOST)
        .await?;
    let messages = left
        .into_iter()
        .map(|(organization, import)| (organization, ImportMessage::new(organization, import)));
    Ok(outbox::remind(app, &app.config.queue_imports_url, messages).await?)
}
