//! What AWS does between a queue or a schedule and a function: long polls, invokes with a real Lambda event, deletes
//! what was handled and leaves the rest.

use std::time::Duration;

use anyhow::{Context, bail};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::emulator::{self, QUEUES, Queue, VISIBILITY_SECONDS};
use crate::functions;
use crate::layout::Layout;
use crate::settings::{Ports, REGION, environment};

/// The emulator goes on with a poll whose client is gone, and hands messages to nobody: short polls leave less behind a
/// bridge that was restarted.
const POLL_SECONDS: i32 = 2;
/// A little longer than any function may take, and much shorter than a message stays hidden. A function that dies never answers.
const INVOCATION: Duration = Duration::from_secs(35);

/// Runs until the process ends: one task for each parallel invocation of a queue's function, and one for the schedule.
pub async fn run(layout: &Layout, ports: &Ports) -> anyhow::Result<()> {
    let existing = layout.functions()?;
    let sqs = Client::new(&emulator::sdk_config(ports).await);
    let http = crate::client::plain(INVOCATION)?;
    let mut tasks = JoinSet::new();
    for queue in QUEUES
        .iter()
        .filter(|queue| existing.iter().any(|name| name == queue.function))
    {
        for _ in 0..functions::copies(queue.function) {
            let bridge = Bridge {
                sqs: sqs.clone(),
                http: http.clone(),
                ports: *ports,
                queue,
            };
            tasks.spawn(async move { bridge.run().await });
        }
    }
    if existing.iter().any(|name| name == "minute-tick") {
        let seconds = environment("MINUTE_TICK_SECONDS")
            .and_then(|seconds| seconds.parse().ok())
            .unwrap_or(60);
        let (http, ports) = (http.clone(), *ports);
        tasks.spawn(async move { schedule(&http, &ports, Duration::from_secs(seconds)).await });
    }
    while tasks.join_next().await.is_some() {}
    bail!("every part of the bridge ended")
}

struct Bridge {
    sqs: Client,
    http: reqwest::Client,
    ports: Ports,
    queue: &'static Queue,
}

/// A function's answer to a batch.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchAnswer {
    #[serde(default)]
    batch_item_failures: Vec<BatchItemFailure>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: String,
}

impl Bridge {
    async fn run(&self) {
        loop {
            if let Err(error) = self.one_batch().await {
                tracing::warn!(queue = self.queue.name, "{error:#}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    async fn one_batch(&self) -> anyhow::Result<()> {
        let url = emulator::queue_url(&self.ports, self.queue.name);
        let received = self
            .sqs
            .receive_message()
            .queue_url(&url)
            .max_number_of_messages(self.queue.batch)
            .wait_time_seconds(POLL_SECONDS)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .context("cannot receive")?;
        let messages = received.messages.unwrap_or_default();
        if messages.is_empty() {
            return Ok(());
        }
        let event = json!({ "Records": messages.iter().map(|message| record(self.queue, message)).collect::<Vec<_>>() });
        let failed = match invoke(&self.http, &self.ports, self.queue.function, &event).await {
            Ok(answer) => {
                let answer: BatchAnswer = serde_json::from_value(answer).unwrap_or_default();
                answer
                    .batch_item_failures
                    .into_iter()
                    .map(|failure| failure.item_identifier)
                    .collect()
            }
            Err(error) => {
                tracing::warn!(queue = self.queue.name, messages = messages.len(), "{error:#}");
                messages
                    .iter()
                    .filter_map(|message| message.message_id.clone())
                    .collect::<Vec<_>>()
            }
        };
        for message in &messages {
            let Some(receipt) = message.receipt_handle() else {
                continue;
            };
            if message
                .message_id()
                .is_some_and(|id| failed.iter().any(|failed| failed == id))
            {
                self.postpone(&url, receipt, receives(message)).await?;
            } else {
                self.sqs
                    .delete_message()
                    .queue_url(&url)
                    .receipt_handle(receipt)
                    .send()
                    .await
                    .context("cannot delete")?;
            }
        }
        Ok(())
    }

    /// AWS would keep a failed message hidden for the whole time-out; here the first retries come sooner, so that nobody
    /// waits three minutes at a desk.
    async fn postpone(&self, url: &str, receipt: &str, receives: u32) -> anyhow::Result<()> {
        let seconds = 3_i32
            .saturating_pow(receives.saturating_sub(1))
            .saturating_mul(2)
            .min(VISIBILITY_SECONDS);
        let changed = self
            .sqs
            .change_message_visibility()
            .queue_url(url)
            .receipt_handle(receipt);
        changed
            .visibility_timeout(seconds)
            .send()
            .await
            .context("cannot postpone")?;
        Ok(())
    }
}

fn receives(message: &Message) -> u32 {
    let attributes = message.attributes.as_ref();
    let count = attributes
        .and_then(|attributes| attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount));
    count.and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// One message as Lambda hands it to a function.
fn record(queue: &Queue, message: &Message) -> Value {
    let attributes: serde_json::Map<String, Value> = message
        .attributes
        .iter()
        .flatten()
        .map(|(name, value)| (name.as_str().to_owned(), Value::String(value.clone())))
        .collect();
    json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "md5OfBody": message.md5_of_body,
        "attributes": attributes,
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:{REGION}:000000000000:zencall-local-{}", queue.name),
        "awsRegion": REGION,
    })
}

/// Calls `minute-tick` as EventBridge Scheduler does.
async fn schedule(http: &reqwest::Client, ports: &Ports, period: Duration) {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = invoke(http, ports, "minute-tick", &tick()).await {
            tracing::warn!(function = "minute-tick", "{error:#}");
        }
    }
}

/// The payload of EventBridge Scheduler when a schedule has no input of its own.
pub fn tick() -> Value {
    json!({
        "version": "0",
        "id": crate::settings::hex(16).unwrap_or_default(),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "000000000000",
        "time": crate::client::now().to_string(),
        "region": REGION,
        "resources": [format!("arn:aws:scheduler:{REGION}:000000000000:schedule/default/zencall-local-minute-tick")],
        "detail": "{}",
    })
}

/// Invokes a function through the Lambda API of `cargo lambda watch`.
pub async fn invoke(
    http: &reqwest::Client,
    ports: &Ports,
    function: &str,
    event: &Value,
) -> anyhow::Result<Value> {
    let address = format!(
        "{}/2015-03-31/functions/{function}/invocations",
        functions::api_url(ports)
    );
    let answer = http
        .post(address)
        .json(event)
        .send()
        .await
        .with_context(|| format!("cannot invoke {function}"))?;
    let status = answer.status();
    let text = answer
        .text()
        .await
        .with_context(|| format!("{function} broke off its answer"))?;
    if !status.is_success() {
        bail!(
            "{function} failed with {status}: {}",
            text.chars().take(500).collect::<String>()
        );
    }
    Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
}
