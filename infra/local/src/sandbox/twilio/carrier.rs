//! The way of a message to its recipient, and the status callbacks.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    sending::{CARRIER_ERRORS, segments},
    webhook::Webhook,
};
use crate::sandbox::{
    chance::{now, rfc2822},
    state::Stand,
};

/// Carries one message, and tells its sender.
pub(crate) struct Carrier {
    pub(crate) stand: Arc<Stand>,
    pub(crate) account: String,
    pub(crate) sid: String,
    /// Where the sender wants to be told.
    pub(crate) callback: Option<String>,
    /// The key of the signature.
    pub(crate) token: String,
}

impl Carrier {
    /// Sends it, then delivers it.
    pub(crate) async fn run(self) {
        for step in ["sent", "delivered"] {
            let behaviour = self.stand.behaviour();
            tokio::time::sleep(behaviour.scaled(1.0)).await;
            let error = self.error().filter(|_| step == "delivered");
            let status = if error.is_some() { "undelivered" } else { step };
            let Some(message) = self.change(status, error) else {
                return;
            };
            tokio::time::sleep(behaviour.webhook_delay()).await;
            if let Some(callback) = &self.callback {
                if self.stand.is_lost(&behaviour) {
                    self.stand.delivered(&self.sid, status, 0, None, true);
                } else {
                    self.tell(callback, status, &message).await;
                }
            }
        }
    }

    /// What the operator has against this recipient.
    fn error(&self) -> Option<u32> {
        let data = self.stand.data();
        let message = data
            .messages
            .iter()
            .find(|message| text(message, "sid") == self.sid)?;
        let code = data.behaviour.message_errors.get(text(message, "to"))?;
        (*code >= CARRIER_ERRORS).then_some(*code)
    }

    fn change(&self, status: &str, error: Option<u32>) -> Option<Value> {
        let mut data = self.stand.data();
        let message = data
            .messages
            .iter_mut()
            .find(|message| text(message, "sid") == self.sid)?;
        if matches!(text(message, "status"), "scheduled" | "canceled") {
            return None;
        }
        let date = rfc2822(now());
        message["status"] = json!(status);
        message["error_code"] = json!(error);
        message["date_updated"] = json!(date);
        if message["date_sent"].is_null() {
            message["date_sent"] = json!(date);
        }
        if message["num_segments"] == "0" {
            message["num_segments"] = json!(segments(text(message, "body")).to_string());
        }
        Some(message.clone())
    }

    async fn tell(&self, callback: &str, status: &str, message: &Value) {
        let mut parameters: Vec<(String, String)> = [
            ("AccountSid", self.account.as_str()),
            ("ApiVersion", "2010-04-01"),
            ("From", text(message, "from")),
            ("MessageSid", &self.sid),
            ("MessageStatus", status),
            ("SmsSid", &self.sid),
            ("SmsStatus", status),
            ("To", text(message, "to")),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        if let Some(service) = message["messaging_service_sid"].as_str() {
            parameters.push(("MessagingServiceSid".to_owned(), service.to_owned()));
        }
        if let Some(code) = message["error_code"].as_u64() {
            parameters.push(("ErrorCode".to_owned(), code.to_string()));
        }
        let webhook = Webhook {
            url: callback,
            token: &self.token,
            sid: &self.sid,
            kind: status,
            parameters,
        };
        webhook.post(&self.stand).await;
    }
}

fn text<'a>(resource: &'a Value, member: &str) -> &'a str {
    resource[member].as_str().unwrap_or_default()
}
