//! The demo's own bookkeeping: what the campaign's report must say, worked out from the calls that the stand-in of Vapi saw, and the
//! comparison of both.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use serde_json::Value;

/// Every outcome of a contact that the report counts, but skipped.
pub(super) const OUTCOMES: [&str; 7] = [
    "answered",
    "transferred",
    "no_answer",
    "busy",
    "voicemail",
    "failed",
    "cancelled",
];

/// Comparisons, and those that failed.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    checked: usize,
    wrong: Vec<String>,
}

impl Ledger {
    /// Compares two numbers that must be equal.
    pub(super) fn equal<T: PartialEq + std::fmt::Display>(&mut self, what: &str, found: T, expected: T) {
        self.holds(found == expected, || {
            format!("{what}: {found}, expected {expected}")
        });
    }

    /// Notes a condition.
    pub(super) fn holds(&mut self, condition: bool, complaint: impl FnOnce() -> String) {
        self.checked += 1;
        if !condition {
            self.wrong.push(complaint());
        }
    }

    /// How many comparisons there were, and what failed.
    pub(super) fn close(self) -> (usize, Vec<String>) {
        (self.checked, self.wrong)
    }
}

/// The calls of the campaign as the stand-in saw them.
#[derive(Debug, Default)]
pub(super) struct Placed {
    /// The outcomes for each number, in the order of the calls.
    by_number: BTreeMap<String, Vec<String>>,
    /// The ids that Vapi gave.
    pub(super) ids: BTreeSet<String>,
    /// How many attempts' ids came twice: nobody may be called twice for one attempt.
    repeated_attempts: usize,
}

impl Placed {
    /// Those of all calls that began after the others.
    pub(super) fn read(calls: &[Value], before: &BTreeSet<String>) -> anyhow::Result<Self> {
        let mut placed = Self::default();
        let mut attempts = BTreeSet::new();
        for call in calls {
            let text = |member: &str| call[member].as_str().map(str::to_owned);
            let id = text("id").context("a call without an id")?;
            if before.contains(&id) {
                continue;
            }
            let number = text("number").context("a call without a number")?;
            let outcome = text("outcome").with_context(|| format!("the call {id} has not ended"))?;
            let attempt = text("external_id").with_context(|| format!("the call {id} names no attempt"))?;
            if !attempts.insert(attempt) {
                placed.repeated_attempts += 1;
            }
            placed.by_number.entry(number).or_default().push(outcome);
            placed.ids.insert(id);
        }
        Ok(placed)
    }

    /// Compares the report with what happened.
    pub(super) fn compare(
        &self,
        report: &Value,
        called: &BTreeSet<String>,
        skipped: u64,
        max_attempts: usize,
        ledger: &mut Ledger,
    ) {
        let count = |member: &str| report[member].as_u64().unwrap_or(u64::MAX);
        for outcome in OUTCOMES {
            let expected = self
                .by_number
                .values()
                .filter(|calls| calls.last().is_some_and(|last| last == outcome))
                .count();
            ledger.equal(&format!("contacts {outcome}"), count(outcome), expected as u64);
        }
        ledger.equal("attempts", count("attempts"), self.ids.len() as u64);
        ledger.equal("attempts called twice", self.repeated_attempts, 0);
        let reached: BTreeSet<String> = self.by_number.keys().cloned().collect();
        ledger.holds(&reached == called, || {
            let (missed, extra) = (
                called.difference(&reached).count(),
                reached.difference(called).count(),
            );
            format!("{missed} people were never called, {extra} should not have been")
        });
        for (number, calls) in &self.by_number {
            let after_answer = calls.iter().rev().skip(1).any(|outcome| outcome == "answered");
            ledger.holds(!after_answer, || {
                format!("{number} was called again after it had answered")
            });
            ledger.holds(calls.len() <= max_attempts, || {
                format!("{number} was called {} times", calls.len())
            });
            let given_up = calls.len() < max_attempts
                && ["busy", "no_answer", "voicemail"].contains(&calls[calls.len() - 1].as_str());
            ledger.holds(!given_up, || {
                format!("{number} was not called again after {}", calls[calls.len() - 1])
            });
        }
        let total = count("total_contacts");
        ledger.equal("total contacts", total, called.len() as u64 + skipped);
        ledger.equal("contacts in a final state", count("completed"), total);
        ledger.equal("skipped", skipped_in(report), skipped);
        let states = ["pending", "in_progress"].into_iter().chain(OUTCOMES);
        ledger.equal(
            "sum of all states",
            states.map(count).sum::<u64>() + skipped_in(report),
            total,
        );
        let success = (count("answered") + count("transferred")) as f64 / called.len() as f64;
        let shown = report["success_rate"].as_f64().unwrap_or(f64::NAN);
        ledger.holds((shown - success).abs() < 0.001, || {
            format!("success rate: {shown}, expected {success:.4}")
        });
    }
}

/// How many contacts the report says were skipped, for whatever reason.
pub(super) fn skipped_in(report: &Value) -> u64 {
    report["skipped"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_, count)| count.as_u64())
        .sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::{Ledger, Placed};

    fn call(id: &str, number: &str, outcome: &str) -> Value {
        json!({ "id": id, "external_id": format!("attempt-{id}"), "number": number, "outcome": outcome })
    }

    fn report() -> Value {
        json!({
            "total_contacts": 3, "pending": 0, "in_progress": 0, "answered": 1, "transferred": 0, "no_answer": 0, "busy": 1,
            "voicemail": 0, "failed": 0, "cancelled": 0, "skipped": { "suppressed": 1 }, "completed": 3, "attempts": 4,
            "success_rate": 0.5,
        })
    }

    fn complaints(report: &Value) -> Vec<String> {
        let calls = [
            call("1", "+331", "busy"),
            call("2", "+332", "no_answer"),
            call("3", "+331", "busy"),
            call("4", "+332", "answered"),
        ];
        let called = BTreeSet::from(["+331".to_owned(), "+332".to_owned()]);
        let placed = Placed::read(&calls, &BTreeSet::new()).unwrap();
        let mut ledger = Ledger::default();
        placed.compare(report, &called, 1, 2, &mut ledger);
        ledger.close().1
    }

    #[test]
    fn a_true_report_is_accepted() {
        assert_eq!(complaints(&report()), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_number_is_found() {
        let mut wrong = report();
        wrong["answered"] = json!(2);
        wrong["busy"] = json!(0);

        assert_eq!(complaints(&wrong).len(), 3);
    }
}
