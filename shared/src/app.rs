//! What a cold start builds. Clients are made at their first use, so that a function pays for what it uses.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use tokio::sync::OnceCell;

use crate::adapters;
use crate::adapters::queue::Queue;
use crate::adapters::secrets::{Secrets, SecretsError};
use crate::adapters::twilio::{CredentialsCache, Twilio};
use crate::adapters::vapi::Vapi;
use crate::config::{Config, ConfigError, Need};
use crate::db::migrate::{self, MigrateError};
use crate::db::{DatabaseUrl, Db, LoadUrl};
use crate::kernel::access_token::TokenKeys;
use crate::kernel::class::{Classify, Failure};
use crate::kernel::clock::Clock;

/// 256 bits that hash refresh tokens and derive one-time tokens.
pub type Pepper = SecretBox<[u8; 32]>;

/// The database was not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateFailed {
    /// An address is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// See [`MigrateError`].
    #[error(transparent)]
    Migrate(#[from] MigrateError),
}

impl Classify for MigrateFailed {
    fn failure(&self) -> Failure {
        match self {
            Self::Secrets(error) => error.failure(),
            Self::Migrate(error) => error.failure(),
        }
    }
}

/// What every handler gets: settings, time, the database, and clients made at their first use. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// Time and randomness.
    pub clock: Clock,
    /// The database.
    pub db: Db,
    aws: Arc<OnceCell<aws_config::SdkConfig>>,
    secrets: Arc<OnceCell<Secrets>>,
    queue: OnceCell<Queue>,
    http: OnceLock<reqwest::Client>,
    token_keys: OnceCell<TokenKeys>,
    pepper: OnceCell<Pepper>,
    vapi_key: OnceCell<SecretString>,
    vapi: OnceCell<Vapi>,
    vapi_webhook_secrets: OnceCell<Vec<SecretString>>,
    /// Organisations' credentials at Twilio, for a few minutes.
    pub twilio_credentials: CredentialsCache,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Reads the environment; fails if it does not hold what this function cannot do without.
    pub fn from_env(needs: &[Need]) -> Result<Self, ConfigError> {
        let config = Config::from_env()?;
        config.require(needs)?;
        let app = Self::new(config, Clock::system(), 1);
        app.warm_up(needs);
        Ok(app)
    }

    /// An application on these settings. `pool_size` is 1 in a container, which serves one request at a time.
    pub fn new(config: Config, clock: Clock, pool_size: usize) -> Self {
        let aws = Arc::new(OnceCell::new());
        let secrets = Arc::new(OnceCell::new());
        let db = Db::new(load_database_url(&config, &aws, &secrets), pool_size);
        Self(Arc::new(Parts {
            config,
            clock,
            db,
            aws,
            secrets,
            queue: OnceCell::new(),
            http: OnceLock::new(),
            token_keys: OnceCell::new(),
            pepper: OnceCell::new(),
            vapi_key: OnceCell::new(),
            vapi: OnceCell::new(),
            vapi_webhook_secrets: OnceCell::new(),
            twilio_credentials: CredentialsCache::default(),
        }))
    }

    /// Fetches what the first request will want while the container starts; nobody waits for it.
    fn warm_up(&self, needs: &[Need]) {
        let app = self.clone();
        let needs = needs.to_vec();
        tokio::spawn(async move {
            for need in needs {
                // What fails here fails again, and is reported, at its first use.
                match need {
                    Need::Database => drop(app.db.ping().await),
                    Need::TokenKeys => drop(app.token_keys().await),
                    Need::Pepper => drop(app.pepper().await),
                    Need::Vapi => drop(app.vapi().await),
                    Need::VapiWebhook => drop(app.vapi_webhook_secrets().await),
                    Need::CallsQueue
                    | Need::EventsQueue
                    | Need::MailQueue
                    | Need::GdprQueue
                    | Need::MessagesQueue => {
                        app.queue().await;
                    }
                    Need::DatabaseOnDemand
                    | Need::OwnerDatabase
                    | Need::Twilio
                    | Need::Mail
                    | Need::Storage => {}
                }
            }
        });
    }
}

impl Parts {
    /// AWS: region, credentials, endpoint.
    pub async fn aws(&self) -> &aws_config::SdkConfig {
        self.aws.get_or_init(adapters::aws_config).await
    }

    /// Secrets Manager.
    pub async fn secrets(&self) -> &Secrets {
        let config = self.aws().await;
        self.secrets.get_or_init(async || Secrets::new(config)).await
    }

    /// SQS.
    pub async fn queue(&self) -> &Queue {
        let config = self.aws().await;
        self.queue.get_or_init(async || Queue::new(config)).await
    }

    /// The HTTP client of the providers.
    pub fn http_client(&self) -> &reqwest::Client {
        self.http.get_or_init(adapters::http_client)
    }

    /// The keys of access tokens.
    pub async fn token_keys(&self) -> Result<&TokenKeys, SecretsError> {
        self.token_keys
            .get_or_try_init(async || {
                let name = &self.config.token_keys_secret;
                let secret = self.secrets().await.get(name).await?;
                TokenKeys::from_json(secret.expose_secret(), &self.config.api_url)
                    .map_err(|_| SecretsError::Absent(name.clone()))
            })
            .await
    }

    /// The platform's pepper.
    pub async fn pepper(&self) -> Result<&Pepper, SecretsError> {
        self.pepper
            .get_or_try_init(async || {
                let name = &self.config.pepper_secret;
                let secret = self.secrets().await.get(name).await?;
                let bytes = STANDARD.decode(secret.expose_secret().trim()).ok();
                let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
                bytes
                    .map(|bytes| SecretBox::new(Box::new(bytes)))
                    .ok_or_else(|| SecretsError::Absent(name.clone()))
            })
            .await
    }

    /// Brings the database up to date, as its owner; returns the versions that were applied.
    pub async fn migrate(&self) -> Result<Vec<String>, MigrateFailed> {
        let secrets = self.secrets().await;
        let owner = secrets.get(&self.config.owner_database_secret).await?;
        let functions = secrets.get(&self.config.database_secret).await?;
        let report = migrate::run(
            owner.expose_secret(),
            functions.expose_secret(),
            self.config.database_authority.as_deref(),
            self.config.platform_slots,
        )
        .await?;
        Ok(report.applied)
    }

    /// The platform's key at Vapi.
    pub async fn vapi_key(&self) -> Result<&SecretString, SecretsError> {
        self.vapi_key
            .get_or_try_init(async || self.secrets().await.get(&self.config.vapi_api_key_secret).await)
            .await
    }

    /// Vapi, with the platform's key.
    pub async fn vapi(&self) -> Result<&Vapi, SecretsError> {
        self.vapi
            .get_or_try_init(async || {
                let key = self.vapi_key().await?.clone();
                Ok(Vapi::new(
                    self.http_client().clone(),
                    &self.config.vapi_api_url,
                    key,
                ))
            })
            .await
    }

    /// Twilio. Each request brings an organisation's own credentials.
    pub fn twilio(&self) -> Twilio {
        Twilio::new(self.http_client().clone(), &self.config.twilio_api_url)
    }

    /// What Vapi's webhooks are authenticated with: the current secret, and the one before during a rotation.
    pub async fn vapi_webhook_secrets(&self) -> Result<&[SecretString], SecretsError> {
        self.vapi_webhook_secrets
            .get_or_try_init(async || {
                let secret = self.secrets().await.get(&self.config.vapi_webhook_secret).await?;
                let lines = secret
                    .expose_secret()
                    .lines()
                    .map(str::trim)
                    .filter(|line| !line.is_empty());
                Ok(lines.map(SecretString::from).collect())
            })
            .await
            .map(Vec::as_slice)
    }
}

/// The database's address, fetched from Secrets Manager at the first connection.
fn load_database_url(
    config: &Config,
    aws: &Arc<OnceCell<aws_config::SdkConfig>>,
    secrets: &Arc<OnceCell<Secrets>>,
) -> LoadUrl {
    let (name, authority) = (config.database_secret.clone(), config.database_authority.clone());
    let (aws, secrets) = (Arc::clone(aws), Arc::clone(secrets));
    Arc::new(move || {
        let (name, authority) = (name.clone(), authority.clone());
        let (aws, secrets) = (Arc::clone(&aws), Arc::clone(&secrets));
        Box::pin(async move {
            let config = aws.get_or_init(adapters::aws_config).await;
            let secrets = secrets.get_or_init(async || Secrets::new(config)).await;
            match secrets.get(&name).await {
                Ok(url) => Some(DatabaseUrl { url, authority }),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "no database address");
                    None
                }
            }
        })
    })
}
