//! Requests of somebody who is logged in.

use anyhow::Context;
use reqwest::Method;
use serde_json::Value;

use super::{Answer, Api, answer};

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct Session {
    pub(super) api: Api,
    pub(crate) token: String,
    /// Their organisation.
    pub organization: String,
}

impl Session {
    /// One request; the caller looks at the status.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        self.api.send(method, path, Some(&self.token), body).await
    }

    /// GET, which must answer 200.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, None).await?.expect(200)
    }

    /// POST, which must answer with this status.
    pub async fn post(&self, path: &str, body: &Value, status: u16) -> anyhow::Result<Value> {
        self.send(Method::POST, path, Some(body)).await?.expect(status)
    }

    /// PUT, which must answer 200.
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::PUT, path, Some(body)).await?.expect(200)
    }

    /// POST of a file, which must answer 200.
    pub async fn upload(&self, path: &str, content_type: &str, content: Vec<u8>) -> anyhow::Result<Value> {
        let request = self
            .api
            .http
            .post(format!("{}/api/v1{path}", self.api.origin))
            .bearer_auth(&self.token);
        let request = request
            .header(reqwest::header::CONTENT_TYPE, content_type)
            .body(content);
        answer(format!("POST /api/v1{path}"), request).await?.expect(200)
    }

    /// Every item of a list, page after page.
    pub async fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let page = match &cursor {
                Some(cursor) => {
                    self.get(&format!("{path}{separator}limit=200&cursor={cursor}"))
                        .await?
                }
                None => self.get(&format!("{path}{separator}limit=200")).await?,
            };
            items.extend(
                page["data"]
                    .as_array()
                    .context("a list without data")?
                    .iter()
                    .cloned(),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(items),
            }
        }
    }
}
