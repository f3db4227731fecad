//! What `make test` starts and every test shares: the database and the AWS emulator.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use tokio::sync::OnceCell;
use tokio_postgres::NoTls;
use uuid::Uuid;
use zencall::adapters::secrets::Secrets;
use zencall::config::Config;

use crate::{QueueKind, TestQueues, VAPI_API_KEY, VAPI_WEBHOOK_SECRET};

/// What every test of this process shares.
#[derive(Debug)]
pub struct Environment {
    /// The database as the functions' login sees it.
    pub database_url: String,
    /// The database as its owner.
    pub owner_url: String,
    prefix: String,
}

/// The bucket of exports, shared by all tests: every object bears the id of its request.
const EXPORT_BUCKET: &str = "zencall-test-exports";

static ENVIRONMENT: OnceCell<Environment> = OnceCell::const_new();

impl Environment {
    /// The environment; fails with the way to get it where there is none.
    pub async fn get() -> &'static Self {
        ENVIRONMENT
            .get_or_init(async || {
                let environment = Self {
                    database_url: variable("ZENCALL_TEST_DATABASE_URL"),
                    owner_url: variable("ZENCALL_TEST_OWNER_URL"),
                    prefix: format!("zencall/test-{}", Uuid::now_v7().simple()),
                };
                // Read by the AWS clients themselves.
                create_bucket(&variable("AWS_ENDPOINT_URL")).await;
                environment.store("database-url", &environment.database_url).await;
                environment
                    .store("owner-database-url", &environment.owner_url)
                    .await;
                environment.store("pepper", &STANDARD.encode([7; 32])).await;
                environment
                    .store("token-keys", &token_keys(&["test"]).to_string())
                    .await;
                environment.store("vapi-api-key", VAPI_API_KEY).await;
                environment
                    .store("vapi-webhook-secret", VAPI_WEBHOOK_SECRET)
                    .await;
                environment
            })
            .await
    }

    /// The settings of an application on these queues and stand-ins.
    pub(crate) fn config(&self, sandbox_url: &str, queues: &TestQueues) -> Config {
        let settings = [
            ("STAGE", "test".to_owned()),
            ("ALLOWED_ORIGINS", "https://app.zencall.example".to_owned()),
            ("DATABASE_SECRET", format!("{}/database-url", self.prefix)),
            (
                "OWNER_DATABASE_SECRET",
                format!("{}/owner-database-url", self.prefix),
            ),
            ("PEPPER_SECRET", format!("{}/pepper", self.prefix)),
            ("TOKEN_KEYS_SECRET", format!("{}/token-keys", self.prefix)),
            ("VAPI_API_KEY_SECRET", format!("{}/vapi-api-key", self.prefix)),
            (
                "VAPI_WEBHOOK_SECRET_NAME",
                format!("{}/vapi-webhook-secret", self.prefix),
            ),
            ("VAPI_API_URL", format!("{sandbox_url}/vapi")),
            ("TWILIO_API_URL", format!("{sandbox_url}/twilio")),
            ("QUEUE_CALLS_URL", queues.url(QueueKind::Calls).to_owned()),
            ("QUEUE_EVENTS_URL", queues.url(QueueKind::Events).to_owned()),
            ("QUEUE_MAIL_URL", queues.url(QueueKind::Mail).to_owned()),
            ("QUEUE_GDPR_URL", queues.url(QueueKind::Gdpr).to_owned()),
            ("QUEUE_IMPORTS_URL", queues.url(QueueKind::Imports).to_owned()),
            ("EXPORT_BUCKET", EXPORT_BUCKET.to_owned()),
            ("QUEUE_MESSAGES_URL", queues.url(QueueKind::Messages).to_owned()),
            ("MAIL_FROM", "Zencall <no-reply@zencall.example>".to_owned()),
        ];
        let lookup = |name: &str| {
            settings
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.clone())
        };
        Config::from_lookup(lookup).unwrap()
    }

    /// Keeps `value` as a secret of its own and returns the secret's name.
    pub async fn store_secret(&self, value: &str) -> String {
        let name = Uuid::now_v7().simple().to_string();
        self.store(&name, value).await;
        format!("{}/{name}", self.prefix)
    }

    /// Gives a secret another value, as whoever rotates it does.
    pub async fn set_secret(&self, name: &str, value: &str) {
        let secrets = Secrets::new(&zencall::adapters::aws_config().await);
        secrets.put(name, &SecretString::from(value)).await.unwrap();
    }

    /// Removes a secret.
    pub async fn remove_secret(&self, name: &str) {
        let secrets = Secrets::new(&zencall::adapters::aws_config().await);
        secrets.delete(name).await.unwrap();
    }

    /// The address of the AWS emulator.
    pub fn aws_endpoint(&self) -> String {
        variable("AWS_ENDPOINT_URL")
    }

    /// A database for one test alone, as the functions' login sees it: a copy of the migrated template.
    pub async fn own_database(&self) -> String {
        let (client, connection) = tokio_postgres::connect(&self.owner_url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let name = format!("zencall_alone_{}", Uuid::now_v7().simple());
        client
            .batch_execute(&format!(
                "create database {name} template {}_template",
                database_name(&self.owner_url)
            ))
            .await
            .unwrap();
        let (server, _) = self.database_url.rsplit_once('/').unwrap();
        format!("{server}/{name}")
    }

    /// Runs statements as the owner, in the database that the functions reach by this address.
    pub async fn run_as_owner(&self, functions_url: &str, statements: &str) {
        let (server, _) = self.owner_url.rsplit_once('/').unwrap();
        let url = format!("{server}/{}", database_name(functions_url));
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
            .batch_execute(statements)
            .await
            .unwrap_or_else(|error| panic!("{statements}: {error:?}"));
    }

    async fn store(&self, name: &str, value: &str) {
        self.set_secret(&format!("{}/{name}", self.prefix), value).await;
    }
}

fn database_name(url: &str) -> &str {
    url.rsplit_once('/').unwrap().1
}

/// The emulator makes a bucket of any unsigned PUT, and refuses one that is there already. Its region is that of the
/// clients, or they are sent elsewhere.
async fn create_bucket(endpoint: &str) {
    let region = variable("AWS_REGION");
    let body = format!(
        "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
    );
    let request = zencall::adapters::http_client().put(format!("{endpoint}/{EXPORT_BUCKET}"));
    request.body(body).send().await.unwrap();
}

pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests with `make test`"))
}

/// Key pairs as the platform keeps them, the first of which signs.
pub fn token_keys(kids: &[&str]) -> serde_json::Value {
    let key = |kid: &&str| {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        serde_json::json!({ "kid": kid, "pkcs8": STANDARD.encode(document.as_ref()) })
    };
    serde_json::json!({ "keys": kids.iter().map(key).collect::<Vec<_>>() })
}
