//! What nobody would notice: files that the bucket did not tell of, imports whose message was lost.

use jiff::{SignedDuration, Timestamp};

use super::{ImportMessage, UPLOAD_LIFETIME};
use crate::App;
use crate::adapters::queue::{Outgoing, QueueError};
use crate::db::DbError;
use crate::kernel::class::{Classify, Failure};

/// An upload that began in time may take a while.
const GRACE: SignedDuration = SignedDuration::from_mins(10);
/// An import of which nothing is heard for so long has lost its message.
const SILENCE: SignedDuration = SignedDuration::from_mins(10);
/// How many imports one reminder sends.
const AT_MOST: i32 = 100;

/// Until when the file of an import that was made then may come.
pub(super) fn uploaded_by(created_at: Timestamp) -> Timestamp {
    let lifetime = SignedDuration::try_from(UPLOAD_LIFETIME).unwrap_or(GRACE);
    created_at.saturating_add(lifetime + GRACE).unwrap_or(created_at)
}

/// Nobody was reminded.
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

/// Sends the message of every import whose file should be there by now, or of which nothing is heard; returns how many.
/// One that is sent twice is worked on once.
pub async fn remind(app: &App, now: Timestamp) -> Result<usize, RemindError> {
    let before = |span: SignedDuration| now.saturating_sub(span).unwrap_or(now);
    let lifetime = SignedDuration::try_from(UPLOAD_LIFETIME).unwrap_or(GRACE);
    let left = app
        .db
        .left_contact_imports(before(lifetime + GRACE), before(SILENCE), AT_MOST)
        .await?;
    let messages: Vec<_> = left
        .iter()
        .map(|(organization, import)| Outgoing {
            body: serde_json::to_string(&ImportMessage::new(*organization, *import)).unwrap_or_default(),
            group: organization.to_string(),
        })
        .collect();
    if !messages.is_empty() {
        let queue = app.queue().await;
        queue.send(&app.config.queue_imports_url, &messages).await?;
    }
    Ok(messages.len())
}
