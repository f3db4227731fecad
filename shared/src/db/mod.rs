//! PostgreSQL: one connection a container, and no query outside a transaction that says for whom it acts.
//!
//! [`Db::read`] is one round trip, [`Db::write`] its statements plus one. Both may run their body a second time when a
//! thawed container held a dead socket, so a body does no other input or output, and can be cloned.
//!
//! A statement that only reads leaves the organisation to the row policies: a condition of its own would be planned and
//! compared besides, which is most of what row security costs. One that writes or locks names it as well.

mod claims;
mod due;
pub mod edge;
mod error;
mod idempotency;
pub mod migrate;
mod param;
mod pool;
mod proof;
mod supabase;
mod tenant;
mod toll;

use futures_util::future::{join3, join4};
use tokio_postgres::Row;
use tokio_postgres::types::FromSqlOwned;

pub use claims::Claims;
pub use due::{DueOrganization, Offer};
pub use error::{ConstraintKind, DbError, OnConstraint};
pub use param::{Bytes, Param, SqlType};
pub use pool::{DatabaseUrl, LoadUrl};
pub use tenant::{TenantTx, opening_of};

use crate::kernel::class::chain;
use crate::kernel::meter::Meter;
use tenant::Mode;

/// The way to the database. Connects at its first use.
pub struct Db {
    connections: pool::Connections,
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
            connections: pool::Connections::new(load_url, pool_size),
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
        self.one_packet(name, (Some(claims), None), Mode::ReadOnly, body)
            .await
    }

    /// The same for statements that write and may be repeated without harm. Their commit is never waited for apart, so
    /// after a lost connection nobody knows whether it happened, and the body is run again.
    pub async fn write_at_once<T, E: From<DbError>>(
        &self,
        name: &'static str,
        claims: &Claims,
        body: impl AsyncFnOnce(&TenantTx) -> Result<T, E> + Clone,
    ) -> Result<T, E> {
        // It commits in the packet that would say whether it may.
        if let Some(meter) = claims.meter() {
            self.settle(meter).await?;
        }
        self.one_packet(name, (Some(claims), None), Mode::Write, body)
            .await
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
            let tx = TenantTx::new(connection, Some(claims), None, Mode::Write);
            let (paid, opened, outcome) = join3(tx.pay(), tx.open(), body.clone()(&tx)).await;
            match (paid.or_else(go_on_uncounted).and(opened), outcome) {
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
                    // Without its beginning, a body fails of that.
                    return match (opened, outcome) {
                        (Ok(()), Err(error)) => Err(error),
                        (opened, _) => Err(opened.err().unwrap_or(DbError::Aborted).into()),
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
        self.one_packet(name, (None, None), Mode::Write, async |tx| {
            tx.query(sql, params).await
        })
        .await
    }

    /// The same where the answer is a list with one column.
    async fn lookup_column<T: FromSqlOwned>(
        &self,
        name: &'static str,
        sql: &'static str,
        params: &[&dyn Param],
    ) -> Result<Vec<T>, DbError> {
        let rows = self.lookup(name, sql, params).await?;
        rows.iter().map(|row| edge::get(row, 0)).collect()
    }

    /// The same where the answer is how many rows were dealt with.
    async fn lookup_count(
        &self,
        name: &'static str,
        sql: &'static str,
        params: &[&dyn Param],
    ) -> Result<i32, DbError> {
        let counts = self.lookup_column(name, sql, params).await?;
        Ok(counts.first().copied().unwrap_or_default())
    }

    /// A look-up of a public route whose limit is what protects it: counted in the same packet, and refused where it
    /// cannot be counted.
    async fn counted_lookup(
        &self,
        name: &'static str,
        meter: &Meter,
        sql: &'static str,
        params: &[&dyn Param],
    ) -> Result<Vec<Row>, DbError> {
        self.one_packet(name, (None, Some(meter)), Mode::Write, async |tx| {
            tx.query(sql, params).await
        })
        .await
    }

    /// Pays what a request owes, in a round trip of its own; free where it owes nothing. A limit that cannot be counted
    /// stops nobody whose credentials are proven.
    pub async fn settle(&self, meter: &Meter) -> Result<(), DbError> {
        match self.pay(meter).await {
            Err(error) if meter.unproven_key().is_none() => go_on_uncounted(error),
            outcome => outcome,
        }
    }

    /// The same, strictly: what cannot be counted is refused.
    pub async fn pay(&self, meter: &Meter) -> Result<(), DbError> {
        let mut rerun = false;
        while meter.is_owing() {
            let connection = self.connection().await;
            let connection = connection.map_err(|error| DbError::Uncounted(Box::new(error)))?;
            let tx = TenantTx::new(connection, None, Some(meter), Mode::Write);
            match tx.pay().await {
                Err(DbError::Uncounted(error)) if matches!(*error, DbError::Unreachable(_)) && !rerun => {
                    rerun = true;
                }
                outcome => {
                    tx.release();
                    return outcome;
                }
            }
        }
        Ok(())
    }

    async fn one_packet<T, E: From<DbError>>(
        &self,
        name: &'static str,
        (claims, meter): (Option<&Claims>, Option<&Meter>),
        mode: Mode,
        body: impl AsyncFnOnce(&TenantTx) -> Result<T, E> + Clone,
    ) -> Result<T, E> {
        let mut rerun = false;
        loop {
            let connection = self.connection().await?;
            let tx = TenantTx::new(connection, claims, meter, mode);
            // Polled in this order: what is owed, BEGIN, the claims, the body's statements, COMMIT leave together.
            let (paid, opened, outcome, sealed) =
                join4(tx.pay(), tx.open(), body.clone()(&tx), tx.seal()).await;
            if tx.is_worth_rerunning() && !rerun {
                tracing::info!(transaction = name, "running {name} again on a new connection");
                drop(tx);
                rerun = true;
                continue;
            }
            let paid = match meter {
                Some(_) => paid,
                None => paid.or_else(go_on_uncounted),
            };
            let value = match (paid.and(opened), outcome) {
                (Ok(()), Ok(value)) => value,
                (begun, outcome) => {
                    if sealed.is_ok() {
                        tx.release();
                    }
                    // Without its beginning, a body fails of that.
                    return Err(match (begun, outcome) {
                        (Ok(()), Err(error)) => error,
                        (begun, _) => begun.err().unwrap_or(DbError::Aborted).into(),
                    });
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
        self.connections.get().await
    }
}

/// A limiter that is broken is not an outage.
fn go_on_uncounted(error: DbError) -> Result<(), DbError> {
    match error {
        DbError::Uncounted(cause) => {
            tracing::warn!(error = chain(&cause), "a request was not counted");
            Ok(())
        }
        error => Err(error),
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
