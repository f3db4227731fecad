//! A secret, kept in the container for a few minutes: a request costs none to Secrets Manager, a rotated secret takes
//! effect in every warm container, and an outage of Secrets Manager stops nothing that works.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::secrets::SecretsError;
use crate::kernel::Clock;
use crate::kernel::class::chain;

/// How long a value is used without asking again: a rotation takes effect within this time.
pub const LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How long is waited before a refused value makes us ask once more, and after a request that failed.
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
    absence: SignedDuration,
    state: Mutex<State<T>>,
    fetching: tokio::sync::Mutex<()>,
}

struct State<T> {
    held: Option<Held<T>>,
    /// When a refused value last made us ask.
    refreshed_at: Option<Timestamp>,
}

struct Held<T> {
    /// None where the secret is missing, empty or unreadable.
    value: Option<Arc<T>>,
    /// As it was read, if it was there: an unchanged secret keeps its value.
    text: Option<SecretString>,
    asked_at: Timestamp,
    /// The last request failed, and this is the value from before.
    outdated: bool,
    /// Somebody got it without asking, so it may have been replaced since.
    reused: bool,
}

/// Whether there is another value than one that was refused.
#[derive(Debug)]
pub enum Newer<T> {
    /// There is, and this is it.
    Other(Arc<T>),
    /// There is not: the refusal is true.
    Same,
    /// That was asked less than a minute ago, or Secrets Manager does not answer.
    Unknown,
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
            absence: SignedDuration::ZERO,
            state: Mutex::new(State {
                held: None,
                refreshed_at: None,
            }),
            fetching: tokio::sync::Mutex::new(()),
        }
    }

    /// The same, which remembers for [`REST`] that there is no such secret: where strangers choose what is asked for.
    pub fn remembering_absence(self) -> Self {
        Self {
            absence: REST,
            ..self
        }
    }

    /// Its value, at most [`LIFE`] old; older only while Secrets Manager does not answer. A secret that is missing, empty
    /// or unreadable is an error, also where there was a value before: whoever emptied it meant it.
    pub async fn get(&self) -> Result<Arc<T>, SecretsError> {
        if let Some(value) = self.remembered() {
            return value;
        }
        let _turn = match (self.fetching.try_lock(), self.value()) {
            (Ok(turn), _) => turn,
            // Somebody asks already; whoever has a value need not wait for the answer.
            (Err(_), Some(value)) => return Ok(value),
            (Err(_), None) => self.fetching.lock().await,
        };
        match self.remembered() {
            Some(value) => value,
            None => self.ask().await,
        }
    }

    /// Whether there is another value than `refused`, which somebody did not accept. Asks for it at most once in [`REST`],
    /// and not where it was read for this very request.
    pub async fn newer_than(&self, refused: &Arc<T>) -> Result<Newer<T>, SecretsError> {
        let _turn = self.fetching.lock().await;
        let now = self.clock.now();
        {
            let mut state = self.state();
            if let Some(held) = &state.held {
                match &held.value {
                    Some(value) if Arc::ptr_eq(value, refused) => {}
                    Some(value) => return Ok(Newer::Other(Arc::clone(value))),
                    None => return Err(self.absent()),
                }
                if !held.reused && !held.outdated {
                    return Ok(Newer::Same);
                }
            }
            if state
                .refreshed_at
                .is_some_and(|last| now.duration_since(last) < REST)
            {
                return Ok(Newer::Unknown);
            }
            state.refreshed_at = Some(now);
        }
        let current = self.ask().await?;
        let outdated = self.state().held.as_ref().is_some_and(|held| held.outdated);
        Ok(match Arc::ptr_eq(&current, refused) {
            false => Newer::Other(current),
            true if outdated => Newer::Unknown,
            true => Newer::Same,
        })
    }

    async fn ask(&self) -> Result<Arc<T>, SecretsError> {
        let outcome = (self.fetch)().await;
        let asked_at = self.clock.now();
        let mut state = self.state();
        let before = state.held.take();
        let text = match outcome {
            Ok(text) => Some(text),
            Err(SecretsError::Absent(_)) => None,
            Err(error @ SecretsError::Unavailable(_)) => {
                let Some(value) = before.as_ref().and_then(|held| held.value.clone()) else {
                    return Err(error);
                };
                tracing::warn!(
                    secret = self.name,
                    error = chain(&error),
                    "the value from before serves"
                );
                state.held = before.map(|held| Held {
                    asked_at,
                    outdated: true,
                    ..held
                });
                return Ok(value);
            }
        };
        let exposed = text.as_ref().map(ExposeSecret::expose_secret);
        let unchanged = before.filter(|held| held.text.as_ref().map(ExposeSecret::expose_secret) == exposed);
        let value = match unchanged {
            Some(held) => held.value,
            None => exposed.and_then(|text| (self.read)(text)).map(Arc::new),
        };
        state.held = Some(Held {
            value: value.clone(),
            text,
            asked_at,
            outdated: false,
            reused: false,
        });
        value.ok_or_else(|| self.absent())
    }

    /// What needs no asking.
    fn remembered(&self) -> Option<Result<Arc<T>, SecretsError>> {
        let now = self.clock.now();
        let mut state = self.state();
        let held = state.held.as_mut()?;
        let life = match &held.value {
            None => self.absence,
            Some(_) if held.outdated => REST,
            Some(_) => LIFE,
        };
        if now.duration_since(held.asked_at) >= life {
            return None;
        }
        held.reused = true;
        Some(held.value.clone().ok_or_else(|| self.absent()))
    }

    fn value(&self) -> Option<Arc<T>> {
        self.state().held.as_ref().and_then(|held| held.value.clone())
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn absent(&self) -> SecretsError {
        SecretsError::Absent(self.name.clone())
    }
}

#[cfg(test)]
#[path = "kept_tests.rs"]
mod tests;
