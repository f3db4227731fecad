//! The world of a run: its clock, its queues, and what is to happen when. The clock stands still while anybody works, and
//! goes on to what comes next when nobody does: so hours pass in seconds, and within each instant everything happens at once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::Notify;
use zencall::kernel::Clock;

use super::line::{Letter, Line};
use super::people::{Act, Silence};
use super::plan::{Plan, seconds};
use super::vapi::Step;
use crate::loopback::aws::Queues;
use crate::loopback::container::{CALLS, EVENTS, kept};
use crate::sandbox::chance::Chance;

/// Something that happens at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// A message of Vapi's arrives.
    Webhook {
        call: usize,
        step: Step,
        names_attempt: bool,
    },
    /// The minute is over.
    Tick,
    /// Every session of the database ends.
    Failover,
    /// The database is out of reach.
    Close,
    /// And there again.
    Reopen,
    /// Somebody does something.
    Act(Act),
}

/// Work for a container.
#[derive(Debug)]
pub(super) enum Job {
    Calls(Vec<Letter>),
    Events(Vec<Letter>),
    Tick,
}

/// Which work a container takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Dialer,
    Events,
    Ticker,
}

#[derive(Debug)]
struct State {
    calls: Line,
    events: Line,
    agenda: BinaryHeap<Reverse<(Timestamp, u64, What)>>,
    ticks: usize,
    busy: usize,
    sequence: u64,
    chance: Chance,
    taken_at: HashMap<String, Timestamp>,
    tallies: BTreeMap<&'static str, usize>,
    silences: Vec<Silence>,
    is_over: bool,
}

/// The world of a run.
#[derive(Debug)]
pub(super) struct World {
    pub(super) clock: Clock,
    pub(super) plan: Plan,
    state: Mutex<State>,
    /// There is work.
    pub(super) news: Notify,
    /// Somebody has finished.
    pub(super) quiet: Notify,
}

impl World {
    pub(super) fn new(plan: Plan, begins_at: Timestamp) -> Self {
        let state = State {
            // As the template has them.
            calls: Line::new(SignedDuration::from_secs(360), 5),
            events: Line::new(SignedDuration::from_secs(180), 20),
            agenda: BinaryHeap::new(),
            ticks: 0,
            busy: 0,
            sequence: 0,
            chance: plan.clock(),
            taken_at: HashMap::new(),
            tallies: BTreeMap::new(),
            silences: Vec::new(),
            is_over: false,
        };
        Self {
            clock: Clock::held_at(begins_at),
            plan,
            state: Mutex::new(state),
            news: Notify::new(),
            quiet: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts something for the report.
    pub(super) fn tally(&self, what: &'static str, more: usize) {
        *self.state().tallies.entry(what).or_default() += more;
    }

    pub(super) fn tallies(&self) -> BTreeMap<&'static str, usize> {
        self.state().tallies.clone()
    }

    /// From now on nobody is called whom it concerns.
    pub(super) fn begin_silence(&self, silence: Silence) {
        self.state().silences.push(silence);
    }

    /// The campaign may call again from now on.
    pub(super) fn end_silence(&self, campaign: &str, now: Timestamp) {
        let mut state = self.state();
        let own = state
            .silences
            .iter_mut()
            .filter(|silence| silence.campaign == campaign && silence.phone.is_none() && !silence.lasting);
        for silence in own {
            silence.until = silence.until.min(now);
        }
    }

    pub(super) fn silences(&self) -> Vec<Silence> {
        self.state().silences.clone()
    }

    /// How many messages of calls and of events were given up.
    pub(super) fn dead_letters(&self) -> (usize, usize) {
        let state = self.state();
        (state.calls.dead, state.events.dead)
    }

    pub(super) fn plan_for(&self, at: Timestamp, what: What) {
        let mut state = self.state();
        state.sequence += 1;
        let sequence = state.sequence;
        state.agenda.push(Reverse((at, sequence, what)));
    }

    /// A message of Vapi's arrives at the door: proven, cut down to what we keep, and put on the queue.
    pub(super) fn tell(&self, body: &Value) {
        if let Some(kept) = kept(body, self.clock.now()) {
            self.take(EVENTS, &kept);
        }
    }

    /// When a container last took up the message of this attempt.
    pub(super) fn taken_at(&self, attempt: &str) -> Option<Timestamp> {
        self.state().taken_at.get(attempt).copied()
    }

    /// A tick is due now.
    pub(super) fn tick(&self, how_many: usize) {
        self.state().ticks += how_many;
        self.news.notify_waiters();
    }

    /// The next work of this kind; with its number.
    pub(super) fn next_job(&self, kind: Kind) -> Option<(Job, u64)> {
        let now = self.clock.now();
        let mut guard = self.state();
        let state = &mut *guard;
        let job = match kind {
            Kind::Dialer => {
                let most = 1 + state.chance.below(5);
                let letters = state.calls.take(most, &mut state.chance);
                for letter in &letters {
                    let body: Value = serde_json::from_str(&letter.body).unwrap_or_default();
                    if let Some(attempt) = body["attempt_id"].as_str() {
                        state.taken_at.insert(attempt.to_owned(), now);
                    }
                    if self.plan.repeated(letter.id + u64::from(letter.receives)).0 && letter.receives == 1 {
                        *state
                            .tallies
                            .entry("messages handed out twice at once")
                            .or_default() += 1;
                        state.calls.repeat(letter);
                    }
                }
                Job::Calls(letters)
            }
            Kind::Events => {
                let most = 1 + state.chance.below(10);
                let letters = state.events.take(most, &mut state.chance);
                for letter in &letters {
                    if self.plan.repeated(letter.id + u64::from(letter.receives)).0 && letter.receives == 1 {
                        *state
                            .tallies
                            .entry("messages handed out twice at once")
                            .or_default() += 1;
                        state.events.repeat(letter);
                    }
                }
                Job::Events(letters)
            }
            Kind::Ticker => {
                if state.ticks == 0 {
                    return None;
                }
                state.ticks -= 1;
                Job::Tick
            }
        };
        if matches!(&job, Job::Calls(letters) | Job::Events(letters) if letters.is_empty()) {
            return None;
        }
        state.busy += 1;
        state.sequence += 1;
        Some((job, state.sequence))
    }

    /// A container has finished, or died: the messages that `again` names come back.
    pub(super) fn finish(&self, job: Job, again: impl Fn(&Letter) -> bool) {
        let now = self.clock.now();
        {
            let mut guard = self.state();
            let state = &mut *guard;
            let (line, letters) = match job {
                Job::Calls(letters) => (&mut state.calls, letters),
                Job::Events(letters) => (&mut state.events, letters),
                Job::Tick => (&mut state.calls, Vec::new()),
            };
            for letter in letters {
                let is_lost = self.plan.repeated(letter.id + u64::from(letter.receives)).1;
                if again(&letter) || is_lost {
                    line.put_back(letter, now);
                }
            }
            state.busy -= 1;
        }
        self.news.notify_waiters();
        self.quiet.notify_one();
    }

    /// Whether nobody works and nothing is to be done now.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state();
        state.busy == 0 && state.ticks == 0 && !state.calls.has_visible() && !state.events.has_visible()
    }

    /// Whether nothing is on its way but ticks and what the environment does.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        let webhooks = state
            .agenda
            .iter()
            .any(|Reverse((_, _, what))| matches!(what, What::Webhook { .. }));
        !webhooks && state.calls.is_empty() && state.events.is_empty()
    }

    /// Goes on to what comes next, and a little further, so that much of it happens at once; returns what is due then.
    pub(super) fn go_on(&self) -> Vec<What> {
        let mut guard = self.state();
        let state = &mut *guard;
        let now = self.clock.now();
        let next = [
            state.agenda.peek().map(|Reverse((at, _, _))| *at),
            state.calls.next(),
            state.events.next(),
        ];
        let Some(next) = next.into_iter().flatten().min() else {
            return Vec::new();
        };
        let step = state.chance.share() * 6.0;
        let then = next.max(now) + seconds(step);
        self.clock.advance(then.duration_since(now));
        state.calls.show(then);
        state.events.show(then);
        let mut due = Vec::new();
        while let Some(Reverse((at, _, _))) = state.agenda.peek() {
            if *at > then {
                break;
            }
            if let Some(Reverse((_, _, what))) = state.agenda.pop() {
                due.push(what);
            }
        }
        due
    }

    /// Nothing more is done.
    pub(super) fn end(&self) {
        self.state().is_over = true;
        self.news.notify_waiters();
    }

    pub(super) fn is_over(&self) -> bool {
        self.state().is_over
    }
}

impl Queues for World {
    fn take(&self, queue_url: &str, body: &str) -> bool {
        let now = self.clock.now();
        {
            let mut guard = self.state();
            let state = &mut *guard;
            state.sequence += 1;
            let id = state.sequence;
            match queue_url {
                CALLS if self.plan.not_taken(id) => {
                    *state
                        .tallies
                        .entry("messages that the queue did not take")
                        .or_default() += 1;
                    return false;
                }
                CALLS => state.calls.push(id, body.to_owned(), now),
                EVENTS => state.events.push(id, body.to_owned(), now),
                _ => return false,
            }
        }
        self.news.notify_waiters();
        true
    }
}
