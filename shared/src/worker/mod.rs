//! The queue edge: each message by itself, and back to the queue only what is worth another try.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;
pub use lambda_runtime::Error;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::DeserializeOwned;
use tracing::Instrument as _;

use crate::App;
use crate::kernel::class::{Class, Classify, Failure, chain};
use crate::kernel::shown::shows;

/// A message as it came off a queue.
#[derive(Clone)]
pub struct Message {
    /// The queue's id of it.
    pub id: String,
    /// JSON.
    pub body: String,
    /// How many times it was handed out, this time included.
    pub receive_count: u32,
    /// When it was first sent.
    pub sent_at: Option<Timestamp>,
}

shows!(Message, id, receive_count, sent_at);

/// A message was not handled.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotHandled(String, Class);

impl<E: Classify> From<E> for NotHandled {
    fn from(error: E) -> Self {
        let Failure { class, .. } = error.failure();
        Self(chain(&error), class)
    }
}

impl NotHandled {
    /// A message that cannot be read goes back, and so, in the end, to the dead-letter queue.
    pub fn unreadable() -> Self {
        Self("the message is not readable".to_owned(), Class::Internal)
    }

    /// Whether it goes back to the queue.
    pub fn is_worth_retrying(&self) -> bool {
        self.1.worth_retrying()
    }
}

impl Message {
    /// Reads the body.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, NotHandled> {
        serde_json::from_str(&self.body).map_err(|_| NotHandled::unreadable())
    }
}

/// Serves a queue under Lambda.
pub async fn serve(
    app: App,
    handle: impl AsyncFn(&App, &Message) -> Result<(), NotHandled>,
) -> Result<(), Error> {
    let (app, handle) = (&app, &handle);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        // Boxed: a handler with an SDK in it is too deep to be laid out inside the runtime's own futures.
        Ok::<_, Error>(Box::pin(run_batch(app, event.payload, handle)).await)
    }))
    .await
}

/// Serves a schedule or a deployment step under Lambda: one invocation, one run.
pub async fn serve_task<T: serde::Serialize>(
    app: App,
    run: impl AsyncFn(&App) -> Result<T, NotHandled>,
) -> Result<(), Error> {
    serve_asked(app, async |app: &App, _: serde_json::Value| run(app).await).await
}

/// The same for a task that is told what to do by the event.
pub async fn serve_asked<T: serde::Serialize>(
    app: App,
    run: impl AsyncFn(&App, serde_json::Value) -> Result<T, NotHandled>,
) -> Result<(), Error> {
    let (app, run) = (&app, &run);
    lambda_runtime::run(service_fn(
        move |event: LambdaEvent<serde_json::Value>| async move {
            let outcome = Box::pin(run(app, event.payload)).await;
            if let Err(error) = &outcome {
                tracing::error!(%error, "the task failed");
            }
            Ok::<_, Error>(outcome?)
        },
    ))
    .await
}

/// Handles each message by itself; names those worth another try.
pub async fn run_batch(
    app: &App,
    batch: SqsEvent,
    handle: &impl AsyncFn(&App, &Message) -> Result<(), NotHandled>,
) -> SqsBatchResponse {
    let mut again = Vec::new();
    for message in batch.records {
        let message = Message::from(message);
        let span = tracing::info_span!(
            "message",
            message_id = message.id,
            receive_count = message.receive_count
        );
        // Boxed: the future of a whole use-case is large.
        match Box::pin(handle(app, &message)).instrument(span).await {
            Ok(()) => {}
            Err(error) if error.is_worth_retrying() => {
                tracing::warn!(message_id = message.id, %error, "a message goes back to the queue");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = message.id;
                again.push(failure);
            }
            Err(error) => tracing::error!(message_id = message.id, %error, "a message was dropped"),
        }
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = again;
    response
}

impl From<SqsMessage> for Message {
    fn from(message: SqsMessage) -> Self {
        let attribute = |name: &str| {
            message
                .attributes
                .get(name)
                .and_then(|value| value.parse::<i64>().ok())
        };
        Self {
            receive_count: attribute("ApproximateReceiveCount")
                .and_then(|count| count.try_into().ok())
                .unwrap_or(1),
            sent_at: attribute("SentTimestamp").and_then(|at| Timestamp::from_millisecond(at).ok()),
            id: message.message_id.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
        }
    }
}
