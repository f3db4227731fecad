//! How webhooks travel: one after the other, tried again as their server's plan says, and made to suffer as the behaviour says.

use std::sync::Arc;

use serde_json::Value;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
    time::Instant,
};

use super::{
    chance::Chance,
    state::Stand,
    target::{Target, is_received, kind_of},
};

/// A message on its way.
struct Letter {
    message: Value,
    written: Instant,
}

/// Carries the messages of one call, one after the other.
pub(crate) struct Courier {
    stand: Arc<Stand>,
    call: String,
    target: Option<Target>,
    subscribed: Vec<String>,
    sender: Option<UnboundedSender<Letter>>,
}

impl Courier {
    /// Begins to carry to this target; to nobody if there is none.
    pub(crate) fn open(
        stand: &Arc<Stand>,
        call: &str,
        target: Option<Target>,
        subscribed: Vec<String>,
        chance: Chance,
    ) -> Self {
        let sender = target.clone().map(|target| {
            let (sender, letters) = unbounded_channel();
            let round = Round {
                stand: Arc::clone(stand),
                call: call.to_owned(),
                target,
                chance,
                retries: JoinSet::new(),
            };
            stand.spawn(round.run(letters));
            sender
        });
        Self {
            stand: Arc::clone(stand),
            call: call.to_owned(),
            target,
            subscribed,
            sender,
        }
    }

    /// Whether the assistant asked for this kind of message.
    pub(crate) fn wants(&self, kind: &str) -> bool {
        self.sender.is_some() && self.subscribed.iter().any(|wanted| wanted == kind)
    }

    /// Sends a message; its answer does not matter.
    pub(crate) fn send(&self, message: Value) {
        if let Some(sender) = &self.sender {
            let written = Instant::now();
            // The other end only closes with the stand-ins.
            let _ = sender.send(Letter { message, written });
        }
    }

    /// Sends a message and waits for its answer. A tool's own server comes before the assistant's.
    pub(crate) async fn ask(&self, server: Option<Target>, message: &Value) -> Option<Value> {
        let target = server.or_else(|| self.target.clone())?;
        let answer = target.post(&self.stand, &self.call, message, 1).await?;
        (answer.status == 200).then_some(answer.body)
    }
}

/// The work of a courier.
struct Round {
    stand: Arc<Stand>,
    call: String,
    target: Target,
    chance: Chance,
    retries: JoinSet<()>,
}

impl Round {
    async fn run(mut self, mut letters: UnboundedReceiver<Letter>) {
        let mut held = Vec::new();
        while let Some(letter) = letters.recv().await {
            if self.stand.behaviour().webhook.shuffle {
                held.push(letter);
            } else {
                self.deliver(letter).await;
            }
        }
        self.chance.disorder(&mut held);
        for letter in held {
            self.deliver(letter).await;
        }
        while self.retries.join_next().await.is_some() {}
    }

    async fn deliver(&mut self, letter: Letter) {
        let behaviour = self.stand.behaviour();
        tokio::time::sleep_until(letter.written + behaviour.webhook_delay()).await;
        if self.chance.happens(behaviour.webhook.drop) {
            let kind = kind_of(&letter.message);
            self.stand.delivered(&self.call, kind, 0, None, true);
            return;
        }
        let copies = 1 + u32::from(self.chance.happens(behaviour.webhook.duplicate));
        for _ in 0..copies {
            let answer = self
                .target
                .post(&self.stand, &self.call, &letter.message, 1)
                .await;
            if !is_received(answer.as_ref()) {
                self.try_again(answer.map(|answer| answer.status), letter.message.clone());
            }
        }
    }

    /// Later messages overtake one that failed, as nothing keeps the order at Vapi either.
    fn try_again(&mut self, status: Option<u16>, message: Value) {
        let Some(backoff) = self.target.backoff.clone() else {
            return;
        };
        let (stand, call, target) = (Arc::clone(&self.stand), self.call.clone(), self.target.clone());
        let mut status = status;
        self.retries.spawn(async move {
            for failures in 1..=backoff.retries {
                if status.is_some_and(|status| backoff.excluded.contains(&u64::from(status))) {
                    return;
                }
                let wait = stand.behaviour().scaled(backoff.delay(failures));
                tokio::time::sleep(wait).await;
                let answer = target.post(&stand, &call, &message, failures + 1).await;
                if is_received(answer.as_ref()) {
                    return;
                }
                status = answer.map(|answer| answer.status);
            }
        });
    }
}
