//! What is known of the platform's lines at Vapi, which all organisations share: how many it allows, and that it had none
//! left. Nobody asks Vapi; it tells with the calls that are placed.

use jiff::{SignedDuration, Timestamp};

use super::gate::Line;
use super::store;
use crate::adapters::vapi::{PlaceCallError, Placed};
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{AttemptId, CallId};

/// The reason of Vapi's for the end of a call that it accepted and then had no line for.
pub(crate) const NO_LINE: &str = "call.start.error-subscription-concurrency-limit-reached";

/// How long a line that was leased for a call waits for the call to be placed: the lease ends with the longest call, reckoned
/// from its release.
pub(super) const HELD: SignedDuration = SignedDuration::from_mins(10);

/// The line of a call that was released then.
pub(super) fn held_since(released_at: Timestamp) -> Line {
    Line::HeldUntil(released_at.saturating_add(HELD).unwrap_or(released_at))
}

/// What an answer says about the lines.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lines {
    refused: bool,
    allowed: Option<i32>,
    remaining: Option<i32>,
}

impl Lines {
    /// Vapi had no line left.
    pub(crate) const fn refused() -> Self {
        Self {
            refused: true,
            allowed: None,
            remaining: None,
        }
    }

    /// What it says with a call that it takes (`subscriptionLimits`, where it still sends them).
    pub(super) fn told(placed: &Placed) -> Self {
        Self {
            refused: false,
            allowed: whole(placed.concurrency_limit),
            remaining: whole(placed.remaining_concurrent_calls),
        }
    }

    /// The same with one that it does not take: `concurrencyBlocked`, "concurrency" in a 400, or a 429, after which less
    /// is asked of it too.
    pub(super) fn told_by_refusal(error: &PlaceCallError) -> Self {
        match error {
            PlaceCallError::Busy {
                concurrency_limit, ..
            } => Self {
                allowed: whole(*concurrency_limit),
                ..Self::refused()
            },
            _ => Self::default(),
        }
    }

    /// Notes it: fewer lines are used from now on, or one more.
    pub(crate) async fn learn(
        &self,
        tx: &TenantTx,
        attempt: AttemptId,
        now: Timestamp,
    ) -> Result<(), DbError> {
        if !self.refused && self.allowed.is_none() && self.remaining.is_none() {
            return Ok(());
        }
        let told = (self.refused, self.allowed, self.remaining);
        store::lines::learn(tx, attempt, told, now).await
    }
}

fn whole(number: Option<i64>) -> Option<i32> {
    number.and_then(|number| i32::try_from(number).ok())
}

/// An inbound call takes a line of the pool, or has given it back.
pub(crate) async fn note_inbound(
    tx: &TenantTx,
    call: CallId,
    under_way: bool,
    now: Timestamp,
) -> Result<(), DbError> {
    store::lines::note_inbound(tx, call, under_way, now).await
}
