//! An issuer's public keys, fetched on demand and kept for a few minutes. Tokens that match no key make us fetch them
//! again at most once a minute.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::token::Keys;

/// How long after an attempt the next one may follow, while there are keys to go on with, and while there are none.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);
const PAUSE_WITHOUT_KEYS: SignedDuration = SignedDuration::from_secs(5);
/// How long keys are gone on with that cannot be had anew: a key that was withdrawn must not open for ever.
const OLDEST: SignedDuration = SignedDuration::from_hours(1);
const TIMEOUT: Duration = Duration::from_secs(3);
const BODY_LIMIT: usize = 64 * 1024;

/// The address of a key set, with what it last gave.
#[derive(Debug)]
pub(super) struct PublicKeys {
    url: String,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Option<(Arc<Keys>, Timestamp)>,
    tried_at: Option<Timestamp>,
}

impl PublicKeys {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            known: Mutex::default(),
        }
    }

    /// The keys, fetched unless that happened within `age`. One request fetches while the others wait for it.
    pub(super) async fn not_older_than(
        &self,
        age: SignedDuration,
        now: Timestamp,
        http: &reqwest::Client,
    ) -> Option<Arc<Keys>> {
        let mut known = self.known.lock().await;
        if let Some((keys, at)) = &known.keys
            && now.duration_since(*at) < age
        {
            return Some(Arc::clone(keys));
        }
        let pause = if known.keys.is_some() {
            PAUSE
        } else {
            PAUSE_WITHOUT_KEYS
        };
        if known.tried_at.is_none_or(|at| now.duration_since(at) >= pause) {
            known.tried_at = Some(now);
            match fetch(http, &self.url).await {
                Ok(keys) => known.keys = Some((Arc::new(keys), now)),
                Err(why) => tracing::warn!(why, "the keys of Supabase Auth cannot be had"),
            }
        }
        let (keys, at) = known.keys.as_ref()?;
        (now.duration_since(*at) < OLDEST).then(|| Arc::clone(keys))
    }
}

async fn fetch(http: &reqwest::Client, url: &str) -> Result<Keys, &'static str> {
    let answer = http.get(url).timeout(TIMEOUT).send().await;
    let mut answer = answer.map_err(|_| "no answer")?;
    // Redirects are not followed: the address is a setting.
    if !answer.status().is_success() {
        return Err("refused");
    }
    let mut document = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| "the answer broke off")? {
        if document.len() + chunk.len() > BODY_LIMIT {
            return Err("the answer is too large");
        }
        document.extend_from_slice(&chunk);
    }
    Keys::from_json(&document).ok_or("this is no key set")
}
