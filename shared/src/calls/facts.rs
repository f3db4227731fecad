//! What is known of a call, and how an event adds to it. Events come late, twice and in any order, and what is known at
//! the end must not depend on it: a call only moves forward, and the report after the call has the last word.

use std::cmp::max;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::ended_reason::{Action, EndedReason, Outcome};
use super::{Sentiment, Status};
use crate::adapters::vapi::webhook::{Fact, Projection, Report};
use crate::assistants::said::Disclosures;
use crate::kernel::shown::shows;

/// What is known of a call.
#[derive(Clone, PartialEq)]
pub(super) struct Facts {
    pub(super) status: Status,
    pub(super) ended_reason: Option<String>,
    pub(super) started: Option<Moment>,
    pub(super) ended: Option<Moment>,
    pub(super) cost: Option<Decimal>,
    pub(super) sentiment: Option<Sentiment>,
    pub(super) sentiment_score: Option<f64>,
    pub(super) sentiment_source: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) transfer_destination: Option<String>,
    /// Whether anybody took the transferred call; only the report tells.
    pub(super) transfer_connected: Option<bool>,
    pub(super) recording: bool,
    /// When the report came.
    pub(super) reported_at: Option<Timestamp>,
    /// What its transcript shows of what must be said.
    pub(super) disclosures: Option<Disclosures>,
}

shows!(
    Facts,
    status,
    ended_reason,
    started,
    ended,
    cost,
    sentiment,
    transfer_connected,
    reported_at
);

impl Default for Facts {
    fn default() -> Self {
        Self {
            status: Status::Queued,
            ended_reason: None,
            started: None,
            ended: None,
            cost: None,
            sentiment: None,
            sentiment_score: None,
            sentiment_source: None,
            summary: None,
            transfer_destination: None,
            transfer_connected: None,
            recording: false,
            reported_at: None,
            disclosures: None,
        }
    }
}

/// When something happened, and how surely that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) certainty: Certainty,
    pub(super) at: Timestamp,
}

/// From whom a moment is known; the order of the variants is the order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Certainty {
    /// The time of the signal that it happened.
    Signal = 0,
    /// The call as it stood when some message was written.
    Call = 1,
    /// The report after the call.
    Report = 2,
}

impl Certainty {
    pub(super) fn of_number(number: i32) -> Self {
        match number {
            ..=0 => Self::Signal,
            1 => Self::Call,
            2.. => Self::Report,
        }
    }
}

/// The surer source wins, of equals the earlier: the same whatever came first.
fn settle(known: &mut Option<Moment>, certainty: Certainty, at: Timestamp) {
    let told = Moment { certainty, at };
    let stays = known.is_some_and(|known| {
        known.certainty > told.certainty || (known.certainty == told.certainty && known.at <= told.at)
    });
    if !stays {
        *known = Some(told);
    }
}

/// Vapi promises no order: steps may be missing, none is taken back.
fn rank(status: Status) -> u8 {
    match status {
        Status::Queued => 0,
        Status::Ringing => 1,
        Status::InProgress => 2,
        Status::Forwarding => 3,
        Status::Ended => 4,
    }
}

/// What Vapi's word means; `not-found` and `deletion-failed` are about its storage, not about the call.
fn status_of(word: &str) -> Option<Status> {
    match word {
        "scheduled" | "queued" => Some(Status::Queued),
        "ringing" => Some(Status::Ringing),
        "in-progress" => Some(Status::InProgress),
        "forwarding" => Some(Status::Forwarding),
        "ended" => Some(Status::Ended),
        _ => None,
    }
}

impl Facts {
    /// Adds what an event says.
    pub(super) fn learn(&mut self, event: &Projection) {
        self.learn_times(event);
        match &event.fact {
            Fact::Status {
                status,
                ended_reason,
                destination,
            } => {
                let Some(status) = status_of(status) else { return };
                self.advance(status);
                match status {
                    Status::InProgress => settle(&mut self.started, Certainty::Signal, event.at()),
                    Status::Forwarding => self.put_through_to(destination.as_deref()),
                    Status::Ended => {
                        settle(&mut self.ended, Certainty::Signal, event.at());
                        // The signal comes once; the report, whenever it came, knows better.
                        if self.ended_reason.is_none() {
                            self.ended_reason.clone_from(ended_reason);
                        }
                    }
                    Status::Queued | Status::Ringing => {}
                }
            }
            Fact::Report(report) => self.learn_report(event, report),
            Fact::Said(_) => self.advance(Status::InProgress),
            Fact::Transfer { destination } => {
                // From one assistant to another is the same conversation.
                if destination.is_some() {
                    self.advance(Status::Forwarding);
                    self.put_through_to(destination.as_deref());
                }
            }
            Fact::ToolCalls { .. } | Fact::Other => {}
        }
    }

    fn advance(&mut self, status: Status) {
        self.status = max_by_rank(self.status, status);
    }

    fn learn_times(&mut self, event: &Projection) {
        let certainty = match event.fact {
            Fact::Report(_) => Certainty::Report,
            _ => Certainty::Call,
        };
        if let Some(at) = event.started_at {
            settle(&mut self.started, certainty, at);
        }
        if let Some(at) = event.ended_at {
            settle(&mut self.ended, certainty, at);
        }
    }

    fn learn_report(&mut self, event: &Projection, report: &Report) {
        self.advance(Status::Ended);
        self.reported_at = Some(event.received_at);
        settle(&mut self.ended, Certainty::Signal, event.at());
        if report.ended_reason.is_some() {
            self.ended_reason.clone_from(&report.ended_reason);
        }
        self.cost = report.cost;
        self.sentiment = report
            .sentiment
            .as_deref()
            .and_then(|word| Sentiment::parse(word).ok());
        self.sentiment_score = report.sentiment_score;
        self.sentiment_source.clone_from(&report.sentiment_source);
        self.summary.clone_from(&report.summary);
        self.recording = report.recording;
        self.transfer_connected = report.transferred;
        self.put_through_to(report.destination.as_deref());
    }

    /// Two destinations differ in nothing but the order in which we heard of them, which means nothing: the lesser stays.
    fn put_through_to(&mut self, destination: Option<&str>) {
        let known = self.transfer_destination.as_deref();
        if let Some(destination) = destination
            && known.is_none_or(|known| destination < known)
        {
            self.transfer_destination = Some(destination.to_owned());
        }
    }

    /// Seconds of conversation: Vapi has no such field, and no start means that nobody answered.
    pub(super) fn duration_seconds(&self) -> Option<i32> {
        if self.status != Status::Ended {
            return None;
        }
        let (Some(started), Some(ended)) = (self.started, self.ended) else {
            return Some(0);
        };
        let seconds = max(0, ended.at.duration_since(started.at).as_secs());
        Some(i32::try_from(seconds).unwrap_or(i32::MAX))
    }

    /// What became of the call, once its end has a reason.
    pub(super) fn end(&self) -> Option<EndedReason> {
        if self.status != Status::Ended {
            return None;
        }
        let mut end = EndedReason::read(self.ended_reason.as_deref()?);
        let put_through = self
            .transfer_connected
            .unwrap_or(self.transfer_destination.is_some());
        if end.outcome == Outcome::Answered && put_through {
            end.outcome = Outcome::Transferred;
            end.action = Action::None;
        }
        Some(end)
    }
}

fn max_by_rank(first: Status, second: Status) -> Status {
    if rank(second) > rank(first) { second } else { first }
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
