//! Where an organisation's credentials at Twilio lie: one secret each, under the organisation's id, in JSON.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::credentials::{AccountSid, ApiKey, ApiKeySid, TwilioCredentials};
use crate::adapters::secrets::{Secrets, SecretsError};
use crate::kernel::ids::OrganizationId;

#[derive(Deserialize)]
struct Stored {
    account_sid: String,
    auth_token: SecretString,
    #[serde(default)]
    api_key_sid: Option<String>,
    #[serde(default)]
    api_key_secret: Option<SecretString>,
}

/// The secret's name; only the functions that need it may read below `zencall/<stage>/organizations`.
pub fn name(stage: &str, organization: OrganizationId) -> String {
    format!("zencall/{stage}/organizations/{organization}/twilio")
}

/// Keeps the credentials, instead of any that were there.
pub async fn store(
    secrets: &Secrets,
    stage: &str,
    organization: OrganizationId,
    credentials: &TwilioCredentials,
) -> Result<(), SecretsError> {
    let mut value = json!({
        "account_sid": credentials.account_sid.as_str(),
        "auth_token": credentials.auth_token.expose_secret(),
    });
    if let Some(key) = &credentials.api_key {
        value["api_key_sid"] = key.sid.as_str().into();
        value["api_key_secret"] = key.secret.expose_secret().into();
    }
    let value = SecretString::from(value.to_string());
    secrets.put(&name(stage, organization), &value).await
}

/// The credentials, if there are any that can be read.
pub async fn load(
    secrets: &Secrets,
    stage: &str,
    organization: OrganizationId,
) -> Result<Option<TwilioCredentials>, SecretsError> {
    match secrets.get(&name(stage, organization)).await {
        Ok(value) => Ok(read(value.expose_secret())),
        Err(SecretsError::Absent(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes the credentials at once; none is fine.
pub async fn delete(
    secrets: &Secrets,
    stage: &str,
    organization: OrganizationId,
) -> Result<(), SecretsError> {
    secrets.delete(&name(stage, organization)).await
}

fn read(value: &str) -> Option<TwilioCredentials> {
    let stored: Stored = serde_json::from_str(value).ok()?;
    let api_key = match (stored.api_key_sid, stored.api_key_secret) {
        (Some(sid), Some(secret)) => Some(ApiKey {
            sid: ApiKeySid::parse(&sid).ok()?,
            secret,
        }),
        _ => None,
    };
    Some(TwilioCredentials {
        account_sid: AccountSid::parse(&stored.account_sid).ok()?,
        auth_token: stored.auth_token,
        api_key,
    })
}
