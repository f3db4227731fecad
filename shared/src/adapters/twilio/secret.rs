//! Where an organisation's credentials at Twilio lie: one secret each, under the organisation's id, in JSON.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::credentials::{AccountSid, ApiKey, ApiKeySid, TwilioCredentials};
use super::keyring::{Former, Keyring};
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
    #[serde(default)]
    former: Option<StoredFormer>,
}

#[derive(Deserialize)]
struct StoredFormer {
    account_sid: String,
    auth_token: SecretString,
    accepted_until: Timestamp,
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
    store_keyring(secrets, stage, organization, &credentials.clone().into()).await
}

/// Keeps the credentials and those before.
pub async fn store_keyring(
    secrets: &Secrets,
    stage: &str,
    organization: OrganizationId,
    keyring: &Keyring,
) -> Result<(), SecretsError> {
    let credentials = &keyring.current;
    let mut value = json!({
        "account_sid": credentials.account_sid.as_str(),
        "auth_token": credentials.auth_token.expose_secret(),
    });
    if let Some(key) = &credentials.api_key {
        value["api_key_sid"] = key.sid.as_str().into();
        value["api_key_secret"] = key.secret.expose_secret().into();
    }
    if let Some(former) = &keyring.former {
        value["former"] = json!({
            "account_sid": former.credentials.account_sid.as_str(),
            "auth_token": former.credentials.auth_token.expose_secret(),
            "accepted_until": former.accepted_until,
        });
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
    let keyring = load_keyring(secrets, stage, organization).await?;
    Ok(keyring.map(|keyring| keyring.current))
}

/// The credentials and those before, if there are any that can be read.
pub async fn load_keyring(
    secrets: &Secrets,
    stage: &str,
    organization: OrganizationId,
) -> Result<Option<Keyring>, SecretsError> {
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

pub(super) fn read(value: &str) -> Option<Keyring> {
    let stored: Stored = serde_json::from_str(value).ok()?;
    let api_key = match (stored.api_key_sid, stored.api_key_secret) {
        (Some(sid), Some(secret)) => Some(ApiKey {
            sid: ApiKeySid::parse(&sid).ok()?,
            secret,
        }),
        _ => None,
    };
    let current = TwilioCredentials {
        account_sid: AccountSid::parse(&stored.account_sid).ok()?,
        auth_token: stored.auth_token,
        api_key,
    };
    let former = stored.former.and_then(|former| {
        Some(Former {
            credentials: TwilioCredentials {
                account_sid: AccountSid::parse(&former.account_sid).ok()?,
                auth_token: former.auth_token,
                api_key: None,
            },
            accepted_until: former.accepted_until,
        })
    });
    Some(Keyring { current, former })
}
