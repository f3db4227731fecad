//! The connection pool: one connection, since a Lambda container serves one request at a time.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::DbError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Fetches the database's address; it holds a password, so it comes from Secrets Manager.
pub type LoadUrl = Arc<dyn Fn() -> BoxFuture<'static, Option<DatabaseUrl>> + Send + Sync>;

/// The address of a database with its login, and the certificate of its authority where it has one of its own.
#[derive(Debug, Clone)]
pub struct DatabaseUrl {
    /// `postgres://user:password@host:port/name`, with `sslmode=require` outside this machine.
    pub url: SecretString,
    /// PEM, for hosts whose authority is not among the system's (RDS, Supabase).
    pub authority: Option<String>,
}

pub(super) async fn build(load_url: &LoadUrl, size: usize) -> Result<Pool, DbError> {
    let address = load_url().await.ok_or(DbError::Unreachable(None))?;
    let mut config = Config::from_str(address.url.expose_secret()).map_err(DbError::Statement)?;
    config
        .connect_timeout(CONNECT_TIMEOUT)
        .application_name("zencall");
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = match connector(&config, address.authority.as_deref())? {
        Some(tls) => Manager::from_config(config, tls, recycling),
        None => Manager::from_config(config, NoTls, recycling),
    };
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(CONNECT_TIMEOUT))
        .create_timeout(Some(CONNECT_TIMEOUT))
        .build()
        .map_err(|_| DbError::Unreachable(None))
}

/// TLS where the address asks for it; the local stack's does not.
pub(super) fn connector(
    config: &Config,
    authority: Option<&str>,
) -> Result<Option<MakeRustlsConnect>, DbError> {
    if config.get_ssl_mode() != SslMode::Require {
        return Ok(None);
    }
    let mut roots = rustls::RootCertStore::empty();
    match authority {
        Some(pem) => {
            use rustls::pki_types::CertificateDer;
            use rustls::pki_types::pem::PemObject;
            roots.add_parsable_certificates(
                CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok),
            );
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(DbError::Unreachable(None));
    }
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Some(MakeRustlsConnect::new(config)))
}
