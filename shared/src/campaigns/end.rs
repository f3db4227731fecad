//! The end of an attempt: its outcome decides whether its contact is done, called again, or never again. Called inside
//! the transaction that stores the event which tells of it.

use jiff::{SignedDuration, Timestamp};

use super::store::ending::{Open, Settled};
use super::{Status, store};
use crate::App;
use crate::db::{DbError, TenantTx};
use crate::kernel::ended_reason::{Action, Outcome};
use crate::kernel::ids::AttemptId;

pub use super::offer::release_next;

/// How many attempts of a contact may go uncounted because the platform failed: then they count, so that a fault that
/// lasts does not ring a person for ever.
const MOST_UNCOUNTED: i32 = 2;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptEnd {
    /// Which.
    pub attempt: AttemptId,
    /// How.
    pub outcome: Outcome,
    /// What the provider's reason calls for.
    pub action: Action,
    /// Whether anybody picked up.
    pub was_answered: bool,
    /// When.
    pub at: Timestamp,
}

/// What the end changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The attempt ended now; its slot is free.
    Now,
    /// It had ended before, or was given back: nothing changed.
    Before,
}

/// Vapi has the call: notes its id. A repeated or late word changes nothing.
pub async fn attempt_in_call(
    tx: &TenantTx,
    attempt: AttemptId,
    vapi_call_id: &str,
    at: Timestamp,
) -> Result<(), DbError> {
    store::attempt::mark_in_call(tx, attempt, vapi_call_id, at).await
}

/// Ends the attempt, once.
pub async fn attempt_ended(tx: &TenantTx, app: &App, end: &AttemptEnd) -> Result<Ended, DbError> {
    let may_pause = end.action == Action::StopCampaign;
    let Some(open) = store::ending::lock_open(tx, end.attempt, may_pause).await? else {
        return Ok(Ended::Before);
    };
    store::ending::settle(tx, &settle(&open, end, app.clock.now()), end.at).await?;
    Ok(Ended::Now)
}

/// What follows from an outcome.
fn settle(open: &Open, end: &AttemptEnd, now: Timestamp) -> Settled<'static> {
    let final_status = match end.outcome {
        Outcome::Answered | Outcome::Transferred => "completed",
        Outcome::Cancelled => "cancelled",
        _ => "failed",
    };
    // The platform failed before anybody was reached.
    let faulty = end.outcome == Outcome::Failed
        && matches!(end.action, Action::Requeue | Action::StopCampaign)
        && !end.was_answered;
    let done = |uncount| Settled {
        attempt: end.attempt,
        outcome: end.outcome,
        contact_status: final_status,
        due_at: None,
        uncount,
        pause: None,
        fault: faulty,
    };
    let again = |due_at, uncount, pause| Settled {
        contact_status: "waiting",
        due_at,
        pause,
        ..done(uncount)
    };
    let over = open.campaign_status.is_none_or(Status::is_over);
    // We took it back before anybody was reached, because its window ended: the contact keeps its turn.
    if end.outcome == Outcome::Cancelled && open.is_recalled && !end.was_answered && !over {
        return again(Some(now), 1, None);
    }
    if final_status != "failed" || end.action == Action::BadNumber {
        return done(0);
    }
    // That does not use up the contact's attempts.
    let uncount = i32::from(faulty && open.tries - open.attempts < MOST_UNCOUNTED);
    if over {
        return done(uncount);
    }
    if end.action == Action::StopCampaign {
        return again(Some(now), uncount, Some("provider_configuration"));
    }
    let attempts_left = open.attempts - uncount < open.max_attempts;
    if attempts_left && (uncount > 0 || open.retry_on.contains(&end.outcome)) {
        let delay = SignedDuration::from_mins(i64::from(open.retry_delay_minutes));
        return again(now.saturating_add(delay).ok(), uncount, None);
    }
    done(uncount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Clock;

    fn open() -> Open {
        Open {
            campaign_status: Some(Status::Running),
            attempts: 1,
            tries: 1,
            max_attempts: 3,
            retry_delay_minutes: 60,
            retry_on: super::super::settings::RETRYABLE.to_vec(),
            is_recalled: false,
        }
    }

    fn after(open: &Open, outcome: Outcome, action: Action, was_answered: bool) -> (&'static str, i32, bool) {
        let now: Timestamp = "2026-11-24T11:00:00Z".parse().unwrap();
        let end = AttemptEnd {
            attempt: AttemptId::new(&Clock::system()),
            outcome,
            action,
            was_answered,
            at: now,
        };
        let settled = settle(open, &end, now);
        (settled.contact_status, settled.uncount, settled.pause.is_some())
    }

    /// what follows from each outcome.
    #[test]
    fn each_outcome_has_its_consequence() {
        let running = open();
        assert_eq!(
            after(&running, Outcome::Answered, Action::None, true),
            ("completed", 0, false)
        );
        assert_eq!(
            after(&running, Outcome::Transferred, Action::None, true),
            ("completed", 0, false)
        );
        assert_eq!(
            after(&running, Outcome::Cancelled, Action::None, false),
            ("cancelled", 0, false)
        );
        for outcome in [
            Outcome::NoAnswer,
            Outcome::Busy,
            Outcome::Voicemail,
            Outcome::Failed,
        ] {
            assert_eq!(
                after(&running, outcome, Action::Redial, false),
                ("waiting", 0, false),
                "{outcome:?}"
            );
        }
        assert_eq!(
            after(&running, Outcome::Failed, Action::BadNumber, false),
            ("failed", 0, false)
        );
        assert_eq!(
            after(&running, Outcome::Failed, Action::Requeue, false),
            ("waiting", 1, false)
        );
        assert_eq!(
            after(&running, Outcome::Failed, Action::Requeue, true),
            ("waiting", 0, false)
        );
        assert_eq!(
            after(&running, Outcome::Failed, Action::StopCampaign, false),
            ("waiting", 1, true)
        );
    }

    #[test]
    fn the_last_attempt_is_final() {
        let last = Open {
            attempts: 3,
            tries: 3,
            ..open()
        };
        assert_eq!(
            after(&last, Outcome::NoAnswer, Action::Redial, false),
            ("failed", 0, false)
        );
        let unwanted = Open {
            retry_on: vec![Outcome::Busy],
            ..open()
        };
        assert_eq!(
            after(&unwanted, Outcome::NoAnswer, Action::Redial, false),
            ("failed", 0, false)
        );
    }

    #[test]
    fn a_fault_that_lasts_is_counted_in_the_end() {
        let lasting = Open {
            attempts: 1,
            tries: 3,
            ..open()
        };
        assert_eq!(
            after(&lasting, Outcome::Failed, Action::Requeue, false),
            ("waiting", 0, false)
        );
    }

    #[test]
    fn a_call_that_we_took_back_does_not_count() {
        //
        let recalled = Open {
            is_recalled: true,
            ..open()
        };
        let taken_back = |open: &Open, answered| after(open, Outcome::Cancelled, Action::None, answered);
        assert_eq!(taken_back(&recalled, false), ("waiting", 1, false));
        assert_eq!(taken_back(&recalled, true), ("cancelled", 0, false));
        let over = Open {
            campaign_status: Some(Status::Cancelled),
            ..recalled
        };
        assert_eq!(taken_back(&over, false), ("cancelled", 0, false));
    }

    #[test]
    fn nothing_is_tried_again_in_a_cancelled_campaign() {
        let cancelled = Open {
            campaign_status: Some(Status::Cancelled),
            ..open()
        };
        assert_eq!(
            after(&cancelled, Outcome::NoAnswer, Action::Redial, false),
            ("failed", 0, false)
        );
    }
}
