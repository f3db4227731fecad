//! A run: containers at work, the clock, and what happens to the platform meanwhile.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::LocalSet;

use super::people;
use super::plan::seconds;
use super::platform::{Platform, Started};
use super::worker::work;
use super::world::{Kind, What, World};

/// Containers of each kind. On AWS the dialer has five at most and the events ten.
const CONTAINERS: [(Kind, usize); 3] = [(Kind::Dialer, 8), (Kind::Events, 8), (Kind::Ticker, 2)];
const MINUTE: SignedDuration = SignedDuration::from_secs(60);
/// So many minutes nothing may happen, before a run that is through is over.
const QUIET: usize = 16;
/// So many minutes nothing changes, before a run is stuck.
const STUCK: usize = 240;

/// Where the campaigns stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Standing {
    unfinished: i64,
    open: i64,
    next_due: Option<Timestamp>,
}

/// Runs until every campaign is through and nothing has happened for a while, or nothing happens any more.
pub(super) async fn run(platform: &Platform) -> anyhow::Result<Vec<Started>> {
    let local = LocalSet::new();
    // The futures of whole functions are large.
    let outcome = local
        .run_until(Box::pin(async {
            for (kind, containers) in CONTAINERS {
                for _ in 0..containers {
                    let (world, app) = (Arc::clone(&platform.world), platform.container());
                    tokio::task::spawn_local(work(world, app, kind));
                }
            }
            let started = platform.start(&platform.container()).await?;
            let phones = platform.some_phones(&started).await?;
            plan_trouble(platform, &phones);
            conduct(platform, &started).await?;
            anyhow::Ok(started)
        }))
        .await;
    platform.world.end();
    local.await;
    outcome
}

/// Failovers and outages while the most is going on.
fn plan_trouble(platform: &Platform, phones: &[(usize, String)]) {
    let world = &platform.world;
    let plan = &world.plan;
    let now = world.clock.now();
    world.plan_for(now + MINUTE, What::Tick);
    if plan.faults <= 0.0 {
        return;
    }
    let mut chance = plan.clock();
    let long = f64::from(plan.contacts) * 60.0 / f64::from(plan.slots);
    for _ in 0..6 {
        world.plan_for(now + seconds(chance.share() * long), What::Failover);
    }
    for _ in 0..3 {
        let at = now + seconds(chance.share() * long);
        world.plan_for(at, What::Close);
        world.plan_for(at + seconds(20.0 + chance.share() * 130.0), What::Reopen);
    }
    people::plan(platform, &mut chance, long, phones);
}

async fn conduct(platform: &Platform, started: &[Started]) -> anyhow::Result<()> {
    let desk = platform.container();
    let world = &platform.world;
    let (mut last, mut quiet, mut unchanged) = (Standing::default(), 0, 0);
    let mut minutes: u64 = 0;
    loop {
        idle(world).await;
        for what in world.go_on() {
            match what {
                What::Webhook {
                    call,
                    step,
                    names_attempt,
                } => world.tell(&platform.vapi.message(call, step, names_attempt)),
                What::Failover => {
                    // In the middle of what begins now.
                    tokio::time::sleep(Duration::from_millis(3)).await;
                    world.tally("sessions ended by a failover", platform.fail_over().await?);
                }
                What::Close => {
                    world.tally("outages of the database", 1);
                    platform.pooler.close();
                }
                What::Reopen => platform.pooler.reopen(),
                What::Act(act) => Box::pin(people::act(platform, &desk, started, act)).await,
                What::Tick => {
                    minutes += 1;
                    world.tally("ticks", 1);
                    // A schedule is kept at least once.
                    world.tick(if minutes.is_multiple_of(16) { 2 } else { 1 });
                    let mut next = world.clock.now() + MINUTE;
                    if world.is_empty() {
                        let standing = standing(platform).await?;
                        unchanged = if standing == last { unchanged + 1 } else { 0 };
                        let through = standing.unfinished == 0 && standing.open == 0;
                        quiet = if through { quiet + 1 } else { 0 };
                        if quiet > QUIET || unchanged > STUCK {
                            return Ok(());
                        }
                        // Nothing can happen before somebody is due.
                        if standing.open == 0 && !through {
                            next = standing.next_due.map_or(next, |due| next.max(due));
                        }
                        last = standing;
                    }
                    world.plan_for(next, What::Tick);
                }
            }
        }
        world.news.notify_waiters();
    }
}

async fn idle(world: &World) {
    while !world.is_idle() {
        world.quiet.notified().await;
    }
}

async fn standing(platform: &Platform) -> anyhow::Result<Standing> {
    let row = platform
        .database
        .query_one(
            "-- One whose budget is used up is through: nobody raises it.
             with under_way as (
               select id from campaigns
                where status not in ('completed', 'cancelled') and pause_reason is distinct from 'budget_exhausted'
             )
             select (select count(*) from under_way),
                    (select count(*) from call_attempts where status in ('queued', 'dialing', 'unknown', 'in_call')),
                    (select (extract(epoch from min(due_at)) * 1000)::bigint
                       from campaign_contacts k join under_way u on u.id = k.campaign_id
                      where k.status in ('pending', 'waiting'))",
            &[],
        )
        .await?;
    let due: Option<i64> = row.get(2);
    Ok(Standing {
        unfinished: row.get(0),
        open: row.get(1),
        next_due: due.and_then(|due| Timestamp::from_millisecond(due).ok()),
    })
}
