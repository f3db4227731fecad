//! `make send`: signs a sample webhook as Vapi does by default and posts it to the running stack.

use std::time::Duration;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::layout::Layout;
use crate::settings::{Ports, Secrets};
use crate::terminal::say;

/// Posts the sample of that name, a file of `events/` (or a path), to the webhook it belongs to.
pub async fn send(layout: &Layout, ports: &Ports, secrets: &Secrets, event: &str) -> anyhow::Result<()> {
    let in_events = layout.root().join("events").join(event);
    let path = if in_events.is_file() {
        in_events
    } else {
        event.into()
    };
    let text = std::fs::read_to_string(&path).with_context(|| format!("no sample {event} in events/"))?;
    let body = body_of(&text)?;
    let timestamp = crate::client::now().as_second().to_string();
    let signature = sign(secrets.vapi_webhook_secret.as_bytes(), &timestamp, &body)?;
    let address = format!("{}/api/v1/vapi/webhook", crate::functions::api_url(ports));
    let answer = crate::client::plain(Duration::from_secs(35))?
        .post(&address)
        .header("content-type", "application/json")
        .header("x-timestamp", timestamp)
        .header("x-signature", signature)
        .body(body)
        .send()
        .await
        .with_context(|| format!("nothing answers at {address}: make up (or make dev) first"))?;
    let status = answer.status();
    say(format!("POST {address} → {status}"));
    say(answer.text().await?);
    if !status.is_success() {
        bail!("the webhook was not accepted");
    }
    Ok(())
}

/// A sample is the webhook's body, or a whole Lambda event that carries it.
fn body_of(text: &str) -> anyhow::Result<Vec<u8>> {
    let sample: Value = serde_json::from_str(text).context("the sample is not JSON")?;
    let Some(body) = sample
        .get("requestContext")
        .and(sample.get("body"))
        .and_then(Value::as_str)
    else {
        return Ok(text.as_bytes().to_vec());
    };
    if sample["isBase64Encoded"].as_bool() == Some(true) {
        return STANDARD.decode(body).context("the sample's body is not base64");
    }
    Ok(body.as_bytes().to_vec())
}

/// Vapi's default: HMAC-SHA-256 in hexadecimal over `{timestamp}.{body}`.
fn sign(secret: &[u8], timestamp: &str, body: &[u8]) -> anyhow::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).context("the webhook secret is unusable")?;
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    Ok(mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::{body_of, sign};

    #[test]
    fn a_sample_is_a_body_or_an_event_with_one() {
        let bare = r#"{"message":{"type":"hang"}}"#;
        let event =
            r#"{"version":"2.0","requestContext":{},"body":"{\"message\":{}}","isBase64Encoded":false}"#;
        let encoded = r#"{"version":"2.0","requestContext":{},"body":"e30=","isBase64Encoded":true}"#;

        assert_eq!(body_of(bare).unwrap(), bare.as_bytes());
        assert_eq!(body_of(event).unwrap(), br#"{"message":{}}"#);
        assert_eq!(body_of(encoded).unwrap(), b"{}");
    }

    // Computed with `printf '1700000000.{}' | openssl dgst -sha256 -hmac secret`.
    #[test]
    fn the_signature_is_that_of_another_program() {
        let expected = "b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163";
        assert_eq!(sign(b"secret", "1700000000", b"{}").unwrap(), expected);
    }
}
