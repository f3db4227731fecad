//! Events that are too large for a queue: they lie in storage, and the message on the queue says where.

use serde::{Deserialize, Serialize};

use crate::adapters::storage::{Storage, StorageError};
use crate::adapters::vapi::webhook::Projection;
use crate::kernel::class::{Classify, Failure};
use crate::kernel::clock::Clock;

/// What is larger lies in storage: SQS takes 1 MiB in a request.
pub(super) const MOST_BYTES: usize = 900_000;
/// The most that is read of one: three times what a webhook takes.
const MOST_STORED_BYTES: u64 = 15 * 1024 * 1024;
/// Where they lie; the bucket lets them expire when no queue can hold their message any more.
const FOLDER: &str = "events";
const VERSION: u8 = 1;

/// The message of an event that lies in storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredEvent {
    /// Version of this format.
    v: u8,
    /// Where it lies.
    stored_event: String,
}

/// An event could not be fetched from storage.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Storage does not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What lies there is no event.
    #[error("a stored event is not readable")]
    Unreadable,
}

impl Classify for FetchError {
    fn failure(&self) -> Failure {
        match self {
            Self::Storage(error) => error.failure(),
            // As any message that cannot be read, it goes back, and so, in the end, to the dead-letter queue.
            Self::Unreadable => Failure::internal(),
        }
    }
}

/// Puts an event into storage.
pub(super) async fn put(storage: &Storage, clock: &Clock, body: String) -> Result<StoredEvent, StorageError> {
    let key = format!("{FOLDER}/{}.json", clock.uuid());
    storage.put(&key, body.into_bytes()).await?;
    Ok(StoredEvent {
        v: VERSION,
        stored_event: key,
    })
}

/// The event; none where it was applied and deleted before.
pub async fn fetch(storage: &Storage, event: &StoredEvent) -> Result<Option<Projection>, FetchError> {
    if event.v != VERSION || !event.stored_event.starts_with(FOLDER) {
        return Err(FetchError::Unreadable);
    }
    match storage.get(&event.stored_event, MOST_STORED_BYTES).await? {
        None => Ok(None),
        Some(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| FetchError::Unreadable),
    }
}

/// Deletes an event that was applied; where that fails, it expires.
pub async fn forget(storage: &Storage, event: &StoredEvent) {
    if let Err(error) = storage.delete(&event.stored_event).await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "an event that was applied stays in storage until it expires"
        );
    }
}
