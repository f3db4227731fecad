//! The campaign engine under fire: `make chaos SEED=… CONTACTS=… SEEDS=… JOBS=…`.
//!
//! The functions themselves, on the database itself, with everything around them failing: containers that die at any wait,
//! answers that are lost, a queue that repeats and disorders, webhooks that come early, late, twice or never, a provider
//! that refuses, breaks and lists late, a database that fails over. The clock is the run's own. At the end, what the
//! stand-in of Vapi really received says whether anybody was called twice, forgotten, or kept a slot.
//!
//! What happens to a person's `n`-th request, how that call goes and which of its messages come is drawn from the seed by
//! person and number, and so is the same in every run of a seed. When a container dies and which connection breaks is drawn
//! by the order in which work is taken up, which PostgreSQL decides: a seed repeats the trouble, not every interleaving.

mod bounds;
mod crash;
mod line;
mod people;
mod plan;
mod platform;
mod run;
mod seeds;
mod vapi;
mod verdict;
mod worker;
mod world;

use std::time::Instant;

use anyhow::{Context, bail};
use jiff::Timestamp;

use crate::postgres::Server;
use crate::stack::Stack;
use crate::terminal::{print, step};
use crate::{daemon, postgres, settings};

use plan::Plan;
use platform::Platform;
use verdict::Verdict;

/// A Tuesday, half past twelve in Paris: the law's hours end while the most is going on.
const BEGINS_AT: &str = "2026-11-24T11:30:00Z";
/// What is told of every run, and again in the line of a seed.
const CALLS: &str = "calls placed";
const SECONDS: &str = "seconds on this machine's";

impl Stack {
    /// Runs as many seeds as are wanted, some at once, and fails where one of them finds anything.
    pub async fn chaos(&mut self) -> anyhow::Result<()> {
        let number = |name: &str, otherwise: u64| match settings::environment(name) {
            Some(text) => text.parse().with_context(|| format!("{name} is not a number")),
            None => Ok(otherwise),
        };
        let (first, seeds, jobs) = (number("SEED", 1)?, number("SEEDS", 1)?, number("JOBS", 1)?);
        let contacts = u32::try_from(number("CONTACTS", 300)?)?;
        let faults = number("FAULTS", 100)?;
        let slots = i32::try_from((contacts / 150).clamp(8, 100))?;
        let plan = |seed| Plan {
            seed,
            contacts,
            slots,
            #[expect(clippy::cast_precision_loss, reason = "a percentage")]
            faults: faults as f64 / 100.0,
        };
        let turn = daemon::take_turn(&self.layout, "turn")?;
        let ran = Server::locate(&self.layout).await?.is_running().await?;
        self.start_postgres().await?;
        drop(turn);
        let mut results = seeds::run(self, (first..first + seeds).map(plan).collect(), jobs);
        let mut bad = Vec::new();
        let mut outcome = Ok(());
        while let Some((plan, result)) = results.recv().await {
            match result {
                Ok(verdict) => {
                    show(&plan, &verdict, seeds == 1);
                    if !verdict.is_good() {
                        bad.push(plan.seed.to_string());
                    }
                }
                // Those that are under way come to their end.
                Err(error) => outcome = Err(error.context(format!("seed {}", plan.seed))),
            }
        }
        if !ran {
            let _turn = daemon::take_turn(&self.layout, "turn")?;
            Server::locate(&self.layout).await?.stop().await?;
        }
        outcome?;
        if bad.is_empty() {
            return Ok(());
        }
        bail!("not every count is zero: seed {}", bad.join(", "))
    }

    /// One seed, in a database that is removed afterwards, unless there is something to look for in it.
    async fn chaos_of(&self, plan: &Plan) -> anyhow::Result<Verdict> {
        let begins_at: Timestamp = BEGINS_AT.parse()?;
        let platform = Platform::make(plan, begins_at, &self.ports, &self.secrets).await?;
        let began = Instant::now();
        let label = format!("seed {}: {} contacts under fire", plan.seed, plan.contacts);
        let started = step(&label, Box::pin(run::run(&platform))).await?;
        let app = platform.container();
        platform.pooler.reopen();
        let mut verdict = verdict::judge(&platform, &app, &started).await?;
        let hours = platform.world.clock.now().duration_since(begins_at).as_hours();
        verdict
            .told
            .push(("hours on the run's clock".to_owned(), usize::try_from(hours)?));
        let seconds = usize::try_from(began.elapsed().as_secs())?;
        verdict.told.push((SECONDS.to_owned(), seconds));
        drop((app, platform));
        if verdict.is_good() {
            postgres::remove(&platform::name(plan), &self.ports, &self.secrets).await?;
        }
        Ok(verdict)
    }
}

/// One line per count; of many seeds, one line per seed.
fn show(plan: &Plan, verdict: &Verdict, whole: bool) {
    if whole {
        for (what, count) in &verdict.told {
            print(format!("{count:>9}  {what}"));
        }
        print("What must be zero:");
        for (what, count) in &verdict.wrong {
            let mark = if *count == 0 { "✓" } else { "✗" };
            print(format!("{count:>9}  {what} {mark}"));
        }
    } else {
        let duplicates = verdict.of("attempts that were requested twice")
            + verdict.of("two calls of one contact at once")
            + verdict.of("calls beyond a contact's attempts")
            + verdict.of("calls to somebody who had answered");
        let wrong: usize = verdict.wrong.iter().map(|(_, count)| count).sum();
        print(format!(
            "seed {:>4}: {duplicates} duplicates, {} lost, {} leaked, {wrong} wrong in all ({} calls, {} s)",
            plan.seed,
            verdict.of("contacts lost"),
            verdict.of("slots leaked"),
            verdict.told_of(CALLS),
            verdict.told_of(SECONDS),
        ));
    }
    for example in &verdict.examples {
        print(format!("           {example}"));
    }
}
