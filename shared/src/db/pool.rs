//! The connection pool: one connection, since a Lambda container serves one request at a time.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::DbError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Fetches the database's address; it holds a password, so it comes from Secrets Manager.
pub type LoadUrl = Arc<dyn Fn() -> BoxFuture<'static, Option<DatabaseUrl>> + Send + Sync>;

/// The address of a database with its login, and the certificate of its authority where it has one of its own.
#[derive(Debug, Clone)]
pub struct DatabaseUrl {
    /// `postgres://user:password@host:port/name`. Outside this machine the connection is TLS unless `sslmode=disable`.
    pub url: SecretString,
    /// PEM, for hosts whose authority is not among the system's (RDS, Supabase).
    pub authority: Option<String>,
}

/// The pool, and how many there were before it.
type Numbered = (u64, Pool);

/// Connections to a database whose address may change while this container lives.
pub(super) struct Connections {
    load_url: LoadUrl,
    size: usize,
    pool: Mutex<Option<Numbered>>,
}

impl Connections {
    pub(super) fn new(load_url: LoadUrl, size: usize) -> Self {
        Self {
            load_url,
            size,
            pool: Mutex::new(None),
        }
    }

    /// A connection. A login that is refused is one whose password was changed since: its address is asked for again,
    /// once, and by one of those who wait. It serves whoever comes after; an unchanged one is asked for again by the next.
    pub(super) async fn get(&self) -> Result<Object, DbError> {
        let (number, pool) = self.after(None).await?;
        let outcome = match pool.get().await {
            Err(PoolError::Backend(error)) if refuses_login(&error) => {
                tracing::warn!("the database refuses the login: its address is read again");
                let (_, pool) = self.after(Some(number)).await?;
                pool.get().await
            }
            outcome => outcome,
        };
        outcome.map_err(|error| match error {
            PoolError::Backend(error) => DbError::Unreachable(Some(error)),
            _ => DbError::Unreachable(None),
        })
    }

    /// The pool that there is, or a new one where that is the one that was refused. The lock is one fetch in flight.
    async fn after(&self, refused: Option<u64>) -> Result<Numbered, DbError> {
        let mut kept = self.pool.lock().await;
        match kept.as_ref() {
            Some((number, pool)) if refused != Some(*number) => Ok((*number, pool.clone())),
            _ => {
                let number = refused.map_or(0, |number| number + 1);
                let pool = build(&self.load_url, self.size).await?;
                *kept = Some((number, pool.clone()));
                Ok((number, pool))
            }
        }
    }
}

/// A wrong password, or a login that may not come in.
fn refuses_login(error: &tokio_postgres::Error) -> bool {
    matches!(
        error.code(),
        Some(code) if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
    )
}

async fn build(load_url: &LoadUrl, size: usize) -> Result<Pool, DbError> {
    let address = load_url().await.ok_or(DbError::Unreachable(None))?;
    let mut config = Config::from_str(address.url.expose_secret()).map_err(|_| {
        // Its own words may quote a part of the password.
        tracing::error!("the database address is not readable");
        DbError::Unreachable(None)
    })?;
    demand_tls(&mut config);
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

/// Makes the driver's default, TLS if the server happens to offer it, an answer: none on this machine, always elsewhere.
/// Otherwise an address that forgets `sslmode` would send the password in the clear. `sslmode=disable` stays what it says.
pub(super) fn demand_tls(config: &mut Config) {
    if config.get_ssl_mode() == SslMode::Prefer && !config.get_hosts().iter().all(is_this_machine) {
        config.ssl_mode(SslMode::Require);
    }
}

fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// TLS where [`demand_tls`] or the address asks for it.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_leaves_this_machine_over_tls_only() {
        for (address, mode) in [
            ("postgres://u:p@db.example.com/z", SslMode::Require),
            ("postgres://u:p@10.0.0.7/z", SslMode::Require),
            ("postgres://u:p@localhost,db.example.com/z", SslMode::Require),
            (
                "postgres://u:p@db.example.com/z?sslmode=disable",
                SslMode::Disable,
            ),
            ("postgres://u:p@127.0.0.1:5432/z", SslMode::Prefer),
            ("postgres://u:p@localhost/z", SslMode::Prefer),
            ("host=/run/postgresql user=u", SslMode::Prefer),
        ] {
            let mut config = Config::from_str(address).unwrap();
            demand_tls(&mut config);
            assert_eq!(config.get_ssl_mode(), mode, "{address}");
        }
    }
}
