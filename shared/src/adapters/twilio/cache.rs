//! Organisations' credentials, kept for a few minutes: a webhook costs no request to Secrets Manager, and whoever sends
//! wrong signatures cannot make us ask for them again and again.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use super::keyring::Keyring;
use super::secret;
use crate::adapters::kept::{Fetch, Kept, Newer};
use crate::adapters::secrets::{Secrets, SecretsError};
use crate::kernel::Clock;
use crate::kernel::ids::OrganizationId;

/// Organisations remembered at once, those without credentials included.
const CAPACITY: u64 = 10_000;
/// However often they are used: the longest that credentials serve while Secrets Manager is down.
const LONGEST_LIFE: Duration = Duration::from_secs(60 * 60);

/// Organisations' credentials, or that there are none.
#[derive(Debug, Clone)]
pub struct CredentialsCache(Cache<OrganizationId, Arc<Kept<Keyring>>>);

/// Where credentials lie, and whose are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Secrets Manager.
    pub secrets: &'a Secrets,
    /// Part of the secret's name.
    pub stage: &'a str,
    /// Whose.
    pub organization: OrganizationId,
    /// Tells how old they are.
    pub clock: &'a Clock,
}

impl Default for CredentialsCache {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(CAPACITY).time_to_live(LONGEST_LIFE);
        Self(cache.build())
    }
}

impl CredentialsCache {
    /// The credentials; none where the organisation is not connected.
    pub async fn get(&self, wanted: Wanted<'_>) -> Result<Option<Arc<Keyring>>, SecretsError> {
        or_none(self.kept(wanted).await.get().await)
    }

    /// Whether there are others than these, which a signature or Twilio says are wrong; asked for at most once a minute.
    pub async fn newer_than(
        &self,
        refused: &Arc<Keyring>,
        wanted: Wanted<'_>,
    ) -> Result<Newer<Keyring>, SecretsError> {
        let newer = self.kept(wanted).await.newer_than(refused).await;
        Ok(or_none(newer)?.unwrap_or(Newer::Same))
    }

    async fn kept(&self, wanted: Wanted<'_>) -> Arc<Kept<Keyring>> {
        let kept = async {
            let name = secret::name(wanted.stage, wanted.organization);
            let (secrets, wanted_name) = (wanted.secrets.clone(), name.clone());
            let fetch: Fetch = Box::new(move || {
                let (secrets, name) = (secrets.clone(), wanted_name.clone());
                Box::pin(async move { secrets.get(&name).await })
            });
            let kept = Kept::new(&name, wanted.clock, fetch, Box::new(secret::read));
            // Strangers choose whose webhook it is that they forge.
            Arc::new(kept.remembering_absence())
        };
        self.0.get_with(wanted.organization, kept).await
    }
}

fn or_none<T>(outcome: Result<T, SecretsError>) -> Result<Option<T>, SecretsError> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(SecretsError::Absent(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
