//! The way to Twilio's REST API: its address, an organisation's credentials, and which requests are repeated.

use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::credentials::TwilioCredentials;
use super::error::TwilioError;
use crate::adapters::exchange::send_repeatedly;

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

/// Of the account only this is read: the answer repeats the token.
#[derive(Deserialize)]
struct AccountAnswer {
    status: String,
    #[serde(rename = "type", default)]
    kind: String,
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
            .repeat(|| {
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

    /// Sends a request that does no harm when it arrives twice.
    pub(super) async fn repeat<T: DeserializeOwned>(
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

fn basic(request: RequestBuilder, user: &str, password: &SecretString) -> RequestBuilder {
    request.basic_auth(user, Some(password.expose_secret()))
}
