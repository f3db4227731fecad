//! The life of a call: queued, ringing, talking, ended, and the webhooks on the way.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    conversation::{self, Conversation},
    report,
    shapes::assistant::DEFAULT_SERVER_MESSAGES,
};
use crate::sandbox::{
    behaviour::Outcome,
    chance::{Chance, iso, now},
    state::Stand,
    target::Target,
    webhooks::Courier,
};

/// A call that is about to begin.
pub(crate) struct Plan {
    pub(crate) id: String,
    pub(crate) outcome: Outcome,
    /// Why it ends before it rings, if it does.
    pub(crate) broken: Option<&'static str>,
    pub(crate) chance: Chance,
    pub(crate) assistant: Value,
    pub(crate) saved_server: bool,
    pub(crate) phone_number: Value,
    pub(crate) customer: Value,
    pub(crate) wait: Duration,
}

/// A call while it lasts.
pub(super) struct Life {
    pub(super) stand: Arc<Stand>,
    pub(super) plan: Plan,
    pub(super) courier: Courier,
    pub(super) started: Option<Timestamp>,
    /// How long the conversation takes, in simulated seconds.
    pub(super) seconds: f64,
    pub(super) messages: Vec<Value>,
    pub(super) transfers: Vec<Value>,
    /// The literal name of the subscription instead of `transcript`: Vapi does both.
    pub(super) literal_transcripts: bool,
}

/// Reasons after which Vapi says that a person talked, and how often each comes.
const ANSWERED: &[&str] = &[
    "customer-ended-call",
    "customer-ended-call",
    "customer-ended-call",
    "assistant-ended-call",
    "assistant-ended-call",
    "assistant-said-end-call-phrase",
];

/// Reasons for which a conversation breaks off.
const BROKEN: &[&str] = &[
    "pipeline-error-openai-llm-failed",
    "pipeline-error-eleven-labs-voice-failed",
    "call.in-progress.error-providerfault-openai-llm-failed",
    "call.in-progress.error-providerfault-eleven-labs-500-server-error",
    "call.in-progress.error-vapifault-worker-died",
    "call.in-progress.error-vapifault-transport-never-connected",
];

/// Lets a call live, in the background.
pub(crate) fn begin(stand: &Arc<Stand>, mut plan: Plan) {
    let server = &plan.assistant["server"];
    let target = Target::of(server, stand, plan.saved_server);
    let subscribed = match plan.assistant["serverMessages"].as_array() {
        Some(wanted) => wanted
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        None => DEFAULT_SERVER_MESSAGES
            .iter()
            .map(|kind| (*kind).to_owned())
            .collect(),
    };
    let fate = Chance::of(stand.settings.seed, plan.chance.seed());
    let courier = Courier::open(stand, &plan.id, target, subscribed, fate);
    let seconds = stand.behaviour().call_seconds * (0.5 + plan.chance.share());
    let life = Life {
        stand: Arc::clone(stand),
        literal_transcripts: plan.chance.happens(0.5),
        courier,
        started: None,
        seconds,
        messages: Vec::new(),
        transfers: Vec::new(),
        plan,
    };
    stand.spawn(life.run());
}

impl Life {
    async fn run(mut self) {
        if !self.plan.wait.is_zero() {
            self.status("scheduled", json!({}));
            let wait = self.stand.behaviour().scaled(self.plan.wait.as_secs_f64());
            tokio::time::sleep(wait).await;
        }
        self.status("queued", json!({}));
        self.pause(0.05).await;
        if self.stand.data().calls.get(&self.plan.id).is_none() {
            return self.end("call-deleted", None).await;
        }
        if let Some(reason) = self.plan.broken {
            return self.end(reason, None).await;
        }
        self.status("ringing", json!({}));
        match self.plan.outcome {
            Outcome::Busy => {
                self.pause(0.1).await;
                self.end("customer-busy", None).await;
            }
            Outcome::NoAnswer => {
                self.pause(0.5).await;
                self.end("customer-did-not-answer", None).await;
            }
            Outcome::Voicemail => {
                self.seconds *= 0.3;
                self.answer().await;
                let greeting = conversation::for_a_machine(&self.plan.assistant);
                self.talk(&greeting, greeting.lines.len()).await;
                self.end("voicemail", None).await;
            }
            Outcome::Answered | Outcome::Transferred => {
                self.answer().await;
                let said = self.conversation();
                self.talk(&said, said.lines.len()).await;
                if self.plan.outcome == Outcome::Transferred {
                    self.forward().await;
                    self.end("assistant-forwarded-call", Some(&said)).await;
                } else {
                    let reason = self.plan.chance.pick(ANSWERED).copied();
                    self.end(reason.unwrap_or(ANSWERED[0]), Some(&said)).await;
                }
            }
            Outcome::Failed => {
                self.seconds *= 0.4;
                self.answer().await;
                let said = self.conversation();
                self.talk(&said, 2).await;
                let reason = self.plan.chance.pick(BROKEN).copied();
                self.end(reason.unwrap_or(BROKEN[0]), None).await;
            }
        }
    }

    fn conversation(&mut self) -> Conversation {
        conversation::draw(&self.plan.assistant, &mut self.plan.chance)
    }

    /// Waits for a share of an average conversation.
    async fn pause(&self, share: f64) {
        let behaviour = self.stand.behaviour();
        tokio::time::sleep(behaviour.scaled(behaviour.call_seconds * share)).await;
    }

    /// Changes the call as the API shows it.
    fn show(&self, change: impl FnOnce(&mut Value)) {
        if let Some(call) = self.stand.data().calls.get_mut(&self.plan.id) {
            change(&mut call.value);
            call.value["updatedAt"] = json!(iso(now()));
        }
    }

    fn status(&self, status: &str, more: Value) {
        self.show(|call| call["status"] = json!(status));
        let mut message = more;
        message["status"] = json!(status);
        message["artifact"] = report::artifact_so_far(self);
        self.send("status-update", message);
    }

    /// Sends a message, if the assistant asked for its kind.
    pub(super) fn send(&self, kind: &str, message: Value) {
        if self.courier.wants(kind) {
            self.courier.send(self.envelope(kind, message));
        }
    }

    /// What all messages have in common; with its secrets, as Vapi sends them.
    pub(super) fn envelope(&self, kind: &str, mut message: Value) -> Value {
        let call = {
            let data = self.stand.data();
            data.calls
                .get(&self.plan.id)
                .map(|call| call.value.clone())
                .unwrap_or_default()
        };
        message["type"] = json!(kind);
        message["timestamp"] = json!(now().as_millisecond());
        message["call"] = call;
        message["customer"] = self.plan.customer.clone();
        message["phoneNumber"] = self.plan.phone_number.clone();
        message["assistant"] = self.plan.assistant.clone();
        message
    }

    async fn answer(&mut self) {
        self.pause(0.15).await;
        let started = now();
        self.started = Some(started);
        self.show(|call| call["startedAt"] = json!(iso(started)));
        self.status("in-progress", json!({}));
        self.send("assistant.started", json!({}));
        self.messages.push(report::system_message(self, started));
    }

    /// Puts the customer through to a person.
    async fn forward(&mut self) {
        let destination = report::transfer_destination(&self.plan.assistant);
        self.show(|call| call["destination"] = destination.clone());
        self.status("forwarding", json!({ "destination": destination }));
        self.send("transfer-update", json!({ "destination": destination }));
        self.pause(0.1).await;
        self.transfers.push(json!({
            "destination": destination,
            "mode": destination["transferPlan"]["mode"].as_str().unwrap_or("blind-transfer"),
            "status": "connected",
        }));
    }

    /// Ends the call; the facts follow after a while, as at Vapi.
    async fn end(mut self, reason: &str, said: Option<&Conversation>) {
        let ended = now();
        self.show(|call| {
            call["endedReason"] = json!(reason);
            call["endedAt"] = json!(iso(ended));
        });
        {
            let mut data = self.stand.data();
            data.calls.live = data.calls.live.saturating_sub(1);
        }
        self.status("ended", json!({ "endedReason": reason }));
        self.pause(0.1).await;
        let facts = report::facts(&mut self, reason, ended, said);
        self.show(|call| {
            for name in ["artifact", "analysis", "cost", "costs", "costBreakdown"] {
                call[name] = facts[name].clone();
            }
        });
        let mut message = facts;
        if let Some(members) = message.as_object_mut() {
            // The breakdown stands in the call only.
            members.remove("costBreakdown");
        }
        self.send("end-of-call-report", message);
    }
}
