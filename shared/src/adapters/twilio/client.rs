//! Twilio's REST API, as far as an account and its numbers are checked. Only harmless requests: they are repeated.

use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::credentials::{AccountSid, TwilioCredentials};
use super::error::TwilioError;
use crate::adapters::exchange::send_repeatedly;
use crate::kernel::PhoneNumber;

/// How many pages of numbers are looked at: more than any account has that match one whole number.
const MOST_PAGES: usize = 5;

/// Twilio's REST API. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Twilio {
    http: reqwest::Client,
    base: String,
}

/// What is known of an account that works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// A trial account reaches verified numbers only.
    pub trial: bool,
}

/// A number that an account owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedNumber {
    /// Twilio's id of it, `PN…`.
    pub sid: String,
    /// Whether it can place and take calls.
    pub voice: bool,
    /// Whether it can send and take messages.
    pub sms: bool,
}

/// Of the account only this is read: the answer repeats the token.
#[derive(Deserialize)]
struct AccountAnswer {
    status: String,
    #[serde(rename = "type", default)]
    kind: String,
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
}

/// What Twilio does not say, a number can: sending or calling is refused later if not.
#[derive(Deserialize, Default)]
struct Capabilities {
    voice: Option<bool>,
    sms: Option<bool>,
}

impl Twilio {
    /// The API at `base`.
    pub fn new(http: reqwest::Client, base: &str) -> Self {
        Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    /// Checks the account and its token, which signs webhooks and must be right even where a key sends the requests.
    pub async fn check_account(&self, credentials: &TwilioCredentials) -> Result<Account, TwilioError> {
        let account_sid = credentials.account_sid.as_str();
        let path = format!("/2010-04-01/Accounts/{account_sid}.json");
        let account: AccountAnswer = self
            .get(|| {
                let request = self.http.request(Method::GET, format!("{}{path}", self.base));
                basic(request, account_sid, &credentials.auth_token)
            })
            .await?;
        if account.status != "active" {
            return Err(TwilioError::Suspended);
        }
        Ok(Account {
            trial: account.kind.eq_ignore_ascii_case("trial"),
        })
    }

    /// The number among those of the account, by the key if there is one, so that this checks the key. Twilio's filter
    /// finds parts of numbers: only the whole number counts.
    pub async fn find_number(
        &self,
        credentials: &TwilioCredentials,
        number: &PhoneNumber,
    ) -> Result<Option<OwnedNumber>, TwilioError> {
        let path = numbers_path(&credentials.account_sid);
        let mut next = Some(format!(
            "{path}?PhoneNumber=%2B{}&PageSize=1000",
            &number.as_str()[1..]
        ));
        for _ in 0..MOST_PAGES {
            let Some(page) = next else { break };
            let answer: NumbersAnswer = self
                .get(|| {
                    let request = self.http.request(Method::GET, format!("{}{page}", self.base));
                    match &credentials.api_key {
                        Some(key) => basic(request, key.sid.as_str(), &key.secret),
                        None => basic(request, credentials.account_sid.as_str(), &credentials.auth_token),
                    }
                })
                .await?;
            let found = answer.incoming_phone_numbers.into_iter();
            if let Some(owned) = found
                .into_iter()
                .find(|owned| owned.phone_number == number.as_str())
            {
                return Ok(Some(OwnedNumber {
                    sid: owned.sid,
                    voice: owned.capabilities.voice.unwrap_or(true),
                    sms: owned.capabilities.sms.unwrap_or(true),
                }));
            }
            // The credentials follow the address: it must stay below this one.
            next = answer.next_page_uri.filter(|uri| uri.starts_with(&path));
        }
        Ok(None)
    }

    /// A request as this organisation: by its key, else by its account's token. The path stands below the account.
    pub(super) fn request(
        &self,
        credentials: &TwilioCredentials,
        method: Method,
        path: &str,
    ) -> RequestBuilder {
        let account_sid = credentials.account_sid.as_str();
        let url = format!("{}/2010-04-01/Accounts/{account_sid}/{path}", self.base);
        let request = self.http.request(method, url);
        match &credentials.api_key {
            Some(key) => basic(request, key.sid.as_str(), &key.secret),
            None => basic(request, account_sid, &credentials.auth_token),
        }
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, TwilioError> {
        let answer = send_repeatedly(request).await.map_err(TwilioError::NoAnswer)?;
        if answer.status.is_success() {
            serde_json::from_slice(&answer.body).map_err(|_| TwilioError::Unreadable)
        } else {
            Err(TwilioError::of(&answer))
        }
    }
}

fn numbers_path(account_sid: &AccountSid) -> String {
    format!(
        "/2010-04-01/Accounts/{}/IncomingPhoneNumbers.json",
        account_sid.as_str()
    )
}

fn basic(request: RequestBuilder, user: &str, password: &SecretString) -> RequestBuilder {
    request.basic_auth(user, Some(password.expose_secret()))
}
