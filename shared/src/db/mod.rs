//! PostgreSQL: one connection a container, and no query outside a transaction that says for whom it acts.
//!
//! [`Db::read`] is one round trip, [`Db::write`] its statements plus one. Both may run their body a second time when a
//! thawed container held a dead socket, so a body does no other input or output, and can be cloned.

mod claims;
pub mod edge;
mod error;
mod idempotency;
pub mod migrate;
mod param;
mod pool;
mod tenant;

use futures_util::future::{join, join3};
use tokio::sync::OnceCell;
use tokio_postgres::Row;

pub use claims::Claims;
pub use error::{ConstraintKind, DbError, OnConstraint};
pub use param::{Bytes, Param, SqlType};
pub use pool::{DatabaseUrl, LoadUrl};
pub use tenant::TenantTx;

use deadpool_postgres::Pool;
use tenant::Mode;

/// The way to the database. Connects at its first use.
pub struct Db {
    load_url: LoadUrl,
    pool: OnceCell<Pool>,
    pool_size: usize,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Db")
    }
}

impl Db {
    /// A database whose address is fetched at its first use.
    pub fn new(load_url: LoadUrl, pool_size: usize) -> Self {
        Self {
            load_url,
            pool: OnceCell::new(),
            pool_size,
        }
    }

    /// A transaction that only reads, in **one** round trip: `BEGIN READ ONLY`, the claims, every statement that the
    /// body starts at once (`join` several) and `COMMIT` leave in one packet. A statement that waits for another's
    /// rows is refused; such a body belongs in [`Db::write`].
    pub async fn read<T, E: From<DbError>>(
        &self,
        name: &'static str,
        claims: &Claims,
        body: impl AsyncFnOnce(&TenantTx) -> Result<T, E> + Clone,
    ) -> Result<T, E> {
        self.one_packet(name, Some(claims), Mode::ReadOnly, body).await
    }

    /// The same for statements that write and may be repeated without harm. Their commit is never waited for apart, so
    /// after a lost connection nobody knows whether it happened, and the body is run again.
    pub async fn write_at_once<T, E: From<DbError>>(
        &self,
        name: &'static str,
        claims: &Claims,
        body: impl AsyncFnOnce(&TenantTx) -> Result<T, E> + Clone,
    ) -> Result<T, E> {
        self.one_packet(name, Some(claims), Mode::Write, body).await
    }

    /// A transaction that writes: one round trip for each statement that waits for the one before, and one to commit.
    /// The body's error undoes it all. It runs again, once, after a lost connection or a deadlock, as long as no
    /// `COMMIT` was sent.
    pub async fn write<T, E: From<DbError>>(
        &self,
        name: &'static str,
        claims: &Claims,
        body: impl AsyncFnOnce(&TenantTx) -> Result<T, E> + Clone,
    ) -> Result<T, E> {
        let mut rerun = false;
        loop {
            let connection = self.connection().await?;
            let tx = TenantTx::new(
                connection,
                Some(claims.organization()),
                claims.to_json(),
                Mode::Write,
            );
            let (opened, outcome) = join(tx.open(), body.clone()(&tx)).await;
            match (opened, outcome) {
                (Ok(()), Ok(value)) => {
                    tx.commit().await?;
                    return Ok(value);
                }
                (opened, outcome) => {
                    if tx.is_worth_rerunning() && !rerun {
                        tracing::info!(transaction = name, "running {name} again on a new connection");
                        drop(tx);
                        rerun = true;
                        continue;
                    }
                    tx.rollback().await;
                    return match outcome {
                        Err(error) => Err(error),
                        Ok(_) => Err(opened.err().unwrap_or(DbError::Aborted).into()),
                    };
                }
            }
        }
    }

    /// Asks one of the narrow functions that work before a tenant is known, in one round trip.
    async fn lookup(
        &self,
        name: &'static str,
        sql: &'static str,
        params: &[&dyn Param],
    ) -> Result<Vec<Row>, DbError> {
        self.one_packet(name, None, Mode::Write, async |tx| tx.query(sql, params).await)
            .await
    }

    async fn one_packet<T, E: From<DbError>>(
        &self,
        name: &'static str,
        claims: Option<&Claims>,
        mode: Mode,
        body: impl AsyncFnOnce(&TenantTx) -> Result<T, E> + Clone,
    ) -> Result<T, E> {
        let mut rerun = false;
        loop {
            let connection = self.connection().await?;
            let organization = claims.map(Claims::organization);
            let tx = TenantTx::new(
                connection,
                organization,
                claims.map_or_else(String::new, Claims::to_json),
                mode,
            );
            // Polled in this order: BEGIN, the claims, the body's statements, COMMIT leave together.
            let (opened, outcome, sealed) = join3(tx.open(), body.clone()(&tx), tx.seal()).await;
            if tx.is_worth_rerunning() && !rerun {
                tracing::info!(transaction = name, "running {name} again on a new connection");
                drop(tx);
                rerun = true;
                continue;
            }
            let value = match (opened, outcome) {
                (Ok(()), Ok(value)) => value,
                (Err(error), Ok(_)) => return Err(error.into()),
                (_, Err(error)) => {
                    if sealed.is_ok() {
                        tx.release();
                    }
                    return Err(error);
                }
            };
            sealed?;
            let failed = tx.has_failed();
            tx.release();
            return if failed {
                Err(DbError::Aborted.into())
            } else {
                Ok(value)
            };
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.lookup("ping", "select 1", &[]).await.map(drop)
    }

    async fn connection(&self) -> Result<deadpool_postgres::Object, DbError> {
        let pool = self
            .pool
            .get_or_try_init(|| pool::build(&self.load_url, self.pool_size))
            .await?;
        pool.get().await.map_err(|error| match error {
            deadpool_postgres::PoolError::Backend(error) => DbError::Unreachable(Some(error)),
            _ => DbError::Unreachable(None),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Axum wants a handler's future to be `Send`; a body that borrows from its surroundings must not lose that.
    #[expect(dead_code, reason = "compiling it is the test")]
    fn a_transaction_fits_into_a_handler(db: &Db, claims: &Claims, name: &str) {
        fn send(_: impl Send) {}
        send(db.read("tests.read", claims, async |tx| {
            tx.query("select $1", &[&name]).await
        }));
        send(db.write("tests.write", claims, async |tx| {
            let rows = tx.query("select $1", &[&name]).await?;
            tx.execute("select $1", &[&rows.len().to_string()]).await
        }));
        send(db.ping());
    }
}
