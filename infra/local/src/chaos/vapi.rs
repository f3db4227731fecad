//! Vapi by the clock of the run: what it is asked, what it does with it, and what it tells of it. It remembers every request,
//! so that at the end ours can be held against what really happened.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::plan::{Course, Reception};
use super::world::{What, World};
use crate::loopback::http::{Answer, Request, Serve};
use crate::sandbox::chance::{iso, new_id};

/// A request that comes this long after its message was taken up is dropped: its client has given up.
const PATIENCE: SignedDuration = SignedDuration::from_mins(1);
/// The numbers of the people who are called begin like this.
pub(super) const NUMBERS: &str = "+336";

/// A call that was placed, or (`blocked`) that Vapi has in its list and that never rang.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) attempt: String,
    pub(super) campaign: String,
    pub(super) assistant: String,
    pub(super) phone: String,
    person: u64,
    nth: u64,
    pub(super) placed_at: Timestamp,
    pub(super) course: Course,
    pub(super) blocked: bool,
    metadata: Value,
}

impl Call {
    fn answered_at(&self) -> Option<Timestamp> {
        self.course
            .speaks_for
            .map(|_| self.placed_at + self.course.rings_for)
    }

    pub(super) fn ended_at(&self) -> Timestamp {
        self.placed_at + self.course.rings_for + self.course.speaks_for.unwrap_or_default()
    }

    /// A call that somebody answered after five seconds and that took a minute.
    #[cfg(test)]
    pub(super) fn example(attempt: &str, phone: &str, placed_at: Timestamp) -> Self {
        Self {
            id: format!("call of {attempt}"),
            attempt: attempt.to_owned(),
            campaign: "campaign".to_owned(),
            assistant: "assistant".to_owned(),
            phone: phone.to_owned(),
            person: 0,
            nth: 1,
            placed_at,
            course: Course {
                rings_for: SignedDuration::from_secs(5),
                speaks_for: Some(SignedDuration::from_secs(60)),
                reason: "voicemail",
                listed_after: SignedDuration::ZERO,
                silent: false,
            },
            blocked: false,
            metadata: Value::Null,
        }
    }

    /// What it costs: those whose campaign has hardly anything cost as much as a call can.
    fn cost(&self) -> f64 {
        match self.person / 100_000_000 {
            5 if self.blocked => 0.0,
            5 => 1.5,
            _ => 0.05,
        }
    }

    fn status_at(&self, now: Timestamp) -> &'static str {
        match self.answered_at() {
            _ if now >= self.ended_at() => "ended",
            Some(answered) if now >= answered => "in-progress",
            _ => "ringing",
        }
    }

    /// The call as the API shows it.
    fn shown(&self, now: Timestamp, names_attempt: bool) -> Value {
        let mut call = json!({
            "id": self.id,
            "type": "outboundPhoneCall",
            "assistantId": self.assistant,
            "createdAt": iso(self.placed_at),
            "status": self.status_at(now),
            "customer": { "number": self.phone },
        });
        if names_attempt {
            call["customer"]["externalId"] = json!(self.attempt);
            call["assistantOverrides"] = json!({ "metadata": self.metadata });
        }
        if let Some(answered) = self.answered_at().filter(|answered| *answered <= now) {
            call["startedAt"] = json!(iso(answered));
        }
        if self.ended_at() <= now {
            call["endedAt"] = json!(iso(self.ended_at()));
            call["endedReason"] = json!(self.course.reason);
            call["cost"] = json!(self.cost());
        }
        call
    }
}

/// What was asked and what was done.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) calls: Vec<Call>,
    by_id: HashMap<String, usize>,
    by_assistant: HashMap<String, Vec<usize>>,
    /// How often each person was asked for.
    asked: HashMap<u64, u64>,
    /// How often each attempt was asked for, whatever was done with it.
    pub(super) requests: HashMap<String, usize>,
    pub(super) receptions: HashMap<&'static str, usize>,
    questions: u64,
}

/// Vapi.
pub(super) struct Vapi {
    world: Arc<World>,
    record: Mutex<Record>,
}

impl Vapi {
    pub(super) fn new(world: Arc<World>) -> Arc<Self> {
        Arc::new(Self {
            world,
            record: Mutex::default(),
        })
    }

    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn place(&self, body: &Value) -> Option<Answer> {
        let now = self.world.clock.now();
        let attempt = body["customer"]["externalId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let phone = body["customer"]["number"].as_str().unwrap_or_default().to_owned();
        let person: u64 = phone.strip_prefix(NUMBERS)?.parse().ok()?;
        if self
            .world
            .taken_at(&attempt)
            .is_none_or(|taken| now.duration_since(taken) > PATIENCE)
        {
            self.world.tally("a request that came after its client's time", 1);
            return None;
        }
        let plan = &self.world.plan;
        let nth = {
            let mut record = self.record();
            *record.requests.entry(attempt.clone()).or_default() += 1;
            let asked = record.asked.entry(person).or_default();
            *asked += 1;
            *asked
        };
        let reception = plan.reception(person, nth).at(now);
        *self.record().receptions.entry(name(reception)).or_default() += 1;
        let error = |status, message: &str| {
            Answer::json(status, &json!({ "message": message, "statusCode": status }))
        };
        match reception {
            Reception::TooMany { retry_after } => {
                return Some(Answer {
                    retry_after,
                    ..error(429, "Rate limit exceeded")
                });
            }
            Reception::NoLine => return Some(error(400, "Over Concurrency Limit. Your limit is 10.")),
            Reception::Broken => return Some(error(500, "Internal server error")),
            Reception::Lost => return None,
            Reception::BadNumber => {
                return Some(error(
                    400,
                    "customer.number must be a valid phone number in the E.164 format",
                ));
            }
            Reception::Placed
            | Reception::PlacedInSilence
            | Reception::PlacedAndBroken
            | Reception::PlacedUnreadably
            | Reception::Blocked => {}
        }
        let blocked = reception == Reception::Blocked;
        let mut course = plan.course(person, nth);
        if blocked {
            course = Course {
                rings_for: SignedDuration::ZERO,
                speaks_for: None,
                reason: "call.start.error-subscription-concurrency-limit-reached",
                ..course
            };
        }
        let call = Call {
            id: new_id().to_string(),
            attempt,
            campaign: body["assistantOverrides"]["metadata"]["campaign_id"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            assistant: body["assistantId"].as_str().unwrap_or_default().to_owned(),
            phone,
            person,
            nth,
            placed_at: now,
            course,
            blocked,
            metadata: body["assistantOverrides"]["metadata"].clone(),
        };
        let mut shown = call.shown(now, true);
        shown["subscriptionLimits"] = json!({ "concurrencyBlocked": blocked });
        self.begin(call);
        if plan.tells_first(person, nth) {
            // Long enough that what was told is often applied before the answer is read.
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        match reception {
            Reception::PlacedInSilence => None,
            Reception::PlacedAndBroken => Some(error(500, "Internal server error")),
            Reception::PlacedUnreadably => Some(error(201, "created")),
            _ => Some(Answer::json(201, &shown)),
        }
    }

    /// Places the call, and plans what will be told of it.
    fn begin(&self, call: Call) {
        let plan = &self.world.plan;
        let (ended_at, answered_at) = (call.ended_at(), call.answered_at());
        let steps = [
            (Step::Queued, Some(call.placed_at)),
            (Step::Ringing, Some(call.placed_at)),
            (Step::InProgress, answered_at),
            (Step::Ended, Some(ended_at)),
            (Step::Report, Some(ended_at + SignedDuration::from_secs(4))),
        ];
        let (person, nth, silent, blocked) = (call.person, call.nth, call.course.silent, call.blocked);
        let index = {
            let mut record = self.record();
            let index = record.calls.len();
            record.by_id.insert(call.id.clone(), index);
            record
                .by_assistant
                .entry(call.assistant.clone())
                .or_default()
                .push(index);
            record.calls.push(call);
            index
        };
        for (step, at) in steps {
            let never = silent || (blocked && step != Step::Ended);
            let Some(at) = at.filter(|_| !never) else { continue };
            let webhook = plan.webhook(person, nth, step as u64);
            for delay in webhook.deliveries {
                let what = What::Webhook {
                    call: index,
                    step,
                    names_attempt: webhook.names_attempt,
                };
                if step == Step::Queued && delay.is_zero() && plan.tells_first(person, nth) {
                    self.world.tell(&self.message(index, step, webhook.names_attempt));
                } else {
                    self.world.plan_for(at + delay, what);
                }
            }
        }
    }

    /// A message about a call, as it is when it is sent.
    pub(super) fn message(&self, call: usize, step: Step, names_attempt: bool) -> Value {
        let record = self.record();
        let call = &record.calls[call];
        let at = match step {
            Step::Queued | Step::Ringing => call.placed_at,
            Step::InProgress => call.answered_at().unwrap_or(call.placed_at),
            Step::Ended | Step::Report => call.ended_at(),
        };
        let mut message = json!({
            "type": "status-update",
            "timestamp": at.as_millisecond(),
            "call": call.shown(at, names_attempt),
        });
        match step {
            Step::Queued => message["status"] = json!("queued"),
            Step::Ringing => message["status"] = json!("ringing"),
            Step::InProgress => message["status"] = json!("in-progress"),
            Step::Ended => {
                message["status"] = json!("ended");
                message["endedReason"] = json!(call.course.reason);
            }
            Step::Report => {
                message["type"] = json!("end-of-call-report");
                for member in ["endedReason", "startedAt", "endedAt", "cost"] {
                    message[member] = message["call"][member].clone();
                }
            }
        }
        json!({ "message": message })
    }

    fn question_fails(&self) -> bool {
        let mut record = self.record();
        record.questions += 1;
        self.world.plan.question_fails(record.questions)
    }

    fn list(&self, query: &str) -> Answer {
        let now = self.world.clock.now();
        let asked: HashMap<String, String> = crate::sandbox::twilio::form::pairs(query.as_bytes())
            .into_iter()
            .collect();
        let bound = |name: &str| asked.get(name).and_then(|at| at.parse::<Timestamp>().ok());
        let (Some(from), Some(to), Some(assistant)) = (
            bound("createdAtGe"),
            bound("createdAtLt"),
            asked.get("assistantId"),
        ) else {
            return Answer::json(400, &json!({ "message": "not a question of ours" }));
        };
        let record = self.record();
        let own = record.by_assistant.get(assistant).map_or(&[][..], Vec::as_slice);
        // Calls come in the order of their times.
        let first = own.partition_point(|index| record.calls[*index].placed_at < from);
        let listed: Vec<Value> = own[first..]
            .iter()
            .map(|index| &record.calls[*index])
            .take_while(|call| call.placed_at < to)
            .filter(|call| call.placed_at + call.course.listed_after <= now)
            .take(1000)
            .map(|call| call.shown(now, true))
            .collect();
        Answer::json(200, &Value::Array(listed))
    }

    fn call(&self, id: &str) -> Answer {
        let record = self.record();
        match record.by_id.get(id) {
            Some(index) => Answer::json(200, &record.calls[*index].shown(self.world.clock.now(), true)),
            None => Answer::json(404, &json!({ "message": "not found" })),
        }
    }
}

/// What is told of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u64)]
pub(super) enum Step {
    Queued,
    Ringing,
    InProgress,
    Ended,
    Report,
}

fn name(reception: Reception) -> &'static str {
    match reception {
        Reception::Placed => "placed",
        Reception::PlacedInSilence => "placed, the answer lost",
        Reception::PlacedAndBroken => "placed, answered 500",
        Reception::PlacedUnreadably => "placed, the answer unreadable",
        Reception::Blocked => "201 with concurrencyBlocked",
        Reception::TooMany { .. } => "429",
        Reception::NoLine => "400 Over Concurrency Limit",
        Reception::Broken => "500, not placed",
        Reception::Lost => "lost, not placed",
        Reception::BadNumber => "400 for the number",
    }
}

impl Serve for Vapi {
    async fn answer(&self, request: Request) -> Option<Answer> {
        if request.method == "POST" {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            return self.place(&body).await;
        }
        if self.question_fails() {
            return Some(Answer::json(503, &json!({ "message": "unavailable" })));
        }
        match request.target.split_once('?') {
            Some((_, query)) => Some(self.list(query)),
            None => Some(self.call(request.target.rsplit('/').next().unwrap_or_default())),
        }
    }
}
