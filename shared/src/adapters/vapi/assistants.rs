//! Assistants.

use jiff::Timestamp;
use reqwest::Method;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::client::Vapi;
use super::error::VapiError;
use super::wire::{Created, ListedAssistant};

impl Vapi {
    /// Creates an assistant and returns its id.
    pub async fn create_assistant(&self, definition: &Value) -> Result<String, VapiError> {
        self.create("/assistant", definition)
            .await
            .map(|created: Created| created.id)
    }

    /// Changes an assistant. Nested objects are replaced, so they are sent whole.
    pub async fn update_assistant(&self, id: &str, change: &Value) -> Result<(), VapiError> {
        let path = format!("/assistant/{id}");
        let changed = self
            .repeat(|vapi| vapi.request(Method::PATCH, &path).json(change))
            .await;
        changed.map(|IgnoredAny| ())
    }

    /// The whole definition of an assistant, if there is one. It may hold the secret of our own webhook, so it is neither
    /// logged nor kept.
    pub async fn definition(&self, id: &str) -> Result<Option<Value>, VapiError> {
        let path = format!("/assistant/{id}");
        match self.repeat(|vapi| vapi.request(Method::GET, &path)).await {
            Ok(definition) => Ok(Some(definition)),
            Err(VapiError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes an assistant; one that is not there is fine.
    pub async fn delete_assistant(&self, id: &str) -> Result<(), VapiError> {
        let path = format!("/assistant/{id}");
        match self.repeat(|vapi| vapi.request(Method::DELETE, &path)).await {
            Ok(IgnoredAny) | Err(VapiError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The assistants of the platform's account, of all organisations, created in `[from, to)`.
    pub async fn assistants(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<ListedAssistant>, VapiError> {
        self.list_between("/assistant", &[], from, to).await
    }
}
