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
    let mut ticked = Ticked::default();
    let swept = outbox::sweep(app, now).await;
    ticked.swept = swept
        .inspect_err(|error| report("outbox", error))
        .unwrap_or_default();
    let retried = calls::retry_parked(app, now).await;
    ticked.events = retried
        .inspect_err(|error| report("parked events", error))
        .unwrap_or_default()
        .applied;
    let reminded = gdpr::remind(app, now).await;
    ticked.reminded = reminded
        .inspect_err(|error| report("gdpr", error))
        .unwrap_or_default();
    let imported = imports::remind(app, now).await;
    ticked.imports = imported
        .inspect_err(|error| report("imports", error))
        .unwrap_or_default();
    let reconciled = reconcile::reconcile(app).await;
    ticked.reconciled = reconciled
        .inspect_err(|error| report("reconciliation", error))
        .unwrap_or_default();
    let looked_after = upkeep::run(app).await;
    ticked.looked_after = looked_after
        .inspect_err(|error| report("upkeep of campaigns", error))
        .unwrap_or_default();
    let reports = calls::ask_for_reports(app, now).await;
    ticked.reports = reports
        .inspect_err(|error| report("reports", error))
        .unwrap_or_default();
    let texts = messages::sweep::sweep(app, now).await;
    ticked.texts = texts
        .inspect_err(|error| report("messages", error))
        .unwrap_or_default();
    if let Err(error) = limits::sweep(app, now).await {
        report("limits", &error);
    }
    if let Err(error) = app
        .db
        .ensure_partitions(now.to_zoned(jiff::tz::TimeZone::UTC).date())
        .await
    {
        report("partitions", &error);
    }
    if let Err(error) = consents::forget_old(app, now).await {
        report("consents", &error);
    }
    if let Err(error) = proof::forget(app, now).await {
        report("codes", &error);
    }
    if let Err(error) = solicitation::forget_old(app, now).await {
        report("solicitations", &error);
    }
    if let Err(error) = offer::forget_old_turns(app).await {
        report("turns", &error);
    }
    let keys = app.db.expire_idempotency_keys(now, KEYS).await;
    ticked.keys = keys
        .inspect_err(|error| report("idempotency keys", error))
        .unwrap_or_default();
    // Before anybody is called: nobody is with an assistant that was not looked at.
    let assistants = speakers::check_assistants(app).await;
    ticked.assistants = assistants
        .inspect_err(|error| report("assistants", error))
        .unwrap_or_default();
    ticked.released = offer::release_due(app).await?;
    Ok(ticked)
}

fn report(part: &str, error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(part, error, "a part of the tick failed and is tried at the next");
}
