//! The numbers of an account: whether it owns one, and where messages to it go. All requests are idempotent, so they
//! are retried.

use std::fmt;

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::client::Twilio;
use super::credentials::TwilioCredentials;
use super::error::TwilioError;
use crate::kernel::PhoneNumber;

/// How many pages of numbers are looked at: more than any account has that match one whole number.
const MOST_PAGES: usize = 5;

/// A number that an account owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedNumber {
    /// Twilio's id of it, `PN…`.
    pub sid: String,
    /// Whether it can place and take calls.
    pub voice: bool,
    /// Whether it can send and take messages.
    pub sms: bool,
    /// Where messages to it go.
    pub messages: MessageRoute,
}

/// Where messages to a number go. `Debug` shows none of it: addresses of webhooks may hold passwords.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRoute {
    /// The address that they are posted to; empty for nowhere.
    pub url: String,
    /// `POST` or `GET`.
    pub method: String,
    /// A TwiML application, `AP…`, which Twilio prefers to the address; empty for none.
    #[serde(default)]
    pub application: String,
}

impl MessageRoute {
    /// To this address.
    pub fn to(url: String) -> Self {
        Self {
            url,
            method: "POST".to_owned(),
            application: String::new(),
        }
    }
}

impl fmt::Debug for MessageRoute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MessageRoute(..)")
    }
}

#[derive(Deserialize)]
struct NumbersAnswer {
    incoming_phone_numbers: Vec<NumberAnswer>,
    #[serde(default)]
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct NumberAnswer {
    sid: String,
    phone_number: String,
    #[serde(default)]
    capabilities: Capabilities,
    #[serde(default)]
    sms_url: Option<String>,
    #[serde(default)]
    sms_method: Option<String>,
    #[serde(default)]
    sms_application_sid: Option<String>,
}

/// What Twilio does not say, a number can: sending or calling is refused later if not.
#[derive(Deserialize, Default)]
struct Capabilities {
    voice: Option<bool>,
    sms: Option<bool>,
}

impl From<NumberAnswer> for OwnedNumber {
    fn from(answer: NumberAnswer) -> Self {
        Self {
            voice: answer.capabilities.voice.unwrap_or(true),
            sms: answer.capabilities.sms.unwrap_or(true),
            messages: MessageRoute {
                url: answer.sms_url.unwrap_or_default(),
                method: answer.sms_method.unwrap_or_else(|| "POST".to_owned()),
                application: answer.sms_application_sid.unwrap_or_default(),
            },
            sid: answer.sid,
        }
    }
}

impl Twilio {
    /// The number among those of the account, by the key if there is one, so that this checks the key. Twilio's filter
    /// finds parts of numbers: only the whole number counts.
    pub async fn find_number(
        &self,
        credentials: &TwilioCredentials,
        number: &PhoneNumber,
    ) -> Result<Option<OwnedNumber>, TwilioError> {
        let account = credentials.account_sid.as_str();
        let below = format!("/2010-04-01/Accounts/{account}/");
        let digits = &number.as_str()[1..];
        let mut next = Some(format!(
            "IncomingPhoneNumbers.json?PhoneNumber=%2B{digits}&PageSize=1000"
        ));
        for _ in 0..MOST_PAGES {
            let Some(page) = next else { break };
            let answer: NumbersAnswer = self
                .repeat(|| self.request(credentials, Method::GET, &page))
                .await?;
            let found = answer
                .incoming_phone_numbers
                .into_iter()
                .find(|owned| owned.phone_number == number.as_str());
            if let Some(owned) = found {
                return Ok(Some(owned.into()));
            }
            // The credentials follow the address: it must stay below this account.
            next = answer
                .next_page_uri
                .and_then(|uri| uri.strip_prefix(&below).map(str::to_owned));
        }
        Ok(None)
    }

    /// Where messages to a number go now.
    pub async fn message_route(
        &self,
        credentials: &TwilioCredentials,
        sid: &str,
    ) -> Result<MessageRoute, TwilioError> {
        let path = format!("IncomingPhoneNumbers/{sid}.json");
        let answer: NumberAnswer = self
            .repeat(|| self.request(credentials, Method::GET, &path))
            .await?;
        Ok(OwnedNumber::from(answer).messages)
    }

    /// Sends messages to a number somewhere else. An application would win over the address: it is set or cleared too.
    pub async fn set_message_route(
        &self,
        credentials: &TwilioCredentials,
        sid: &str,
        route: &MessageRoute,
    ) -> Result<(), TwilioError> {
        let path = format!("IncomingPhoneNumbers/{sid}.json");
        let form = [
            ("SmsUrl", route.url.as_str()),
            ("SmsMethod", route.method.as_str()),
            ("SmsApplicationSid", route.application.as_str()),
        ];
        let _: NumberAnswer = self
            .repeat(|| self.request(credentials, Method::POST, &path).form(&form))
            .await?;
        Ok(())
    }
}
