//! The AWS emulator: started from the virtual environment, and given the queues, secrets and mail identity that the
//! deployed template would create.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_secretsmanager::config::Credentials;
use aws_sdk_sqs::types::QueueAttributeName as Attribute;

use crate::daemon::{self, Process};
use crate::layout::Layout;
use crate::postgres::{DEVELOPMENT, Database};
use crate::settings::{AWS_CREDENTIAL, MAIL_DOMAIN, Ports, REGION, Secrets, choose_port};

/// The name of its supervisor.
pub const NAME: &str = "emulator";

/// A queue, with what the deployed one has.
#[derive(Debug)]
pub struct Queue {
    /// Its short name.
    pub name: &'static str,
    /// After so many receives a message goes to the dead-letter queue.
    pub max_receives: u32,
    /// Which function consumes it.
    pub function: &'static str,
    /// How many messages one invocation may get.
    pub batch: i32,
}

/// Seconds that a received message stays hidden: six times the functions' time-out, as AWS asks.
pub const VISIBILITY_SECONDS: i32 = 180;

/// Every queue.
pub const QUEUES: &[Queue] = &[
    Queue {
        name: "calls",
        max_receives: 5,
        function: "call-dialer",
        batch: 5,
    },
    Queue {
        name: "events",
        max_receives: 20,
        function: "provider-events",
        batch: 10,
    },
    Queue {
        name: "mail",
        max_receives: 5,
        function: "mailer",
        batch: 5,
    },
    Queue {
        name: "messages",
        max_receives: 5,
        function: "message-sender",
        batch: 5,
    },
    Queue {
        name: "imports",
        max_receives: 5,
        function: "contact-importer",
        batch: 1,
    },
    Queue {
        name: "deliveries",
        max_receives: 5,
        function: "webhook-sender",
        batch: 5,
    },
    Queue {
        name: "gdpr",
        max_receives: 5,
        function: "gdpr-worker",
        batch: 1,
    },
];

/// The bucket of exports.
pub const EXPORT_BUCKET: &str = "zencall-local-exports";

/// The names under which the functions find their secrets.
pub mod secret {
    /// The functions' login.
    pub const DATABASE: &str = "zencall/local/database-url";
    /// The owner's login, for `migrate` alone.
    pub const OWNER_DATABASE: &str = "zencall/local/owner-database-url";
    /// Keys the hashes.
    pub const PEPPER: &str = "zencall/local/pepper";
    /// Signs access tokens.
    pub const TOKEN_KEYS: &str = "zencall/local/token-keys";
    /// Vapi's API key.
    pub const VAPI_API_KEY: &str = "zencall/local/vapi-api-key";
    /// What Vapi signs with.
    pub const VAPI_WEBHOOK: &str = "zencall/local/vapi-webhook-secret";
}

/// The address of the emulator.
pub fn endpoint(ports: &Ports) -> String {
    format!("http://127.0.0.1:{}", ports.emulator)
}

/// The URL of a queue, as the functions get it.
pub fn queue_url(ports: &Ports, name: &str) -> String {
    format!("{}/000000000000/zencall-local-{name}", endpoint(ports))
}

/// The process that the supervisor keeps alive.
fn process(layout: &Layout, ports: &Ports) -> anyhow::Result<Process> {
    let state = layout.local("emulator");
    std::fs::create_dir_all(&state)?;
    let mut process = Process::new("ministack", layout.python(), ["-m", "ministack"]);
    let folder = |path: PathBuf| path.to_string_lossy().into_owned();
    for (name, value) in [
        ("BIND_HOST", "127.0.0.1".to_owned()),
        ("GATEWAY_PORT", ports.emulator.to_string()),
        ("MINISTACK_REGION", REGION.to_owned()),
        // Secrets of organisations outlive `make down`, as the database does.
        ("PERSIST_STATE", "1".to_owned()),
        ("STATE_DIR", folder(state.clone())),
        ("S3_PERSIST", "1".to_owned()),
        ("S3_DATA_DIR", folder(state.join("s3"))),
        ("TMPDIR", folder(layout.run())),
        ("LOG_LEVEL", "WARNING".to_owned()),
    ] {
        process.environment.push((name.to_owned(), value));
    }
    Ok(process)
}

/// What its supervisor runs: the emulator, and, each time it was started, what it must hold; a crash empties it.
pub async fn supervise(layout: &Layout, ports: &Ports) -> anyhow::Result<()> {
    let process = process(layout, ports)?;
    let watched = layout.clone();
    tokio::spawn(async move {
        let mut filled = false;
        loop {
            let answers = match Ports::load(&watched) {
                Ok(ports) if answers(&ports).await => filled || fill(&watched, &ports).await,
                _ => false,
            };
            filled = answers;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    daemon::supervise(layout, NAME, vec![process]).await
}

async fn fill(layout: &Layout, ports: &Ports) -> bool {
    let filled = match Secrets::load(layout) {
        Ok(secrets) => Box::pin(provision(ports, &secrets)).await,
        Err(error) => Err(error),
    };
    if let Err(error) = &filled {
        tracing::warn!("the emulator cannot be filled: {error:#}");
    }
    filled.is_ok()
}

/// Starts it unless it runs, and waits until it answers.
pub async fn start(layout: &Layout, ports: &mut Ports) -> anyhow::Result<()> {
    if !daemon::is_running(layout, NAME)? {
        ports.emulator = choose_port("EMULATOR_PORT", Ports::default().emulator)?;
        ports.save(layout)?;
        daemon::start(layout, NAME).await?;
    }
    for _ in 0..300 {
        if answers(ports).await {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!(
        "the AWS emulator does not answer on {}:\n{}",
        endpoint(ports),
        daemon::log_tail(layout, "ministack")
    )
}

async fn answers(ports: &Ports) -> bool {
    let address = format!("{}/_ministack/health", endpoint(ports));
    let Ok(client) = crate::client::plain(Duration::from_secs(2)) else {
        return false;
    };
    client
        .get(address)
        .send()
        .await
        .is_ok_and(|answer| answer.status().is_success())
}

/// The settings of AWS clients that talk to it.
pub async fn sdk_config(ports: &Ports) -> SdkConfig {
    let credentials = Credentials::new(AWS_CREDENTIAL, AWS_CREDENTIAL, None, None, "local");
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials)
        .endpoint_url(endpoint(ports))
        .load()
        .await
}

/// Creates what is missing: queues, secrets, the sender's domain. Values are written again, since ports may have moved.
pub async fn provision(ports: &Ports, secrets: &Secrets) -> anyhow::Result<()> {
    let config = sdk_config(ports).await;
    let database = Database::new(DEVELOPMENT, ports, secrets);
    create_queues(&config).await?;
    create_bucket(ports).await?;
    announce_uploads(ports).await?;
    let client = aws_sdk_secretsmanager::Client::new(&config);
    for (name, value) in [
        (secret::DATABASE, &database.functions_url),
        (secret::OWNER_DATABASE, &database.owner_url),
        (secret::PEPPER, &secrets.pepper),
        (secret::TOKEN_KEYS, &secrets.token_keys),
        (secret::VAPI_API_KEY, &secrets.vapi_api_key),
        (secret::VAPI_WEBHOOK, &secrets.vapi_webhook_secret),
    ] {
        put_secret(&client, name, value).await?;
    }
    let mail = aws_sdk_sesv2::Client::new(&config);
    let known = mail.get_email_identity().email_identity(MAIL_DOMAIN).send().await;
    if known.is_err() {
        mail.create_email_identity()
            .email_identity(MAIL_DOMAIN)
            .send()
            .await
            .context("cannot create the mail identity")?;
    }
    Ok(())
}

async fn create_queues(config: &SdkConfig) -> anyhow::Result<()> {
    let client = aws_sdk_sqs::Client::new(config);
    for queue in QUEUES {
        let name = format!("zencall-local-{}", queue.name);
        let dead_letters = format!("{name}-dead-letter");
        let created = client.create_queue().queue_name(&dead_letters).send().await;
        let url = created
            .context("cannot create a dead-letter queue")?
            .queue_url
            .unwrap_or_default();
        let asked = client
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(Attribute::QueueArn)
            .send()
            .await?;
        let arn = asked
            .attributes
            .and_then(|mut attributes| attributes.remove(&Attribute::QueueArn));
        let arn = arn.context("a queue without an ARN")?;
        let redrive = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": queue.max_receives.to_string() });
        client
            .create_queue()
            .queue_name(&name)
            .attributes(Attribute::VisibilityTimeout, VISIBILITY_SECONDS.to_string())
            .attributes(Attribute::MessageRetentionPeriod, "345600")
            .attributes(Attribute::RedrivePolicy, redrive.to_string())
            .send()
            .await
            .with_context(|| format!("cannot create the queue {name}"))?;
    }
    Ok(())
}

/// The emulator makes a bucket of any PUT, asks no signature, and answers 409 where it is there.
async fn create_bucket(ports: &Ports) -> anyhow::Result<()> {
    let body = format!(
        "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
    );
    let client = crate::client::plain(Duration::from_secs(5))?;
    let address = format!("{}/{EXPORT_BUCKET}", endpoint(ports));
    let made = client.put(address).body(body).send().await;
    let status = made.context("cannot create the bucket of exports")?.status();
    if status.is_success() || status == reqwest::StatusCode::CONFLICT {
        return Ok(());
    }
    bail!("cannot create the bucket of exports: the emulator answered {status}")
}

/// The bucket tells the queue `imports` of files that were uploaded.
async fn announce_uploads(ports: &Ports) -> anyhow::Result<()> {
    let body = notification(&format!(
        "arn:aws:sqs:{REGION}:000000000000:zencall-local-imports"
    ));
    let address = format!("{}/{EXPORT_BUCKET}?notification", endpoint(ports));
    let told = crate::client::plain(Duration::from_secs(5))?
        .put(address)
        .body(body)
        .send()
        .await;
    let status = told
        .context("cannot tell the bucket whom to tell of uploads")?
        .status();
    if !status.is_success() {
        bail!("cannot tell the bucket whom to tell of uploads: the emulator answered {status}");
    }
    Ok(())
}

/// Whom a bucket tells of files of contacts that were uploaded, as the deployed one does.
pub fn notification(queue_arn: &str) -> String {
    format!(
        "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><QueueConfiguration>\
         <Id>uploads</Id><Queue>{queue_arn}</Queue><Event>s3:ObjectCreated:*</Event>\
         <Filter><S3Key><FilterRule><Name>prefix</Name><Value>imports/uploads/</Value></FilterRule></S3Key></Filter>\
         </QueueConfiguration></NotificationConfiguration>"
    )
}

async fn put_secret(client: &aws_sdk_secretsmanager::Client, name: &str, value: &str) -> anyhow::Result<()> {
    let current = client.get_secret_value().secret_id(name).send().await;
    match current {
        Ok(current) if current.secret_string() == Some(value) => Ok(()),
        Ok(_) => {
            client
                .put_secret_value()
                .secret_id(name)
                .secret_string(value)
                .send()
                .await?;
            Ok(())
        }
        Err(_) => {
            let created = client
                .create_secret()
                .name(name)
                .secret_string(value)
                .send()
                .await;
            created
                .map(drop)
                .with_context(|| format!("cannot create the secret {name}"))
        }
    }
}
