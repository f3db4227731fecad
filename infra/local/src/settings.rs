//! What one local stack keeps from run to run: its ports and its generated secrets. And the only place of this crate
//! that reads the environment.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::layout::Layout;
use crate::terminal::say;

/// The AWS region that everything local claims to be in.
pub const REGION: &str = "eu-west-3";
/// The emulator takes any credentials; these are the ones everything here uses.
pub const AWS_CREDENTIAL: &str = "test";
/// Who mails come from; the emulator wants the domain to be known first.
pub const MAIL_DOMAIN: &str = "zencall.example";
/// The stand-in's number: of a range that automated calls may show.
pub const TWILIO_NUMBER: &str = "+33162000001";

/// A variable of the environment, if it is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the local stack reads its environment"
)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where each part listens, always on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// `cargo lambda watch`: the API and both webhooks.
    pub api: u16,
    /// The stand-ins of Vapi and Twilio.
    pub sandbox: u16,
    /// The AWS emulator.
    pub emulator: u16,
    /// PostgreSQL.
    pub postgres: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            api: 9000,
            sandbox: 9010,
            emulator: 4566,
            postgres: 54329,
        }
    }
}

impl Ports {
    /// The ports of the last run, or the usual ones.
    pub fn load(layout: &Layout) -> anyhow::Result<Self> {
        Ok(read(&layout.local("ports.json"))?.unwrap_or_default())
    }

    /// Keeps them for the next run.
    pub fn save(&self, layout: &Layout) -> anyhow::Result<()> {
        write(&layout.local("ports.json"), self)
    }
}

/// The port that this variable names, else the usual one; if somebody listens there, one that is free.
pub fn choose_port(variable: &str, usual: u16) -> anyhow::Result<u16> {
    let wanted = match environment(variable) {
        Some(wanted) => wanted
            .parse()
            .with_context(|| format!("{variable}={wanted} is not a port"))?,
        None => usual,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted))
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .context("no free port on 127.0.0.1")?;
    let port = listener.local_addr()?.port();
    if port != wanted {
        say(format!(
            "  port {wanted} is taken: using {port} ({variable} names another)"
        ));
    }
    Ok(port)
}

/// Every secret of the local stack, made once for a checkout.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secrets {
    /// PostgreSQL's superuser, used only to create roles and databases.
    pub superuser_password: String,
    /// The owner of the schema, who migrates.
    pub owner_password: String,
    /// The functions' login.
    pub functions_password: String,
    /// 32 bytes in base64: keys hashes of tokens and API keys.
    pub pepper: String,
    /// The access tokens' signing keys, as the functions read them.
    pub token_keys: String,
    /// The stand-in of Vapi accepts this key.
    pub vapi_api_key: String,
    /// Vapi's webhooks are signed with it.
    pub vapi_webhook_secret: String,
    /// The webhook credential of the stand-in: it signs with HMAC.
    pub vapi_credential_id: String,
    /// The Twilio account that the stand-in knows from the start.
    pub twilio_account_sid: String,
    /// Its token.
    pub twilio_auth_token: String,
    /// The seeded users' password.
    pub seed_password: String,
}

impl Secrets {
    /// Reads them, or makes them on the first run.
    pub fn load(layout: &Layout) -> anyhow::Result<Self> {
        let path = layout.local("secrets.json");
        if let Some(secrets) = read(&path)? {
            return Ok(secrets);
        }
        let secrets = Self::generate()?;
        write(&path, &secrets)?;
        Ok(secrets)
    }

    fn generate() -> anyhow::Result<Self> {
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .context("cannot generate a signing key")?;
        let kid = hex(8)?;
        let token_keys =
            serde_json::json!({ "keys": [{ "kid": kid, "pkcs8": STANDARD.encode(key.as_ref()) }] });
        Ok(Self {
            superuser_password: hex(16)?,
            owner_password: hex(16)?,
            functions_password: hex(16)?,
            pepper: STANDARD.encode(random::<32>()?),
            token_keys: token_keys.to_string(),
            vapi_api_key: format!("vapi-{}", hex(16)?),
            vapi_webhook_secret: hex(32)?,
            vapi_credential_id: uuid::Builder::from_random_bytes(random()?)
                .into_uuid()
                .to_string(),
            twilio_account_sid: format!("AC{}", hex(16)?),
            twilio_auth_token: hex(16)?,
            seed_password: format!("Local-{}-x9", hex(6)?),
        })
    }
}

/// So many random bytes.
pub fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(bytes)
}

/// So many random bytes (at most 32), in hexadecimal.
pub fn hex(bytes: usize) -> anyhow::Result<String> {
    Ok(random::<32>()?
        .iter()
        .take(bytes)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let value = serde_json::from_slice(&bytes).with_context(|| {
                format!(
                    "{} is not readable any more: delete .local and start again",
                    path.display()
                )
            })?;
            Ok(Some(value))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn write<T: Serialize>(path: &Path, value: &T) -> anyhow::Result<()> {
    write_private(path, &serde_json::to_vec_pretty(value)?)
}

/// Writes a file that only its owner may read, all of it or nothing.
pub fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .with_context(|| format!("cannot write {}", unfinished.display()))?;
    std::io::Write::write_all(&mut file, content)?;
    std::fs::rename(&unfinished, path).with_context(|| format!("cannot write {}", path.display()))
}
