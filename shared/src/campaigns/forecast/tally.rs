//! What a forecast has found so far, and what follows from it: how long the calls take, what they cost, when the last one ends.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::warnings::warnings;
use super::{Forecast, RefusedGroup, ZoneGroup};
use crate::campaigns::calling_hours::CallingHours;
use crate::campaigns::gate::{self, Decision, History, Line, Refusal, RefusalCode};
use crate::campaigns::store::forecast::{Experience, Plan};
use crate::campaigns::store::release::Candidate;
use crate::kernel::Zones;
use crate::kernel::ended_reason::Outcome;

/// How often a contact is asked about again at the beginning of the next opening: a holiday may follow a weekend.
const OPENINGS: usize = 4;
/// How many clocks are told apart; the rest are told together.
const MOST_ZONES: usize = 40;
/// How long the end is looked for.
const HORIZON: usize = 2_000;
/// What an attempt takes and how often it is tried again where the organisation has no calls to learn from.
const USUAL_SECONDS: f64 = 60.0;
const USUAL_RETRIED: f64 = 0.5;
/// Fewer calls than this say nothing about an organisation.
const FEWEST_CALLS: i64 = 20;

/// What was found so far. Its size does not depend on the number of contacts.
pub(super) struct Tally<'a> {
    plan: &'a Plan,
    next_call: Decimal,
    now: Timestamp,
    refused: BTreeMap<(&'static str, &'static str), RefusedGroup>,
    zones: BTreeMap<String, (ZoneGroup, Zones)>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(plan: &'a Plan, next_call: Decimal, now: Timestamp) -> Self {
        Self {
            plan,
            next_call,
            now,
            refused: BTreeMap::new(),
            zones: BTreeMap::new(),
        }
    }

    pub(super) fn ask(&mut self, candidate: &Candidate, solicitations: Vec<Timestamp>) {
        let history = History {
            campaign_attempts: candidate.attempts,
            spent: self.plan.spent,
            next_call: self.next_call,
            solicitations,
            line: Line::ToCome,
        };
        let answer = self.first_time(candidate, &history);
        let zones = gate::zones(&candidate.gate, &self.plan.gate);
        let mut name = name_of(&zones);
        if self.zones.len() >= MOST_ZONES && !self.zones.contains_key(&name) {
            "others".clone_into(&mut name);
        }
        let (group, _) = self.zones.entry(name.clone()).or_insert_with(|| {
            let group = ZoneGroup {
                zone: name,
                callable: 0,
                refused: 0,
                first_call_at: None,
            };
            (group, zones)
        });
        match answer {
            Ok(at) => {
                group.callable += 1;
                group.first_call_at = earlier(group.first_call_at, Some(at));
            }
            Err(refusal) => {
                group.refused += 1;
                let key = (refusal.code.as_str(), refusal.rule);
                let refused = self.refused.entry(key).or_insert(RefusedGroup {
                    code: refusal.code,
                    rule: refusal.rule,
                    count: 0,
                    retry_at: None,
                });
                refused.count += 1;
                refused.retry_at = earlier(refused.retry_at, refusal.retry_at);
            }
        }
    }

    /// When the contact could be called: now, or when the hours allow it, if the gate still does then.
    fn first_time(&self, candidate: &Candidate, history: &History) -> Result<Timestamp, Refusal> {
        let mut at = self.now;
        for _ in 0..OPENINGS {
            match gate::decide(&candidate.gate, &self.plan.gate, history, at) {
                Decision::Allow { .. } => return Ok(at),
                Decision::Refuse(refusal) => match (refusal.code, refusal.retry_at) {
                    (RefusalCode::OutsideHours | RefusalCode::PublicHoliday, Some(retry_at))
                        if retry_at > at =>
                    {
                        at = retry_at;
                    }
                    _ => return Err(refusal),
                },
            }
        }
        Err(Refusal::never(
            RefusalCode::OutsideHours,
            "campaign.settings.call_windows",
        ))
    }

    pub(super) fn finish(self, price_per_minute: Decimal, is_whole: bool) -> Forecast {
        let callable: i64 = self.zones.values().map(|(group, _)| group.callable).sum();
        let experience = &self.plan.experience;
        let seconds = experience.seconds() * count(callable) * self.attempts();
        let price = experience.price_per_minute().unwrap_or(price_per_minute);
        let minutes = seconds / 60.0;
        let cost = price * Decimal::try_from(minutes).unwrap_or_default();
        let first_call_at = self
            .zones
            .values()
            .filter_map(|(group, _)| group.first_call_at)
            .min();
        let estimated_end_at = self.end(seconds);
        let warnings = warnings(self.plan, callable, cost, is_whole);
        Forecast {
            callable,
            refused: self.refused.into_values().collect(),
            zones: self.zones.into_values().map(|(group, _)| group).collect(),
            first_call_at,
            estimated_end_at,
            estimated_minutes: (minutes * 10.0).round() / 10.0,
            estimated_cost: cost.round_dp(2),
            warnings,
        }
    }

    /// How many attempts a contact takes: as often as the last calls had to be repeated, up to the campaign's limit.
    fn attempts(&self) -> f64 {
        let again = self.plan.experience.retried(&self.plan.retry_on);
        let mut attempts = 0.0;
        let mut still = 1.0;
        for _ in 0..self.plan.gate.max_attempts.max(1) {
            attempts += still;
            still *= again;
        }
        attempts
    }

    /// All calls, side by side on the lines that the campaign may use, laid into the hours of each clock; the last clock
    /// to be through is the end. Delays before a repetition are not counted.
    fn end(&self, seconds: f64) -> Option<Timestamp> {
        let lines = self.plan.lines.max(1);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "rounded up seconds of at most some years"
        )]
        let needed = SignedDuration::from_secs((seconds / f64::from(lines)).ceil() as i64);
        let ends = self.zones.values().filter_map(|(group, zones)| {
            let hours = CallingHours::new(&self.plan.gate.call_windows, self.plan.gate.legal_basis, zones);
            lay(&hours, group.first_call_at?, needed)
        });
        ends.max()
    }
}

/// The instant at which `needed` seconds of opening hours have passed since `from`.
fn lay(hours: &CallingHours<'_>, from: Timestamp, needed: SignedDuration) -> Option<Timestamp> {
    let (mut at, mut left) = (from, needed);
    for _ in 0..HORIZON {
        let opening = match hours.dispatch_at(at) {
            Ok(opening) => opening,
            Err(closed) => {
                at = closed.retry_at.filter(|retry_at| *retry_at > at)?;
                continue;
            }
        };
        let Some(until) = opening.until else {
            return at.checked_add(left).ok();
        };
        let open = until.duration_since(at);
        if open >= left {
            return at.checked_add(left).ok();
        }
        left -= open;
        at = until;
    }
    None
}

fn earlier(left: Option<Timestamp>, right: Option<Timestamp>) -> Option<Timestamp> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}

fn name_of(zones: &Zones) -> String {
    if zones.is_unknown() {
        return "unknown".to_owned();
    }
    let names: Vec<_> = zones.as_slice().iter().map(|zone| zone.as_str()).collect();
    names.join(" + ")
}

#[expect(clippy::cast_precision_loss, reason = "counts of contacts are far below 2^52")]
fn count(contacts: i64) -> f64 {
    contacts as f64
}

impl Experience {
    pub(super) fn says_something(&self) -> bool {
        self.calls >= FEWEST_CALLS
    }

    pub(super) fn share(&self, calls: i64) -> f64 {
        count(calls) / count(self.calls.max(1))
    }

    fn seconds(&self) -> f64 {
        if self.says_something() {
            count(self.seconds) / count(self.calls)
        } else {
            USUAL_SECONDS
        }
    }

    /// The share of calls after which this campaign would call again.
    fn retried(&self, retry_on: &[Outcome]) -> f64 {
        if retry_on.is_empty() {
            return 0.0;
        }
        if !self.says_something() {
            return USUAL_RETRIED;
        }
        let retried = retry_on
            .iter()
            .map(|outcome| self.outcomes(outcome.as_str()))
            .sum();
        self.share(retried)
    }

    fn price_per_minute(&self) -> Option<Decimal> {
        let minutes = Decimal::from(self.paid_seconds) / Decimal::from(60);
        (self.says_something() && !minutes.is_zero()).then(|| self.cost / minutes)
    }

    pub(super) fn outcomes(&self, outcome: &str) -> i64 {
        self.by_outcome.get(outcome).copied().unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
