//! The containers of a deployment whose outside world is on this machine.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use zencall::App;
use zencall::adapters::vapi::webhook::{Proofs, verify};
use zencall::app;
use zencall::config::Config;
use zencall::kernel::Clock;

use super::aws::{Aws, Queues};

/// The queue of calls.
pub const CALLS: &str = "http://queues/calls";
/// The queue of events.
pub const EVENTS: &str = "http://queues/events";
/// What Vapi sends as a bearer token.
const WEBHOOK_SECRET: &str = "the-secret-of-the-loopback";

/// The containers of a deployment.
#[derive(Debug)]
pub struct Containers {
    clients: app::Aws,
    settings: Config,
    clock: Clock,
}

impl Containers {
    /// A deployment on this database, with these queues and this Vapi; returns the part of AWS that answers it as well.
    pub async fn of<Q: Queues>(
        queues: Arc<Q>,
        (database_url, pepper): (&str, &str),
        vapi_url: &str,
        clock: &Clock,
    ) -> anyhow::Result<(Self, Arc<Aws<Q>>)> {
        let secrets = [
            ("database-url", database_url),
            ("pepper", pepper),
            ("vapi-api-key", "the-key-of-the-loopback"),
            ("vapi-webhook-secret", WEBHOOK_SECRET),
        ];
        let secrets: HashMap<_, _> = secrets
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let aws = Aws::new(queues, secrets);
        let containers = Self {
            clients: app::Aws::with(aws.serve().await?),
            settings: settings(vapi_url)?,
            clock: clock.clone(),
        };
        Ok((containers, aws))
    }

    /// A container: a pool of one connection, and clients of its own.
    pub fn start(&self) -> App {
        App::on(self.clients.clone(), self.settings.clone(), self.clock.clone(), 1)
    }
}

fn settings(vapi_url: &str) -> anyhow::Result<Config> {
    let lookup = |name: &str| {
        let value = match name {
            "STAGE" => "loopback",
            "DATABASE_SECRET" => "database-url",
            "PEPPER_SECRET" => "pepper",
            "VAPI_API_KEY_SECRET" => "vapi-api-key",
            "VAPI_WEBHOOK_SECRET_NAME" => "vapi-webhook-secret",
            "VAPI_API_URL" => vapi_url,
            "QUEUE_CALLS_URL" => CALLS,
            "QUEUE_EVENTS_URL" => EVENTS,
            _ => return None,
        };
        Some(value.to_owned())
    };
    Ok(Config::from_lookup(lookup)?)
}

/// What the door keeps of a message of Vapi's, as it puts it on the queue of events.
pub fn kept(body: &Value, now: Timestamp) -> Option<String> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {WEBHOOK_SECRET}").parse().ok()?);
    let secrets = [SecretString::from(WEBHOOK_SECRET)];
    let bytes = Bytes::from(body.to_string());
    let proven = verify(Proofs::of("local", None), &secrets, &headers, bytes, now).ok()?;
    serde_json::to_string(&proven.parse().ok()?.get().project(now)).ok()
}
