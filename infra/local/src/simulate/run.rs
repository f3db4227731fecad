//! A run: what happens next is done by the functions themselves, until everybody who is waited for is through.

use std::time::Instant;

use anyhow::{Context, bail};
use jiff::SignedDuration;
use serde_json::json;
use zencall::campaigns::start;
use zencall::worker::Message;

use super::measure::{self, Cost};
use super::plan::Ending;
use super::platform::Platform;
use super::world::{Call, Seen, What};
use crate::terminal::say;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// Longer than any run takes, on its own clock.
const TOO_LONG: SignedDuration = SignedDuration::from_hours(24 * 60);
/// How many calls lie between two signs of life.
const SIGN_OF_LIFE: usize = 20_000;

/// What a run showed.
pub(super) struct Outcome {
    pub(super) seen: Seen,
    pub(super) cost: Cost,
    /// How long each tenant took that is waited for.
    pub(super) took: Vec<f64>,
    /// How many contacts were not through when the time was over.
    pub(super) left: u32,
}

/// Runs until these tenants are through; until all are where none is named, or the time of this machine is over.
pub(super) async fn run(
    platform: &Platform,
    wanted: &[usize],
    deadline: Option<Instant>,
) -> anyhow::Result<Outcome> {
    let world = &platform.world;
    let ends_at = world.plan.begins_at + TOO_LONG;
    let before = Cost::so_far(&platform.database).await?;
    let (mut calls, began) = (0, Instant::now());
    while !world.is_done(wanted) && deadline.is_none_or(|deadline| Instant::now() < deadline) {
        let what = world.next().context("nothing happens any more")?;
        if world.clock.now() > ends_at {
            bail!("{} contacts are never through", world.open());
        }
        if matches!(what, What::End(_)) {
            calls += 1;
            if calls % SIGN_OF_LIFE == 0 {
                say(format!(
                    "• {calls} calls, {} contacts left, {} s, {:.0} MB",
                    world.open(),
                    began.elapsed().as_secs(),
                    measure::peak_memory().unwrap_or_default()
                ));
            }
        }
        // Boxed: the futures of whole use-cases are large.
        Box::pin(happen(platform, what)).await?;
    }
    let cost = Cost::so_far(&platform.database).await?.since(&before);
    let took = wanted.iter().filter_map(|tenant| world.took(*tenant)).collect();
    Ok(Outcome {
        left: if wanted.is_empty() { world.open() } else { 0 },
        seen: world.seen(),
        cost,
        took,
    })
}

async fn happen(platform: &Platform, what: What) -> anyhow::Result<()> {
    let (app, world) = (&platform.app, &platform.world);
    match what {
        What::Start(tenant) => {
            let (caller, campaign) = platform.starter(tenant);
            start::start(app, &caller, campaign)
                .await
                .map_err(|error| anyhow::anyhow!("a campaign does not start: {error}"))?;
        }
        What::Message(body) => call_dialer::handle(app, &message(body)).await?,
        What::End(call) => provider_events::handle(app, &message(report(&call, world.clock.now()))).await?,
        What::Again(_) => {}
        What::Tick => {
            minute_tick::run(app).await?;
            world.plan_for(world.clock.now() + MINUTE, What::Tick);
        }
    }
    Ok(())
}

fn message(body: String) -> Message {
    Message {
        id: "message".to_owned(),
        body,
        receive_count: 1,
        sent_at: None,
    }
}

/// The report of a call as `vapi-webhook` leaves it on the queue of events.
fn report(call: &Call, now: jiff::Timestamp) -> String {
    let reason = match call.course.ending {
        Ending::Answered => "customer-ended-call",
        Ending::Unanswered => "customer-did-not-answer",
        Ending::Busy => "customer-busy",
    };
    let started_at = (call.course.ending == Ending::Answered).then_some(call.placed_at);
    json!({
        "v": 1,
        "kind": "end-of-call-report",
        "occurred_at": now,
        "received_at": now,
        "keys": { "attempt": call.attempt, "call": call.id, "assistant": call.assistant, "phone_number": null },
        "inbound": false,
        "phone": null,
        "call_created_at": call.placed_at,
        "started_at": started_at,
        "ended_at": now,
        "fact": { "report": { "ended_reason": reason, "cost": "0.05" } },
    })
    .to_string()
}
