//! Queues of one test, on the emulator.

use aws_sdk_sqs::Client;
use uuid::Uuid;

/// Which queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueKind {
    /// Calls to place.
    Calls,
    /// Provider events.
    Events,
    /// Mails to send.
    Mail,
    /// Exports to write and deletions to carry out.
    Gdpr,
    /// Text messages to send.
    Messages,
    /// Files of contacts to import.
    Imports,
}

/// Queues of one test.
#[derive(Debug)]
pub struct TestQueues {
    client: Client,
    urls: [String; 6],
}

impl TestQueues {
    pub(crate) async fn create() -> Self {
        let client = Client::new(&zencall::adapters::aws_config().await);
        let test = Uuid::now_v7().simple();
        let mut urls = [const { String::new() }; 6];
        for (url, name) in urls
            .iter_mut()
            .zip(["calls", "events", "mail", "gdpr", "messages", "imports"])
        {
            let created = client
                .create_queue()
                .queue_name(format!("test-{test}-{name}"))
                .send()
                .await
                .unwrap();
            *url = created.queue_url.unwrap();
        }
        Self { client, urls }
    }

    /// The address of a queue.
    pub fn url(&self, kind: QueueKind) -> &str {
        match kind {
            QueueKind::Calls => &self.urls[0],
            QueueKind::Events => &self.urls[1],
            QueueKind::Mail => &self.urls[2],
            QueueKind::Gdpr => &self.urls[3],
            QueueKind::Messages => &self.urls[4],
            QueueKind::Imports => &self.urls[5],
        }
    }

    /// Takes every message out of a queue, as JSON.
    pub async fn take(&self, kind: QueueKind) -> Vec<serde_json::Value> {
        let mut bodies = Vec::new();
        loop {
            let received = self
                .client
                .receive_message()
                .queue_url(self.url(kind))
                .max_number_of_messages(10)
                .send()
                .await
                .unwrap();
            let messages = received.messages.unwrap_or_default();
            if messages.is_empty() {
                return bodies;
            }
            for message in messages {
                bodies.push(serde_json::from_str(&message.body.unwrap()).unwrap());
                let receipt = message.receipt_handle.unwrap();
                self.client
                    .delete_message()
                    .queue_url(self.url(kind))
                    .receipt_handle(receipt)
                    .send()
                    .await
                    .unwrap();
            }
        }
    }
}
