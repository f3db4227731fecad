//! A client of the stand-ins' control API.

use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::{answer, plain};
use crate::functions;
use crate::settings::Ports;

/// The stand-ins' control API.
#[derive(Debug, Clone)]
pub struct Control {
    http: reqwest::Client,
    url: String,
}

impl Control {
    /// The stand-ins that listen on these ports.
    pub fn new(ports: &Ports) -> anyhow::Result<Self> {
        let url = format!("{}/_control", functions::sandbox_url(ports));
        Ok(Self {
            http: plain(Duration::from_secs(10))?,
            url,
        })
    }

    /// Whether they answer.
    pub async fn is_healthy(&self) -> bool {
        self.http
            .get(format!("{}/health", self.url))
            .send()
            .await
            .is_ok_and(|answer| answer.status().is_success())
    }

    /// How calls go from now on.
    pub async fn behave(&self, behaviour: &Value) -> anyhow::Result<()> {
        let request = self.http.put(format!("{}/behaviour", self.url)).json(behaviour);
        answer("PUT /_control/behaviour".to_owned(), request)
            .await?
            .expect(200)
            .map(drop)
    }

    /// The account that the seeds and the demo connect.
    pub async fn twilio_account(&self, sid: &str, token: &str, number: &str) -> anyhow::Result<()> {
        let body = json!({ "auth_token": token, "numbers": [number], "status": "active" });
        let request = self
            .http
            .put(format!("{}/twilio/accounts/{sid}", self.url))
            .json(&body);
        let answer = answer("PUT /_control/twilio/accounts".to_owned(), request).await?;
        if !(200..300).contains(&answer.status) {
            bail!(
                "the stand-ins refused the Twilio account: {} {}",
                answer.status,
                answer.body
            );
        }
        Ok(())
    }

    /// The calls really placed.
    pub async fn calls(&self) -> anyhow::Result<Vec<Value>> {
        let request = self.http.get(format!("{}/calls", self.url));
        let body = answer("GET /_control/calls".to_owned(), request)
            .await?
            .expect(200)?;
        Ok(body.as_array().context("calls are no list")?.clone())
    }

    /// The tools that models called to book, and what they were answered.
    pub async fn tool_calls(&self) -> anyhow::Result<Vec<Value>> {
        self.list("tool-calls").await
    }

    /// What a stand-in was asked: `vapi` or `twilio`.
    pub async fn requests(&self, provider: &str) -> anyhow::Result<Vec<Value>> {
        self.list(&format!("requests?provider={provider}")).await
    }

    /// Somebody writes to a number: what its webhook answered, and what went back to them.
    pub async fn write(&self, from: &str, to: &str, body: &str) -> anyhow::Result<Value> {
        let written = json!({ "from": from, "to": to, "body": body });
        let request = self
            .http
            .post(format!("{}/twilio/inbound", self.url))
            .json(&written);
        answer("POST /_control/twilio/inbound".to_owned(), request)
            .await?
            .expect(200)
    }

    async fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let request = self.http.get(format!("{}/{path}", self.url));
        let body = answer(format!("GET /_control/{path}"), request)
            .await?
            .expect(200)?;
        Ok(body.as_array().context("no list")?.clone())
    }
}
