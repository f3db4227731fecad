//! The way to Vapi: its address, the platform's key, and which requests are repeated.

use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::VapiError;
use crate::adapters::exchange::{Answer, send_once, send_repeatedly};

/// Vapi's API. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Vapi {
    http: reqwest::Client,
    base: String,
    key: SecretString,
}

impl Vapi {
    /// The API at `base`, with the platform's private key.
    pub fn new(http: reqwest::Client, base: &str, key: SecretString) -> Self {
        Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            key,
        }
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        request.bearer_auth(self.key.expose_secret())
    }

    /// Creates something; once.
    pub(super) async fn create<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, VapiError> {
        let answer = send_once(self.request(Method::POST, path).json(body)).await;
        read(&answer.map_err(VapiError::NoAnswer)?)
    }

    /// Sends a request that does no harm when it arrives twice.
    pub(super) async fn repeat<T: DeserializeOwned>(
        &self,
        request: impl Fn(&Self) -> RequestBuilder,
    ) -> Result<T, VapiError> {
        let answer = send_repeatedly(|| request(self)).await;
        read(&answer.map_err(VapiError::NoAnswer)?)
    }
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, VapiError> {
    let status = answer.status.as_u16();
    match status {
        200..=299 => serde_json::from_slice(&answer.body).map_err(|_| VapiError::Unreadable),
        404 => Err(VapiError::NotFound),
        400..=499 if status != 429 => Err(VapiError::Refused { status }),
        _ => Err(VapiError::Failed { status }),
    }
}
