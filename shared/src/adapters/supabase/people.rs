//! Who the users of Supabase Auth are here, kept for a minute at most: whoever is removed is out within it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use moka::future::Cache;
use uuid::Uuid;

use crate::kernel::membership::Membership;

/// How long somebody is known without asking again.
const LIFE: SignedDuration = SignedDuration::from_mins(1);
/// How long somebody stays unknown: they may have just been brought over.
const LIFE_OF_STRANGERS: SignedDuration = SignedDuration::from_secs(10);
/// People remembered at once, strangers included.
const CAPACITY: u64 = 10_000;

/// Users of Supabase Auth with whom they are here, if anybody.
#[derive(Debug, Clone)]
pub struct People(Cache<Uuid, Known>);

#[derive(Debug, Clone, Copy)]
struct Known {
    membership: Option<Membership>,
    loaded_at: Timestamp,
}

impl Default for People {
    fn default() -> Self {
        let life = Duration::from_secs(LIFE.as_secs().unsigned_abs());
        Self(Cache::builder().max_capacity(CAPACITY).time_to_live(life).build())
    }
}

impl People {
    /// Who this user is, from `load` where that was not asked lately.
    pub async fn get<E>(
        &self,
        user: Uuid,
        now: Timestamp,
        load: impl AsyncFnOnce() -> Result<Option<Membership>, E>,
    ) -> Result<Option<Membership>, E> {
        if let Some(known) = self.0.get(&user).await {
            let life = match known.membership {
                Some(_) => LIFE,
                None => LIFE_OF_STRANGERS,
            };
            if now.duration_since(known.loaded_at) < life {
                return Ok(known.membership);
            }
        }
        let membership = load().await?;
        let loaded_at = now;
        self.0
            .insert(
                user,
                Known {
                    membership,
                    loaded_at,
                },
            )
            .await;
        Ok(membership)
    }
}
