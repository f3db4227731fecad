//! AWS Secrets Manager: the platform's own secrets, and one secret per organisation for its Twilio account.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::create_secret::CreateSecretError;
use secrecy::{ExposeSecret, SecretString};

use crate::kernel::class::{Classify, Failure};

/// Secrets Manager refused or does not answer.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// There is no such secret, or it is empty.
    #[error("the secret {0} has no value")]
    Absent(String),
    /// It does not answer, or refused. The cause is kept as text: the SDK's error types differ by operation.
    #[error("secrets manager failed: {0}")]
    Unavailable(String),
}

impl Classify for SecretsError {
    fn failure(&self) -> Failure {
        Failure::unavailable()
    }
}

/// Secrets Manager.
#[derive(Debug, Clone)]
pub struct Secrets(Client);

impl Secrets {
    /// A client on these settings.
    pub fn new(config: &aws_config::SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// The current value of a secret.
    pub async fn get(&self, name: &str) -> Result<SecretString, SecretsError> {
        let answer = self
            .0
            .get_secret_value()
            .secret_id(name)
            .send()
            .await
            .map_err(|error| {
                if error
                    .as_service_error()
                    .is_some_and(|service| service.is_resource_not_found_exception())
                {
                    SecretsError::Absent(name.to_owned())
                } else {
                    unavailable(&error)
                }
            })?;
        match answer.secret_string {
            Some(value) if !value.trim().is_empty() => Ok(SecretString::from(value)),
            _ => Err(SecretsError::Absent(name.to_owned())),
        }
    }

    /// Writes a secret, whether it exists or not.
    pub async fn put(&self, name: &str, value: &SecretString) -> Result<(), SecretsError> {
        let created = self
            .0
            .create_secret()
            .name(name)
            .secret_string(value.expose_secret())
            .send()
            .await;
        match created {
            Ok(_) => Ok(()),
            Err(error) if exists(&error) => self
                .0
                .put_secret_value()
                .secret_id(name)
                .secret_string(value.expose_secret())
                .send()
                .await
                .map(drop)
                .map_err(|error| unavailable(&error)),
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// Deletes a secret at once; one that is not there is fine.
    pub async fn delete(&self, name: &str) -> Result<(), SecretsError> {
        let deleted = self
            .0
            .delete_secret()
            .secret_id(name)
            .force_delete_without_recovery(true)
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|service| service.is_resource_not_found_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(unavailable(&error)),
        }
    }
}

fn exists(error: &SdkError<CreateSecretError>) -> bool {
    error
        .as_service_error()
        .is_some_and(CreateSecretError::is_resource_exists_exception)
}

fn unavailable<E: std::error::Error + 'static>(error: &SdkError<E>) -> SecretsError {
    // The code alone: a message may quote the request.
    SecretsError::Unavailable(match error {
        SdkError::TimeoutError(_) => "time-out".to_owned(),
        SdkError::DispatchFailure(_) => "not reachable".to_owned(),
        SdkError::ServiceError(service) => format!("status {}", service.raw().status().as_u16()),
        _ => "unreadable answer".to_owned(),
    })
}
