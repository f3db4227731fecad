//! The world of a run: its clock, what happens when, and what is seen of it. Whoever works is waited for; then the clock goes
//! on to what comes next.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use zencall::kernel::Clock;

use super::plan::{Course, Plan};
use crate::loopback::aws::Queues;
use crate::loopback::http::{Answer, Request, Serve};

/// Over how long the pace of an account is looked at.
const PACE_OVER: SignedDuration = SignedDuration::from_secs(10);

/// Something that happens at a time.
#[derive(Debug)]
pub(super) enum What {
    /// A tenant's administrator starts its campaign.
    Start(usize),
    /// A message of the queue of calls is handed out.
    Message(String),
    /// A call is over.
    End(Call),
    /// Somebody may be called again.
    Again(usize),
    /// The minute is over.
    Tick,
}

/// A call that Vapi placed.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) attempt: String,
    pub(super) assistant: String,
    pub(super) placed_at: Timestamp,
    pub(super) course: Course,
    tenant: usize,
    person: u32,
    is_last: bool,
}

/// What must never happen, counted.
#[derive(Debug, Default)]
pub(super) struct Wrong {
    pub(super) over_slots: usize,
    pub(super) over_limit: usize,
    pub(super) out_of_hours: usize,
    pub(super) twice_at_once: usize,
    pub(super) too_often: usize,
    pub(super) too_fast: usize,
}

impl Wrong {
    pub(super) fn all(&self) -> usize {
        self.over_slots
            + self.over_limit
            + self.out_of_hours
            + self.twice_at_once
            + self.too_often
            + self.too_fast
    }
}

/// What is known of a tenant.
#[derive(Debug)]
struct Standing {
    first_person: u32,
    /// Who could be called now, but for the limits.
    due: i64,
    calling: i64,
    open: u32,
    started_at: Option<Timestamp>,
    done_at: Option<Timestamp>,
    dialled: VecDeque<Timestamp>,
}

/// What was seen of the run so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) attempts: usize,
    pub(super) call_seconds: f64,
    /// Seconds in legal minutes.
    pub(super) legal_seconds: f64,
    /// Seconds of lines that stood idle in legal minutes while somebody could have been called, and while nobody could.
    pub(super) wasted: f64,
    pub(super) excused: f64,
    pub(super) most_at_once: i64,
    pub(super) last_dialled_at: Option<Timestamp>,
    pub(super) wrong: Wrong,
}

struct State {
    agenda: BinaryHeap<Reverse<(Timestamp, u64)>>,
    events: HashMap<u64, What>,
    sequence: u64,
    tenants: Vec<Standing>,
    tries: Vec<u8>,
    on_the_line: HashSet<u32>,
    calling: i64,
    /// How many calls more could be made now, if there were lines.
    demand: i64,
    opening: (Timestamp, Timestamp),
    seen: Seen,
}

/// The world of a run.
pub(super) struct World {
    pub(super) clock: Clock,
    pub(super) plan: Plan,
    state: Mutex<State>,
}

impl World {
    pub(super) fn new(plan: Plan) -> Self {
        let firsts = plan.first_persons();
        let tenants = plan.tenants.iter().zip(&firsts).map(|(tenant, first)| Standing {
            first_person: *first,
            due: 0,
            calling: 0,
            open: tenant.contacts,
            started_at: None,
            done_at: None,
            dialled: VecDeque::new(),
        });
        let persons: u32 = plan.tenants.iter().map(|tenant| tenant.contacts).sum();
        let state = State {
            agenda: BinaryHeap::new(),
            events: HashMap::new(),
            sequence: 0,
            tenants: tenants.collect(),
            tries: vec![0; persons as usize],
            on_the_line: HashSet::new(),
            calling: 0,
            demand: 0,
            opening: (Timestamp::MIN, Timestamp::MIN),
            seen: Seen::default(),
        };
        let world = Self {
            clock: Clock::held_at(plan.begins_at),
            plan,
            state: Mutex::new(state),
        };
        for (number, tenant) in world.plan.tenants.iter().enumerate() {
            world.plan_for(world.plan.begins_at + tenant.starts_after, What::Start(number));
        }
        world.plan_for(world.plan.begins_at, What::Tick);
        world
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn plan_for(&self, at: Timestamp, what: What) {
        self.state().plan_for(at, what);
    }

    /// Goes on to what comes next.
    pub(super) fn next(&self) -> Option<What> {
        let now = self.clock.now();
        let mut state = self.state();
        let Reverse((at, number)) = state.agenda.pop()?;
        let what = state.events.remove(&number)?;
        state.pass(&self.plan, now, at);
        self.clock.advance(at.duration_since(now));
        match &what {
            What::Start(tenant) => {
                let contacts = self.plan.tenants[*tenant].contacts;
                state.tenants[*tenant].started_at = Some(at);
                state.change(&self.plan, *tenant, |standing| {
                    standing.due += i64::from(contacts)
                });
            }
            What::Again(tenant) => state.change(&self.plan, *tenant, |standing| standing.due += 1),
            What::End(call) => state.end(&self.plan, call, at),
            What::Message(_) | What::Tick => {}
        }
        Some(what)
    }

    /// How long a tenant took, once it is through.
    pub(super) fn took(&self, tenant: usize) -> Option<f64> {
        let state = self.state();
        let standing = &state.tenants[tenant];
        let (started, done) = (standing.started_at?, standing.done_at?);
        Some(done.duration_since(started).as_secs_f64())
    }

    /// Whether these tenants are through; all of them where none is named.
    pub(super) fn is_done(&self, wanted: &[usize]) -> bool {
        let state = self.state();
        if wanted.is_empty() {
            return state.tenants.iter().all(|tenant| tenant.done_at.is_some());
        }
        wanted
            .iter()
            .all(|tenant| state.tenants[*tenant].done_at.is_some())
    }

    /// What was seen.
    pub(super) fn seen(&self) -> Seen {
        std::mem::take(&mut self.state().seen)
    }

    /// How many contacts are not through yet.
    pub(super) fn open(&self) -> u32 {
        self.state().tenants.iter().map(|tenant| tenant.open).sum()
    }

    fn place(&self, body: &Value) -> Answer {
        let now = self.clock.now();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let number = text(&body["customer"]["number"]);
        let Some(person) = number.strip_prefix("+336").and_then(|digits| digits.parse().ok()) else {
            return Answer::json(
                400,
                &json!({ "message": "customer.number must be a valid phone number" }),
            );
        };
        let mut state = self.state();
        let id = format!("call-{}", state.seen.attempts);
        let call = Call {
            id: id.clone(),
            attempt: text(&body["customer"]["externalId"]),
            assistant: text(&body["assistantId"]),
            placed_at: now,
            ..state.begin(&self.plan, person, now)
        };
        let remaining = i64::from(self.plan.slots) - state.calling;
        state.plan_for(now + call.course.lasts, What::End(call));
        let limits = json!({
            "concurrencyBlocked": false,
            "concurrencyLimit": self.plan.slots,
            "remainingConcurrentCalls": remaining.max(0),
        });
        Answer::json(201, &json!({ "id": id, "subscriptionLimits": limits }))
    }
}

impl State {
    fn plan_for(&mut self, at: Timestamp, what: What) {
        self.sequence += 1;
        self.agenda.push(Reverse((at, self.sequence)));
        self.events.insert(self.sequence, what);
    }

    /// Changes what is known of a tenant, and the demand with it.
    fn change(&mut self, plan: &Plan, tenant: usize, change: impl FnOnce(&mut Standing)) {
        let limit = i64::from(plan.tenants[tenant].limit());
        let standing = &mut self.tenants[tenant];
        let demand = |standing: &Standing| standing.due.min(limit - standing.calling).max(0);
        self.demand -= demand(standing);
        change(standing);
        self.demand += demand(standing);
    }

    /// Accounts for a time in which nothing happened.
    fn pass(&mut self, plan: &Plan, from: Timestamp, until: Timestamp) {
        if !plan.windows.is_empty() && self.opening.1 <= from {
            self.opening = plan.opening(from);
        }
        let inside = plan.windows.is_empty() || (self.opening.0 <= from && until <= self.opening.1);
        let seconds = if inside {
            until.duration_since(from).as_secs_f64()
        } else {
            plan.legal(from, until)
        };
        let idle = (i64::from(plan.slots) - self.calling).max(0);
        let wasted = idle.min(self.demand);
        self.seen.legal_seconds += seconds;
        self.seen.wasted += as_float(wasted) * seconds;
        self.seen.excused += as_float(idle - wasted) * seconds;
    }

    /// Somebody's telephone rings.
    fn begin(&mut self, plan: &Plan, person: u32, now: Timestamp) -> Call {
        let tenant = self
            .tenants
            .partition_point(|tenant| tenant.first_person <= person)
            - 1;
        let tries = &mut self.tries[person as usize];
        *tries += 1;
        let nth = *tries;
        let course = plan.course(person, nth);
        self.change(plan, tenant, |standing| {
            standing.due -= 1;
            standing.calling += 1;
            standing.dialled.push_back(now);
            while standing
                .dialled
                .front()
                .is_some_and(|first| now.duration_since(*first) >= PACE_OVER)
            {
                standing.dialled.pop_front();
            }
        });
        self.calling += 1;
        let standing = &self.tenants[tenant];
        let allowed = i64::from(plan.tenants[tenant].per_second) * PACE_OVER.as_secs();
        let wrong = &mut self.seen.wrong;
        wrong.over_slots += usize::from(self.calling > i64::from(plan.slots));
        wrong.over_limit += usize::from(standing.calling > i64::from(plan.tenants[tenant].limit()));
        wrong.out_of_hours += usize::from(!plan.is_open(now));
        wrong.twice_at_once += usize::from(!self.on_the_line.insert(person));
        wrong.too_often += usize::from(nth > plan.attempts);
        // Half a second that was not used may be caught up with.
        wrong.too_fast += usize::from(
            i64::try_from(standing.dialled.len()).is_ok_and(|dialled| dialled > allowed + allowed / 20 + 1),
        );
        self.seen.attempts += 1;
        self.seen.call_seconds += course.lasts.as_secs_f64();
        self.seen.most_at_once = self.seen.most_at_once.max(self.calling);
        self.seen.last_dialled_at = Some(now);
        Call {
            id: String::new(),
            attempt: String::new(),
            assistant: String::new(),
            placed_at: now,
            course,
            tenant,
            person,
            is_last: plan.is_last(nth, course.ending),
        }
    }

    /// The call is over; its person is done, or may be called again later.
    fn end(&mut self, plan: &Plan, call: &Call, now: Timestamp) {
        self.calling -= 1;
        self.on_the_line.remove(&call.person);
        self.change(plan, call.tenant, |standing| standing.calling -= 1);
        if call.is_last {
            let standing = &mut self.tenants[call.tenant];
            standing.open -= 1;
            if standing.open == 0 {
                standing.done_at = Some(now);
            }
        } else {
            self.plan_for(
                now + SignedDuration::from_mins(plan.retry_minutes),
                What::Again(call.tenant),
            );
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of lines")]
fn as_float(count: i64) -> f64 {
    count as f64
}

impl Queues for World {
    fn take(&self, queue_url: &str, body: &str) -> bool {
        self.take_later(queue_url, body, 0)
    }

    fn take_later(&self, _queue_url: &str, body: &str, seconds: i64) -> bool {
        let at = self.clock.now() + SignedDuration::from_secs(seconds);
        self.plan_for(at, What::Message(body.to_owned()));
        true
    }
}

/// Vapi, as far as it is asked.
pub(super) struct Vapi(pub(super) std::sync::Arc<World>);

impl Serve for Vapi {
    async fn answer(&self, request: Request) -> Option<Answer> {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        Some(if request.method == "POST" {
            self.0.place(&body)
        } else {
            Answer::json(404, &json!({ "message": "not found" }))
        })
    }
}
