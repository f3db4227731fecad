//! Mails as the emulator keeps them.

use aws_sdk_sesv2::Client;
use serde_json::Value;
use zencall::adapters::mail::Mailer;

use crate::TestApp;

/// The domain that mails are sent from; SES, and the emulator, want to know it first.
const DOMAIN: &str = "zencall.example";

/// A mail that was sent.
#[derive(Debug, Clone)]
pub struct SentMail {
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

impl SentMail {
    /// The token of the link that stands alone on its line.
    pub fn token(&self) -> Option<&str> {
        self.text
            .lines()
            .filter(|line| line.starts_with("http"))
            .find_map(|line| line.split_once("?token=").map(|(_, token)| token))
    }
}

impl TestApp {
    /// What `mailer` builds at its cold start.
    pub async fn mailer(&self) -> Mailer {
        let config = self.app.aws().await;
        // Known from an earlier test, or made now.
        let made = Client::new(config)
            .create_email_identity()
            .email_identity(DOMAIN)
            .send()
            .await;
        drop(made);
        Mailer::new(config, &self.app.config.mail_from)
    }

    /// The mails that were sent to this address, oldest first.
    pub async fn mails_to(&self, address: &str) -> Vec<SentMail> {
        let endpoint = std::env::var("AWS_ENDPOINT_URL").unwrap();
        let request = zencall::adapters::http_client().get(format!("{endpoint}/_ministack/ses/messages"));
        let answer = request.send().await.unwrap().text().await.unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let accounts = answer["messages"].as_object().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        accounts
            .values()
            .filter_map(Value::as_array)
            .flatten()
            .filter(|mail| {
                mail["To"]
                    .as_array()
                    .is_some_and(|to| to.iter().any(|to| to == address))
            })
            .map(|mail| SentMail {
                subject: text(&mail["Subject"]),
                text: text(&mail["BodyText"]),
            })
            .collect()
    }
}
