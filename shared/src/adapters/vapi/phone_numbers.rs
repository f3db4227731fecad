//! Phone numbers that organisations bring from Twilio. Answers repeat the credentials: only the id
//! is read.

use jiff::Timestamp;
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::client::Vapi;
use super::error::VapiError;
use super::wire::{Created, ListedPhoneNumber, shortened};
use crate::adapters::twilio::TwilioCredentials;
use crate::kernel::PhoneNumber;

/// A number with the account at Twilio that it belongs to.
#[derive(Debug)]
pub struct NumberAtTwilio<'a> {
    /// The number.
    pub number: &'a PhoneNumber,
    /// The account.
    pub credentials: &'a TwilioCredentials,
    /// What Vapi's dashboard calls it.
    pub name: &'a str,
}

impl NumberAtTwilio<'_> {
    /// `smsEnabled` is false, else Vapi would take the number's messages, STOP among them. There is no assistant, so that
    /// inbound calls ask us which. An API key is preferred: Vapi would prefer the token, which signs webhooks.
    fn to_json(&self) -> Value {
        let mut body = json!({
            "provider": "twilio",
            "number": self.number.as_str(),
            "twilioAccountSid": self.credentials.account_sid.as_str(),
            "smsEnabled": false,
            "name": shortened(self.name),
        });
        match &self.credentials.api_key {
            Some(key) => {
                body["twilioApiKey"] = key.sid.as_str().into();
                body["twilioApiSecret"] = key.secret.expose_secret().into();
            }
            None => body["twilioAuthToken"] = self.credentials.auth_token.expose_secret().into(),
        }
        body
    }
}

impl Vapi {
    /// Imports a number for voice and returns Vapi's id of it.
    pub async fn import_phone_number(&self, number: &NumberAtTwilio<'_>) -> Result<String, VapiError> {
        self.create("/phone-number", &number.to_json())
            .await
            .map(|created: Created| created.id)
    }

    /// Gives an imported number other credentials than `former`.
    pub async fn update_phone_number(
        &self,
        id: &str,
        number: &NumberAtTwilio<'_>,
        former: &TwilioCredentials,
    ) -> Result<(), VapiError> {
        let (path, mut body) = (format!("/phone-number/{id}"), number.to_json());
        // What is left out stays, and a token that stays would win over the key.
        let cleared: &[&str] = match (&former.api_key, &number.credentials.api_key) {
            (None, Some(_)) => &["twilioAuthToken"],
            (Some(_), None) => &["twilioApiKey", "twilioApiSecret"],
            _ => &[],
        };
        for member in cleared {
            body[member] = Value::Null;
        }
        let changed = self
            .repeat(|vapi| vapi.request(Method::PATCH, &path).json(&body))
            .await;
        changed.map(|IgnoredAny| ())
    }

    /// The ids of the imports with this name that were made in `[from, to)`.
    pub async fn phone_numbers_named(
        &self,
        name: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<String>, VapiError> {
        let listed: Vec<ListedPhoneNumber> = self.list_between("/phone-number", &[], from, to).await?;
        let ours = listed
            .into_iter()
            .filter(|number| number.name.as_deref() == Some(name));
        Ok(ours.map(|number| number.id).collect())
    }

    /// Deletes an imported number; one that is not there is fine.
    pub async fn delete_phone_number(&self, id: &str) -> Result<(), VapiError> {
        let path = format!("/phone-number/{id}");
        match self.repeat(|vapi| vapi.request(Method::DELETE, &path)).await {
            Ok(IgnoredAny) | Err(VapiError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
