//! What the demo draws: the steps of the story, the live bar, the report.

use std::time::Duration;

use serde_json::Value;

use super::ledger::{OUTCOMES, skipped_in};
use crate::terminal::{is_watched, redraw, say};

const WIDTH: u64 = 32;

/// A heading of the story.
pub(super) fn chapter(number: usize, title: &str) {
    say(format!("\n{number}. {title}"));
}

/// What a step found.
pub(super) fn fact(text: impl std::fmt::Display) {
    say(format!("   ✓ {text}"));
}

/// The live bar: redrawn for a person, a line every few seconds for a log.
pub(super) struct Bar {
    said: Option<u64>,
}

impl Bar {
    pub(super) fn new() -> Self {
        Self { said: None }
    }

    pub(super) fn draw(&mut self, report: &Value, elapsed: Duration) {
        let count = |member: &str| report[member].as_u64().unwrap_or(0);
        let (done, total) = (count("completed"), count("total_contacts").max(1));
        let line = format!(
            "   [{}] {done:>3}/{total}  answered {}  busy {}  no answer {}  voicemail {}  failed {}  skipped {}  in a call {}  {} s",
            bar(done, total, WIDTH),
            count("answered") + count("transferred"),
            count("busy"),
            count("no_answer"),
            count("voicemail"),
            count("failed"),
            skipped_in(report),
            count("in_progress"),
            elapsed.as_secs(),
        );
        if is_watched() {
            redraw(&line);
        } else if self.said.is_none_or(|said| elapsed.as_secs() >= said + 3) {
            self.said = Some(elapsed.as_secs());
            say(line);
        }
    }

    pub(super) fn finish(&mut self, report: &Value, elapsed: Duration) {
        self.said = None;
        self.draw(report, elapsed);
        if is_watched() {
            say("");
        }
    }
}

fn bar(part: u64, whole: u64, width: u64) -> String {
    let filled = (part * width / whole.max(1)).min(width);
    (0..width)
        .map(|place| if place < filled { '█' } else { '░' })
        .collect()
}

/// The finished campaign's report.
pub(super) fn report(report: &Value) {
    let count = |member: &str| report[member].as_u64().unwrap_or(0);
    let total = count("total_contacts");
    for outcome in OUTCOMES.into_iter().filter(|outcome| count(outcome) > 0) {
        row(&outcome.replace('_', " "), count(outcome), total);
    }
    for (code, skipped) in report["skipped"].as_object().into_iter().flatten() {
        row(&format!("skipped: {code}"), skipped.as_u64().unwrap_or(0), total);
    }
    say(format!("     {:<24}{total:>4}", "contacts"));
    say(format!(
        "     {} calls, {:.0} % of the people called answered, {:.1} s a call on average, {} {}",
        count("attempts"),
        report["success_rate"].as_f64().unwrap_or(0.0) * 100.0,
        report["average_duration_seconds"].as_f64().unwrap_or(0.0),
        report["total_cost"]["amount"].as_str().unwrap_or("?"),
        report["total_cost"]["currency"].as_str().unwrap_or(""),
    ));
    let sentiment = |name: &str| report["sentiment"][name].as_u64().unwrap_or(0);
    say(format!(
        "     sentiment: {} positive, {} neutral, {} negative, {} unknown",
        sentiment("positive"),
        sentiment("neutral"),
        sentiment("negative"),
        sentiment("unknown"),
    ));
}

fn row(name: &str, count: u64, total: u64) {
    say(format!("     {name:<24}{count:>4}  {}", bar(count, total, WIDTH)));
}
