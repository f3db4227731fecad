//! A secret of the platform, kept in the container for a few minutes: a request costs none to Secrets Manager, a rotated
//! secret takes effect in every warm container, and an outage of Secrets Manager stops nothing that works.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::secrets::SecretsError;
use crate::kernel::Clock;
use crate::kernel::class::chain;

/// How long a value is used without asking again: a rotation takes effect within this time.
pub const LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How long is waited before asking again, after a value was refused or a request failed.
pub const REST: SignedDuration = SignedDuration::from_mins(1);

/// Asks Secrets Manager for the current value.
pub type Fetch = Box<dyn Fn() -> BoxFuture<'static, Result<SecretString, SecretsError>> + Send + Sync>;

/// Reads a value into what it is used as; nothing of one that cannot be used.
pub type Read<T> = Box<dyn Fn(&str) -> Option<T> + Send + Sync>;

/// One secret, read into what it is used as.
pub struct Kept<T> {
    name: String,
    clock: Clock,
    fetch: Fetch,
    read: Read<T>,
    held: Mutex<Option<Held<T>>>,
    fetching: tokio::sync::Mutex<()>,
}

struct Held<T> {
    value: Arc<T>,
    /// As it was read: an unchanged secret keeps its value.
    text: SecretString,
    asked_at: Timestamp,
    /// The last request failed, and this is the value from before.
    outdated: bool,
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Kept({})", self.name)
    }
}

impl<T> Kept<T> {
    /// The secret of this name.
    pub fn new(name: &str, clock: &Clock, fetch: Fetch, read: Read<T>) -> Self {
        Self {
            name: name.to_owned(),
            clock: clock.clone(),
            fetch,
            read,
            held: Mutex::new(None),
            fetching: tokio::sync::Mutex::new(()),
        }
    }

    /// Its value, at most [`LIFE`] old; older only while Secrets Manager does not answer. A secret that is missing, empty
    /// or unreadable is an error, also where there was a value before: whoever emptied it meant it.
    pub async fn get(&self) -> Result<Arc<T>, SecretsError> {
        if let Some(value) = self.held_for(LIFE) {
            return Ok(value);
        }
        let _turn = match (self.fetching.try_lock(), self.value()) {
            (Ok(turn), _) => turn,
            // Somebody asks already; whoever has a value need not wait for the answer.
            (Err(_), Some(value)) => return Ok(value),
            (Err(_), None) => self.fetching.lock().await,
        };
        match self.held_for(LIFE) {
            Some(value) => Ok(value),
            None => self.ask().await,
        }
    }

    /// Another value than `refused`, which somebody did not accept; asked for at most once in [`REST`]. None where the
    /// secret is still the same.
    pub async fn other_than(&self, refused: &Arc<T>) -> Result<Option<Arc<T>>, SecretsError> {
        let _turn = self.fetching.lock().await;
        let current = match self.held_for(REST) {
            Some(value) => value,
            None => self.ask().await?,
        };
        Ok((!Arc::ptr_eq(&current, refused)).then_some(current))
    }

    async fn ask(&self) -> Result<Arc<T>, SecretsError> {
        let outcome = (self.fetch)().await;
        let asked_at = self.clock.now();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(text) => {
                let unchanged = held
                    .take()
                    .filter(|held| held.text.expose_secret() == text.expose_secret());
                let value = match unchanged {
                    Some(held) => held.value,
                    None => (self.read)(text.expose_secret())
                        .map(Arc::new)
                        .ok_or_else(|| SecretsError::Absent(self.name.clone()))?,
                };
                *held = Some(Held {
                    value: Arc::clone(&value),
                    text,
                    asked_at,
                    outdated: false,
                });
                Ok(value)
            }
            Err(error @ SecretsError::Absent(_)) => {
                *held = None;
                Err(error)
            }
            Err(error @ SecretsError::Unavailable(_)) => {
                let Some(held) = held.as_mut() else {
                    return Err(error);
                };
                tracing::warn!(
                    secret = self.name,
                    error = chain(&error),
                    "the value from before serves"
                );
                held.asked_at = asked_at;
                held.outdated = true;
                Ok(Arc::clone(&held.value))
            }
        }
    }

    fn value(&self) -> Option<Arc<T>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|held| Arc::clone(&held.value))
    }

    fn held_for(&self, at_most: SignedDuration) -> Option<Arc<T>> {
        let now = self.clock.now();
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref()
            .filter(|held| now.duration_since(held.asked_at) < if held.outdated { REST } else { at_most })
            .map(|held| Arc::clone(&held.value))
    }
}

#[cfg(test)]
#[path = "kept_tests.rs"]
mod tests;
