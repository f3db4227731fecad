//! `minute-tick`: once a minute, what nobody else would notice. Calls that have become due, messages that a crash left
//! behind, events that came before their call was known, attempts of which nothing is heard, reports that did not come,
//! assistants that somebody has changed at Vapi.

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
        swept: done("outbox", outbox::sweep(app, now).await),
        events: done("parked events", calls::retry_parked(app, now).await).applied,
        reminded: done("gdpr", gdpr::remind(app, now).await),
        imports: done("imports", imports::remind(app, now).await),
        reconciled: done("reconciliation", reconcile::reconcile(app).await),
        looked_after: done("upkeep of campaigns", upkeep::run(app).await),
        reports: done("reports", calls::ask_for_reports(app, now).await),
        texts: done("messages", messages::sweep::sweep(app, now).await),
        ..Ticked::default()
    };
    done("limits", limits::sweep(app, now).await);
    done("partitions", app.db.ensure_partitions(today).await);
    done("consents", consents::forget_old(app, now).await);
    done("codes", proof::forget(app, now).await);
    done("solicitations", solicitation::forget_old(app, now).await);
    done("turns", offer::forget_old_turns(app).await);
    let keys = app.db.expire_idempotency_keys(now, KEYS).await;
    ticked.keys = done("idempotency keys", keys);
    // Before anybody is called: nobody is with an assistant that was not looked at.
    ticked.assistants = done("assistants", speakers::check_assistants(app).await);
    ticked.released = offer::release_due(app).await?;
    Ok(ticked)
}

/// What a part has done; one that failed is logged, and tried again at the next tick.
fn done<T: Default, E: std::error::Error + 'static>(part: &str, outcome: Result<T, E>) -> T {
    outcome.unwrap_or_else(|error| {
        let error: &(dyn std::error::Error + 'static) = &error;
        tracing::warn!(part, error, "a part of the tick failed and is tried at the next");
        T::default()
    })
}
