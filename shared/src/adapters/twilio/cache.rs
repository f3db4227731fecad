//! Organisations' credentials, kept for a few minutes: a webhook costs no request to Secrets Manager, and whoever sends
//! wrong signatures cannot make us ask for them again and again.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use moka::future::Cache;
use moka::ops::compute::Op;

use super::TwilioCredentials;
use super::secret;
use crate::adapters::secrets::{Secrets, SecretsError};
use crate::kernel::ids::OrganizationId;

/// How long credentials are used without asking again.
const LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How old they must be before a wrong signature makes us ask again.
const REST: SignedDuration = SignedDuration::from_mins(1);
/// Organisations remembered at once, those without credentials included.
const CAPACITY: u64 = 10_000;

/// Organisations' credentials, or that there are none.
#[derive(Debug, Clone)]
pub struct CredentialsCache(Cache<OrganizationId, Known>);

#[derive(Debug, Clone)]
struct Known {
    credentials: Option<Arc<TwilioCredentials>>,
    loaded_at: Timestamp,
}

/// Where credentials lie, and whose are wanted when.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Secrets Manager.
    pub secrets: &'a Secrets,
    /// Part of the secret's name.
    pub stage: &'a str,
    /// Whose.
    pub organization: OrganizationId,
    /// The current time.
    pub now: Timestamp,
}

impl Default for CredentialsCache {
    fn default() -> Self {
        let life = Duration::from_secs(LIFE.as_secs().unsigned_abs());
        Self(Cache::builder().max_capacity(CAPACITY).time_to_live(life).build())
    }
}

impl CredentialsCache {
    /// The credentials; none where the organisation is not connected.
    pub async fn get(&self, wanted: Wanted<'_>) -> Result<Option<Arc<TwilioCredentials>>, SecretsError> {
        self.not_older_than(LIFE, wanted).await
    }

    /// The same, asked for again unless that happened within the last minute: the token may have changed.
    pub async fn refresh(&self, wanted: Wanted<'_>) -> Result<Option<Arc<TwilioCredentials>>, SecretsError> {
        self.not_older_than(REST, wanted).await
    }

    /// The same, asked for again in any case.
    pub async fn reload(&self, wanted: Wanted<'_>) -> Result<Option<Arc<TwilioCredentials>>, SecretsError> {
        self.not_older_than(SignedDuration::ZERO, wanted).await
    }

    /// One at a time for an organisation: who waited finds what the other one fetched.
    async fn not_older_than(
        &self,
        age: SignedDuration,
        wanted: Wanted<'_>,
    ) -> Result<Option<Arc<TwilioCredentials>>, SecretsError> {
        let is_fresh = |known: &Known| wanted.now.duration_since(known.loaded_at) < age;
        if let Some(known) = self.0.get(&wanted.organization).await
            && is_fresh(&known)
        {
            return Ok(known.credentials);
        }
        let computed = self
            .0
            .entry(wanted.organization)
            .and_try_compute_with(async |entry| {
                if entry.is_some_and(|entry| is_fresh(entry.value())) {
                    return Ok::<_, SecretsError>(Op::Nop);
                }
                let credentials = secret::load(wanted.secrets, wanted.stage, wanted.organization).await?;
                Ok(Op::Put(Known {
                    credentials: credentials.map(Arc::new),
                    loaded_at: wanted.now,
                }))
            })
            .await?;
        Ok(computed
            .into_entry()
            .and_then(|entry| entry.into_value().credentials))
    }
}
