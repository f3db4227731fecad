//! What a cold start builds. Clients are made at their first use, so that a function pays for what it uses.

mod supabase;

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use tokio::sync::OnceCell;

use crate::adapters;
use crate::adapters::kept::{Fetch, Kept, Newer};
use crate::adapters::queue::Queue;
use crate::adapters::secrets::{Secrets, SecretsError};
use crate::adapters::supabase::{Supabase, keys_of_secret};
use crate::adapters::twilio::{CredentialsCache, Twilio};
use crate::adapters::vapi::Vapi;
use crate::config::{Config, ConfigError, Need};
use crate::db::migrate::{self, MigrateError, PlatformLines};
use crate::db::{DatabaseUrl, Db, LoadUrl};
use crate::kernel::access_token::{AccessClaims, TokenKeys, TokenRefused};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::clock::Clock;
use crate::kernel::number_key::NumberKey;

pub use supabase::NotRecognised;

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
    aws: Aws,
    queue: OnceCell<Queue>,
    http: OnceLock<reqwest::Client>,
    token_keys: Kept<TokenKeys>,
    pepper: Kept<Peppers>,
    vapi_key: Arc<Kept<SecretString>>,
    /// What Vapi's webhooks are authenticated with: the current secret, and the one before during a rotation.
    pub vapi_webhook_secrets: Kept<Vec<SecretString>>,
    /// Organisations' credentials at Twilio, for a few minutes.
    pub twilio_credentials: CredentialsCache,
    /// Supabase Auth, if its tokens are accepted.
    pub supabase: Option<Supabase>,
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
        Self::on(Aws::default(), config, clock, pool_size)
    }

    /// The same on these settings of AWS, instead of the environment's.
    pub fn on(aws: Aws, config: Config, clock: Clock, pool_size: usize) -> Self {
        let db = Db::new(load_database_url(&config, &aws), pool_size);
        let issuer = config.api_url.clone();
        let supabase = config.supabase_issuer.as_deref().map(|issuer| {
            let secret = config.supabase_jwt_secret.as_deref();
            let secret = secret.map(|name| keys_of_secret(name, &clock, aws.fetch(name)));
            Supabase::new(issuer, secret, config.supabase_jwks_url.as_deref())
        });
        Self(Arc::new(Parts {
            token_keys: Kept::new(
                &config.token_keys_secret,
                &clock,
                aws.fetch(&config.token_keys_secret),
                Box::new(move |text| TokenKeys::from_json(text, &issuer).ok()),
            ),
            pepper: Kept::new(
                &config.pepper_secret,
                &clock,
                aws.fetch(&config.pepper_secret),
                Box::new(Peppers::read),
            ),
            vapi_key: Arc::new(Kept::new(
                &config.vapi_api_key_secret,
                &clock,
                aws.fetch(&config.vapi_api_key_secret),
                Box::new(|text| Some(SecretString::from(text.trim()))),
            )),
            vapi_webhook_secrets: Kept::new(
                &config.vapi_webhook_secret,
                &clock,
                aws.fetch(&config.vapi_webhook_secret),
                Box::new(read_lines),
            ),
            config,
            clock,
            db,
            aws,
            queue: OnceCell::new(),
            http: OnceLock::new(),
            twilio_credentials: CredentialsCache::default(),
            supabase,
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
                    Need::VapiWebhook => drop(app.vapi_webhook_secrets.get().await),
                    Need::CallsQueue
                    | Need::EventsQueue
                    | Need::MailQueue
                    | Need::GdprQueue
                    | Need::MessagesQueue
                    | Need::ImportsQueue => {
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
        self.aws.settings().await
    }

    /// Secrets Manager.
    pub async fn secrets(&self) -> &Secrets {
        self.aws.secrets().await
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
    pub async fn token_keys(&self) -> Result<Arc<TokenKeys>, SecretsError> {
        self.token_keys.get().await
    }

    /// What an access token says. Where it names a key that this container does not have, the keys are fetched again.
    pub async fn read_access_token(
        &self,
        token: &str,
    ) -> Result<Result<AccessClaims, TokenRefused>, SecretsError> {
        let keys = self.token_keys().await?;
        if keys.lacks_key_of(token)
            && let Newer::Other(newer) = self.token_keys.newer_than(&keys).await?
        {
            return Ok(newer.verify(token, self.clock.now()));
        }
        Ok(keys.verify(token, self.clock.now()))
    }

    /// The platform's pepper.
    pub async fn pepper(&self) -> Result<Arc<Pepper>, SecretsError> {
        Ok(Arc::clone(&self.pepper.get().await?.newest))
    }

    /// The key under which numbers are recognised that are not kept.
    pub async fn number_key(&self) -> Result<Arc<NumberKey>, SecretsError> {
        Ok(Arc::clone(&self.pepper.get().await?.oldest))
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
            PlatformLines {
                slots: self.config.platform_slots,
                reserve: self.config.platform_reserve,
            },
        )
        .await?;
        Ok(report.applied)
    }

    /// Vapi, with the platform's key as it is now.
    pub async fn vapi(&self) -> Result<Vapi, SecretsError> {
        Vapi::new(
            self.http_client().clone(),
            &self.config.vapi_api_url,
            Arc::clone(&self.vapi_key),
        )
        .await
    }

    /// Twilio. Each request brings an organisation's own credentials.
    pub fn twilio(&self) -> Twilio {
        Twilio::new(self.http_client().clone(), &self.config.twilio_api_url)
    }
}

/// AWS, set up at its first use: a container pays for what it uses.
#[derive(Debug, Clone, Default)]
pub struct Aws {
    settings: Arc<OnceCell<aws_config::SdkConfig>>,
    secrets: Arc<OnceCell<Secrets>>,
}

impl Aws {
    /// AWS with these settings, instead of the environment's.
    pub fn with(settings: aws_config::SdkConfig) -> Self {
        Self {
            settings: Arc::new(OnceCell::new_with(Some(settings))),
            secrets: Arc::default(),
        }
    }

    async fn settings(&self) -> &aws_config::SdkConfig {
        self.settings.get_or_init(adapters::aws_config).await
    }

    async fn secrets(&self) -> &Secrets {
        let settings = self.settings().await;
        self.secrets.get_or_init(async || Secrets::new(settings)).await
    }

    /// Asks for the current value of a secret.
    fn fetch(&self, name: &str) -> Fetch {
        let (aws, name) = (self.clone(), name.to_owned());
        Box::new(move || {
            let (aws, name) = (aws.clone(), name.clone());
            Box::pin(async move { aws.secrets().await.get(&name).await })
        })
    }
}

/// What the secret of the pepper holds: a line each, the newest first.
struct Peppers {
    /// What hashes and signs from now on.
    newest: Arc<Pepper>,
    /// The first that there ever was: what is kept of numbers can be made anew by nobody, so it stays under that one.
    oldest: Arc<NumberKey>,
}

impl Peppers {
    fn read(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys = lines.map(|line| {
            let bytes = STANDARD.decode(line).ok()?;
            Some(Box::new(<[u8; 32]>::try_from(bytes).ok()?))
        });
        let keys: Vec<_> = keys.collect::<Option<_>>()?;
        Some(Self {
            newest: Arc::new(SecretBox::new(keys.first()?.clone())),
            oldest: Arc::new(NumberKey::new(keys.last()?.clone())),
        })
    }
}

/// One secret a line.
fn read_lines(text: &str) -> Option<Vec<SecretString>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<_> = lines.map(SecretString::from).collect();
    (!lines.is_empty()).then_some(lines)
}

/// The database's address, fetched from Secrets Manager at the first connection.
fn load_database_url(config: &Config, aws: &Aws) -> LoadUrl {
    let (fetch, authority) = (
        aws.fetch(&config.database_secret),
        config.database_authority.clone(),
    );
    Arc::new(move || {
        let (url, authority) = (fetch(), authority.clone());
        Box::pin(async move {
            match url.await {
                Ok(url) => Some(DatabaseUrl { url, authority }),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "no database address");
                    None
                }
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_new_pepper_stands_above_the_first_which_still_recognises_numbers() {
        let line = |byte| STANDARD.encode([byte; 32]);
        let first = Peppers::read(&line(1)).unwrap();
        let replaced = Peppers::read(&format!("{}\n{}\n", line(2), line(1))).unwrap();
        assert_eq!(replaced.newest.expose_secret(), &[2; 32]);
        assert_eq!(replaced.oldest.fingerprint(), first.oldest.fingerprint());
        let lost = Peppers::read(&line(2)).unwrap();
        assert_ne!(lost.oldest.fingerprint(), first.oldest.fingerprint());
        for unreadable in ["", "x", &format!("{}\nx", line(1))] {
            assert!(Peppers::read(unreadable).is_none(), "{unreadable}");
        }
    }
}
