//! The way to Vapi: its address, the platform's key, and which requests are repeated.

use std::sync::Arc;

use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::VapiError;
use crate::adapters::exchange::{Answer, Trouble, send_once, send_repeatedly};
use crate::adapters::kept::{Kept, Newer};
use crate::adapters::secrets::SecretsError;

/// Vapi's API. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Vapi {
    http: reqwest::Client,
    base: String,
    key: Arc<SecretString>,
    keys: Arc<Kept<SecretString>>,
}

impl Vapi {
    /// The API at `base`, with the platform's private key as it is now.
    pub async fn new(
        http: reqwest::Client,
        base: &str,
        keys: Arc<Kept<SecretString>>,
    ) -> Result<Self, SecretsError> {
        Ok(Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            key: keys.get().await?,
            keys,
        })
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        request.bearer_auth(self.key.expose_secret())
    }

    /// Creates something; once.
    pub(super) async fn create<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, VapiError> {
        self.read_once(|vapi| vapi.request(Method::POST, path).json(body))
            .await
    }

    /// Sends a request once and reads the answer.
    pub(super) async fn read_once<T: DeserializeOwned>(
        &self,
        request: impl Fn(&Self) -> RequestBuilder,
    ) -> Result<T, VapiError> {
        read(&self.once(request).await.map_err(VapiError::NoAnswer)?)
    }

    /// Sends a request that does no harm when it arrives twice.
    pub(super) async fn repeat<T: DeserializeOwned>(
        &self,
        request: impl Fn(&Self) -> RequestBuilder,
    ) -> Result<T, VapiError> {
        let mut answer = send_repeatedly(|| request(self)).await;
        if let Some(vapi) = self.if_key_is_outdated(&answer).await {
            answer = send_repeatedly(|| request(&vapi)).await;
        }
        read(&answer.map_err(VapiError::NoAnswer)?)
    }

    /// Sends a request once; again only where Vapi refused its key, and so did nothing with it.
    pub(super) async fn once(&self, request: impl Fn(&Self) -> RequestBuilder) -> Result<Answer, Trouble> {
        let answer = send_once(request(self)).await;
        match self.if_key_is_outdated(&answer).await {
            Some(vapi) => send_once(request(&vapi)).await,
            None => answer,
        }
    }

    /// The same with another key, where the one that we have was refused and there is another one by now.
    async fn if_key_is_outdated(&self, answer: &Result<Answer, Trouble>) -> Option<Self> {
        let refused = answer
            .as_ref()
            .is_ok_and(|answer| answer.status == StatusCode::UNAUTHORIZED);
        if !refused {
            return None;
        }
        match self.keys.newer_than(&self.key).await {
            Ok(Newer::Other(key)) => Some(Self { key, ..self.clone() }),
            _ => None,
        }
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
