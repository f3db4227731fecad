//! `minute-tick`: once a minute, what nobody else would notice. Calls that have become due, messages that a crash left
//! behind, events that came before their call was known, attempts of which nothing is heard, reports that did not come,
//! assistants that somebody has changed at Vapi.

use std::time::Duration;

use serde::Serialize;
use zencall::App;
use zencall::calls;
use zencall::campaigns::{offer, reconcile, solicitation, speakers, upkeep};
use zencall::consents;
use zencall::gdpr;
use zencall::imports;
use zencall::limits;
use zencall::messages;
use zencall::outbox;
use zencall::proof;
use zencall::worker::NotHandled;

/// How many idempotency keys one tick deletes.
const KEYS: i32 = 10_000;
/// How long one part may take, so that a provider who does not answer keeps nobody from being called: whatever is left then is
/// done at the next tick.
const PART: Duration = Duration::from_secs(8);
/// The same for reconciliation, on which lines wait.
const RECONCILIATION: Duration = Duration::from_secs(20);

/// What a tick did.
#[derive(Debug, Default, Serialize)]
pub struct Ticked {
    /// Calls that were queued.
    pub released: usize,
    /// Attempts whose fate was found out, or whose message was sent again.
    pub reconciled: usize,
    /// Events that had waited for their call to be known.
    pub events: usize,
    /// Messages that a crash had left in the outbox.
    pub swept: usize,
    /// Exports and deletions that are due, or had lost their worker.
    pub reminded: usize,
    /// Imports whose file nobody told of, or that had lost their worker.
    pub imports: usize,
    /// Text messages that have become due, or whose fate is to be found out.
    pub texts: usize,
    /// Reports of calls that did not come and were asked for.
    pub reports: usize,
    /// Organisations whose campaigns needed some upkeep.
    pub looked_after: usize,
    /// Assistants of campaigns that call, looked at.
    pub assistants: usize,
    /// Idempotency keys whose day was over.
    pub keys: i32,
}

/// One tick. A part that fails is logged and does not keep the others from running.
pub async fn run(app: &App) -> Result<Ticked, NotHandled> {
    let now = app.clock.now();
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut ticked = Ticked {
        swept: part("outbox", outbox::sweep(app, now)).await,
        events: part("parked events", calls::retry_parked(app, now)).await.applied,
        reminded: part("gdpr", gdpr::remind(app, now)).await,
        imports: part("imports", imports::remind(app, now)).await,
        // Before the window ends in which they may ring.
        looked_after: part("upkeep of campaigns", upkeep::run(app)).await,
        reconciled: within(RECONCILIATION, "reconciliation", reconcile::reconcile(app)).await,
        reports: part("reports", calls::ask_for_reports(app, now)).await,
        texts: part("messages", messages::sweep::sweep(app, now)).await,
        ..Ticked::default()
    };
    part("limits", limits::sweep(app, now)).await;
    part("partitions", app.db.ensure_partitions(today)).await;
    part("consents", consents::forget_old(app, now)).await;
    part("codes", proof::forget(app, now)).await;
    part("solicitations", solicitation::forget_old(app, now)).await;
    part("turns", offer::forget_old_turns(app)).await;
    ticked.keys = part("idempotency keys", app.db.expire_idempotency_keys(now, KEYS)).await;
    // Before anybody is called: nobody is with an assistant that was not looked at.
    ticked.assistants = part("assistants", speakers::check_assistants(app)).await;
    ticked.released = offer::release_due(app).await?;
    Ok(ticked)
}

/// A part, as long as each may take.
fn part<T: Default, E: std::error::Error + 'static>(
    name: &str,
    work: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = T> {
    within(PART, name, work)
}

/// What a part has done; one that failed, or took too long, is logged and tried again at the next tick.
fn within<T: Default, E: std::error::Error + 'static>(
    time: Duration,
    part: &str,
    work: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = T> {
    // The futures of whole use-cases are large.
    let work = Box::pin(work);
    async move {
        match tokio::time::timeout(time, work).await {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => {
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::warn!(part, error, "a part of the tick failed and is tried at the next");
                T::default()
            }
            Err(_) => {
                tracing::warn!(part, "a part of the tick took too long and goes on at the next");
                T::default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_that_does_not_end_is_left_to_the_next_tick() {
        let endless = std::future::pending::<Result<usize, NotHandled>>();
        assert_eq!(within(Duration::from_millis(1), "endless", endless).await, 0);
        let done = async { Ok::<_, NotHandled>(3) };
        assert_eq!(within(Duration::from_mins(1), "quick", done).await, 3);
    }
}
