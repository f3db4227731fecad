//! The containers: each one function with a pool and clients of its own, one invocation at a time, and each invocation may
//! be its last.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use zencall::App;
use zencall::worker::run_batch;

use super::crash::Mortal;
use super::line::Letter;
use super::world::{Job, Kind, World};

/// What a process that died had sent arrives within this time; the clock waits for it.
const STILL_ON_ITS_WAY: Duration = Duration::from_millis(4);

/// Works until the run is over.
pub(super) async fn work(world: Arc<World>, app: App, kind: Kind) {
    loop {
        let mut news = std::pin::pin!(world.news.notified());
        news.as_mut().enable();
        if world.is_over() {
            return;
        }
        match world.next_job(kind) {
            Some((job, number)) => invoke(&world, &app, job, number).await,
            None => news.await,
        }
    }
}

async fn invoke(world: &World, app: &App, job: Job, number: u64) {
    let letters = match &job {
        Job::Calls(letters) | Job::Events(letters) => letters.as_slice(),
        Job::Tick => &[],
    };
    // A tick is as long as a batch of events.
    let length = if matches!(job, Job::Tick) {
        10
    } else {
        letters.len()
    };
    let death = world.plan.death(number, length);
    let again: HashSet<u64> = match Mortal::new(run(app, &job, letters), death).await {
        Ok(again) => again,
        Err(polls) => {
            world.tally(died(&job), 1);
            world.tally(stage(polls), 1);
            // What it sent is on its way, and arrives in this instant.
            tokio::time::sleep(STILL_ON_ITS_WAY).await;
            letters.iter().map(|letter| letter.id).collect()
        }
    };
    world.finish(job, |letter| again.contains(&letter.id));
}

/// One invocation; returns the messages that go back to the queue.
async fn run(app: &App, job: &Job, letters: &[Letter]) -> HashSet<u64> {
    // The shape that Lambda hands over; what does not read as it would go back too.
    let Ok(event) = serde_json::from_value(batch(letters)) else {
        return letters.iter().map(|letter| letter.id).collect();
    };
    let answer = match job {
        Job::Calls(_) => run_batch(app, event, &call_dialer::handle).await,
        Job::Events(_) => run_batch(app, event, &provider_events::handle).await,
        Job::Tick => {
            if let Err(error) = minute_tick::run(app).await {
                tracing::debug!(%error, "a tick failed");
            }
            return HashSet::new();
        }
    };
    answer
        .batch_item_failures
        .iter()
        .filter_map(|failure| failure.item_identifier.parse().ok())
        .collect()
}

fn batch(letters: &[Letter]) -> Value {
    let record = |letter: &Letter| {
        json!({
            "messageId": letter.id.to_string(),
            "body": letter.body,
            "attributes": { "ApproximateReceiveCount": letter.receives.to_string() },
            "messageAttributes": {},
        })
    };
    json!({ "Records": letters.iter().map(record).collect::<Vec<_>>() })
}

fn died(job: &Job) -> &'static str {
    match job {
        Job::Calls(_) => "deaths of a dialer",
        Job::Events(_) => "deaths while events were applied",
        Job::Tick => "deaths of a tick",
    }
}

/// How far it had come.
fn stage(polls: usize) -> &'static str {
    match polls {
        0..=4 => "… at the 1st to 4th wait",
        5..=9 => "… at the 5th to 9th wait",
        10..=19 => "… at the 10th to 19th wait",
        20..=39 => "… at the 20th to 39th wait",
        _ => "… later",
    }
}
