//! Pacing and fairness, shown: `make simulate` (SEED=…, SIZE=full; CONTACTS=…, TENANTS=… and SLOTS=… for
//! another size; MINUTES=… to stop after a while).
//!
//! The functions themselves, on the database itself, on a clock of their own: hours pass in seconds. Vapi and AWS answer at
//! once; how each call goes follows from the seed, the person and how often they were called, so that two runs of a seed
//! differ in nothing that is measured here but processor time and memory.

mod measure;
mod plan;
mod platform;
mod run;
mod world;

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use jiff::SignedDuration;

use crate::postgres::{self, Server};
use crate::stack::Stack;
use crate::terminal::{print, step};
use crate::{daemon, settings};

use plan::{Again, Plan, Tenant};
use platform::{NAME, Platform};
use run::Outcome;

/// A Tuesday, ten in the morning in Paris.
const BEGINS_AT: &str = "2026-11-24T09:00:00Z";
/// How much longer than alone a small tenant may take beside a large one; and from how many lines on that is all.
const BESIDE: f64 = 1.10;
const OUTRIGHT_FROM: i32 = 100;
/// How much longer than the lower bound everything may take.
const IN_ALL: f64 = 1.03;

/// What is run.
struct Size {
    /// Lines beside which a small tenant is looked at.
    beside: &'static [i32],
    tenants: u32,
    contacts: u32,
    slots: i32,
    /// Minutes of the day; none for calls at any time.
    windows: &'static [(i64, i64)],
    again: Again,
    paced: u32,
    /// When everybody together stops, through or not.
    deadline: Option<Instant>,
}

/// Two windows, the first of which ends in the middle of the work.
const SMALL: Size = Size {
    beside: &[10, 100],
    tenants: 24,
    contacts: 600,
    slots: 30,
    windows: &[(600, 612), (620, 780)],
    again: Again::Unanswered,
    paced: 150,
    deadline: None,
};

/// As the platform may be one day; with fewer calls per contact, since each costs milliseconds of this machine.
const FULL: Size = Size {
    beside: &[10, 100, 200],
    tenants: 500,
    contacts: 1_000_000,
    slots: 200,
    windows: &[],
    again: Again::Busy,
    paced: 2_000,
    deadline: None,
};

impl Stack {
    /// Runs and prints it all; fails where a bound is broken.
    pub async fn simulate(&mut self) -> anyhow::Result<()> {
        let seed = match settings::environment("SEED") {
            Some(text) => text.parse().context("SEED is not a number")?,
            None => 1,
        };
        let mut size = match settings::environment("SIZE").as_deref() {
            None | Some("small") => SMALL,
            Some("full") => FULL,
            Some(other) => bail!("SIZE={other} is neither small nor full"),
        };
        size.contacts = number("CONTACTS", size.contacts)?;
        size.tenants = number("TENANTS", size.tenants)?.clamp(1, size.contacts);
        size.slots = number("SLOTS", size.slots)?;
        let minutes: u64 = number("MINUTES", 0)?;
        if minutes > 0 {
            size.deadline = Some(Instant::now() + Duration::from_secs(60 * minutes));
        }
        let turn = daemon::take_turn(&self.layout, "turn")?;
        let ran = Server::locate(&self.layout).await?.is_running().await?;
        self.start_postgres().await?;
        drop(turn);
        let outcome = self.simulate_all(seed, &size).await;
        postgres::remove(NAME, &self.ports, &self.secrets).await?;
        if !ran {
            let _turn = daemon::take_turn(&self.layout, "turn")?;
            Server::locate(&self.layout).await?.stop().await?;
        }
        let broken = outcome?;
        if broken > 0 {
            bail!("{broken} bounds are broken");
        }
        Ok(())
    }

    /// Returns how many bounds are broken.
    async fn simulate_all(&self, seed: u64, size: &Size) -> anyhow::Result<usize> {
        let began = Instant::now();
        let mut broken = 0;
        print(format!("Seed {seed}. Seconds are those of the run's own clock."));
        for slots in size.beside {
            broken += self.beside_a_large_one(seed, *slots).await?;
        }
        broken += self.all_together(seed, size).await?;
        broken += self.as_fast_as_an_account_dials(seed, size.paced).await?;
        print(format!(
            "\n{:.0} s on this machine; this process held {:.0} MB at most.",
            began.elapsed().as_secs_f64(),
            measure::peak_memory().unwrap_or_default()
        ));
        Ok(broken)
    }

    async fn run(&self, label: &str, plan: Plan, wanted: &[usize]) -> anyhow::Result<Outcome> {
        self.run_until(label, plan, wanted, None).await
    }

    async fn run_until(
        &self,
        label: &str,
        plan: Plan,
        wanted: &[usize],
        deadline: Option<Instant>,
    ) -> anyhow::Result<Outcome> {
        let platform = Platform::make(plan, &self.ports, &self.secrets).await?;
        step(label, run::run(&platform, wanted, deadline)).await
    }

    /// A tenant with ten contacts, alone and beside one with 100,000 that has all the lines when it comes.
    async fn beside_a_large_one(&self, seed: u64, slots: i32) -> anyhow::Result<usize> {
        let small = tenant(10, 5, 1, 150);
        let large = tenant(100_000, 1000, 50, 0);
        let plan = |tenants| Plan {
            tenants,
            attempts: 1,
            ..plan(seed, slots)
        };
        let alone = self
            .run("ten contacts alone", plan(vec![small.clone()]), &[0])
            .await?;
        let label = format!("the same beside 100,000, {slots} lines");
        let beside = self.run(&label, plan(vec![small, large]), &[0]).await?;
        let (alone_took, took) = (alone.took[0], beside.took[0]);
        let mean = beside.seen.call_seconds / as_float(beside.seen.attempts);
        let outright = slots >= OUTRIGHT_FROM;
        let bound = BESIDE * alone_took + if outright { 0.0 } else { mean };
        print(format!(
            "\nTen contacts beside 100,000, {slots} lines: {took:.0} s; alone {alone_took:.0} s{}",
            if outright {
                String::new()
            } else {
                format!(", a mean call {mean:.0} s")
            }
        ));
        let mut broken = judge("at most", took, bound);
        broken += never(&beside);
        show_cost(&beside);
        Ok(broken)
    }

    /// Every tenant at once, until everybody is through: how long that takes, and how busy the lines are.
    async fn all_together(&self, seed: u64, size: &Size) -> anyhow::Result<usize> {
        let tenants: Vec<_> = shares(size.contacts, size.tenants)
            .into_iter()
            .map(|contacts| tenant(contacts, 1000, 10, 0))
            .collect();
        let plan = Plan {
            tenants,
            windows: size.windows.to_vec(),
            again: size.again,
            ..plan(seed, size.slots)
        };
        let label = format!(
            "{} tenants, {} contacts, {} lines",
            size.tenants, size.contacts, size.slots
        );
        let outcome = self.run_until(&label, plan, &[], size.deadline).await?;
        let seen = &outcome.seen;
        if outcome.left > 0 {
            print(format!(
                "\n{label}: the time is over, {} contacts are left after {} attempts and {:.0} legal seconds",
                outcome.left, seen.attempts, seen.legal_seconds
            ));
            return Ok(Self::judge_a_part(&outcome, size.slots));
        }
        let slots = f64::from(size.slots);
        let busy = seen.call_seconds / slots;
        let rate = as_float(seen.attempts) / (10.0 * f64::from(size.tenants));
        // Lines that stood idle while nobody was left but those who wait for their retry delay.
        let delays = seen.excused / slots;
        print(format!(
            "\n{label}: {} attempts, {:.0} legal seconds; lower bound {:.0} (calls {busy:.0}, rate {rate:.0}) and {delays:.0} of retry delays",
            seen.attempts,
            seen.legal_seconds,
            busy.max(rate),
        ));
        let ratio = seen.legal_seconds / (busy.max(rate) + delays);
        let mut broken = judge("ratio at most", ratio, IN_ALL);
        print(format!(
            "  lines idle while somebody could have been called: {:.2} % of the time",
            100.0 * seen.wasted / (seen.legal_seconds * slots)
        ));
        broken += never(&outcome);
        show_cost(&outcome);
        Ok(broken)
    }

    /// The same where the time was over first: how busy the lines were until then.
    fn judge_a_part(outcome: &Outcome, slots: i32) -> usize {
        let all = outcome.seen.legal_seconds * f64::from(slots);
        let wasted = outcome.seen.wasted;
        let mut broken = judge(
            "of the time that was needed, at most",
            all / (all - wasted),
            IN_ALL,
        );
        print(format!(
            "  lines idle while somebody could have been called: {:.2} % of the time",
            100.0 * wasted / all
        ));
        broken += never(outcome);
        show_cost(outcome);
        broken
    }

    /// A tenant that has lines enough, and an account that dials two calls a second.
    async fn as_fast_as_an_account_dials(&self, seed: u64, contacts: u32) -> anyhow::Result<usize> {
        let plan = Plan {
            tenants: vec![tenant(contacts, 1000, 2, 0)],
            attempts: 1,
            ..plan(seed, 400)
        };
        let begins_at = plan.begins_at;
        let outcome = self.run("an account at its pace", plan, &[0]).await?;
        let last = outcome.seen.last_dialled_at.unwrap_or(begins_at);
        let took = last.duration_since(begins_at).as_secs_f64();
        let bound = f64::from(contacts) / 2.0;
        print(format!(
            "\n{contacts} calls at two a second: the last dialled after {took:.0} s; lower bound {bound:.0}"
        ));
        let mut broken = judge("ratio at most", took / bound, IN_ALL);
        broken += never(&outcome);
        show_cost(&outcome);
        Ok(broken)
    }
}

/// A number of the command line, where it is given.
fn number<T: std::str::FromStr>(name: &str, usual: T) -> anyhow::Result<T> {
    match settings::environment(name) {
        Some(text) => text.parse().map_err(|_| anyhow!("{name} is not a number")),
        None => Ok(usual),
    }
}

fn plan(seed: u64, slots: i32) -> Plan {
    Plan {
        seed,
        slots,
        tenants: Vec::new(),
        windows: Vec::new(),
        attempts: 2,
        again: Again::Unanswered,
        retry_minutes: 10,
        begins_at: BEGINS_AT.parse().unwrap_or_default(),
    }
}

fn tenant(contacts: u32, limit: i32, per_second: i32, starts_after: i64) -> Tenant {
    Tenant {
        contacts,
        organization_limit: limit,
        campaign_limit: limit,
        per_second,
        starts_after: SignedDuration::from_secs(starts_after),
    }
}

/// Contacts of each tenant: a few have many, many have few; together exactly so many.
fn shares(contacts: u32, tenants: u32) -> Vec<u32> {
    let weight: u64 = (1..=u64::from(tenants)).map(|n| 1_000_000 / n).sum();
    let share = |n: u64| u64::from(contacts) * (1_000_000 / n) / weight;
    let mut shares: Vec<_> = (1..=u64::from(tenants))
        .map(|n| u32::try_from(share(n)).unwrap_or_default().max(1))
        .collect();
    let given: u32 = shares.iter().skip(1).sum();
    shares[0] = contacts.saturating_sub(given).max(1);
    shares
}

/// Prints a bound; returns 1 where it is broken.
fn judge(what: &str, measured: f64, bound: f64) -> usize {
    let broken = measured > bound;
    let mark = if broken { "✗" } else { "✓" };
    print(format!("  {measured:.3}, {what} {bound:.3} {mark}"));
    usize::from(broken)
}

/// Prints what must never happen; returns 1 where it did.
fn never(outcome: &Outcome) -> usize {
    let wrong = &outcome.seen.wrong;
    let mark = if wrong.all() == 0 { "✓" } else { "✗" };
    print(format!(
        "  never: more calls than lines {}, than a tenant's limit {}, out of hours {}, twice at once {}, too often {}, too fast {} {mark} (most at once {})",
        wrong.over_slots,
        wrong.over_limit,
        wrong.out_of_hours,
        wrong.twice_at_once,
        wrong.too_often,
        wrong.too_fast,
        outcome.seen.most_at_once
    ));
    usize::from(wrong.all() > 0)
}

fn show_cost(outcome: &Outcome) {
    let (cost, attempts) = (&outcome.cost, as_float(outcome.seen.attempts));
    print(format!(
        "  of the database per attempt: {:.1} transactions, {:.0} rows looked at or written, {:.1} written, {:.2} ms of a processor",
        cost.transactions / attempts,
        cost.rows / attempts,
        cost.written / attempts,
        cost.processor / attempts
    ));
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls")]
fn as_float(count: usize) -> f64 {
    count.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contact_belongs_to_a_tenant() {
        for (contacts, tenants) in [(900, 24), (1_000_000, 500)] {
            let shares = shares(contacts, tenants);
            assert_eq!(shares.iter().sum::<u32>(), contacts);
            assert!(shares.iter().all(|share| *share > 0));
        }
    }
}
