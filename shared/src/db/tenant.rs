//! `TenantTx`: a transaction that sees one organisation, and the only way to run a query.

use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::Object;
use futures_util::future::join;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::claims::Claims;
use super::error::{DbError, is_worth_rerunning};
use super::param::{Bytes, Param};
use super::toll;
use crate::kernel::Scope;
use crate::kernel::ids::OrganizationId;
use crate::kernel::meter::{KeyProof, Meter};

/// Proves an API key and sets what the row policies read; ends the transaction otherwise.
const CLAIM_BY_KEY: &str =
    "-- edge.claim_by_api_key\nselect zencall.claim_by_api_key($1, $2, $3, $4, $5, $6)";

/// Begins, and gives up the login's identity until the end. All that opens a transaction is one message of utility
/// statements, for which PostgreSQL plans nothing.
fn begin(mode: Mode) -> &'static str {
    match mode {
        Mode::ReadOnly => "begin read only; set local role zencall_app",
        Mode::Write => "begin; set local role zencall_app",
    }
}

/// Joins are made in the order in which they are written, and nothing is worth compiling.
const JOINS_AS_WRITTEN: &str = "; set local join_collapse_limit = 1; set local jit = off";

/// The same, and sets what the row policies read: the organisation, and the claims that name it too, as others set them.
fn opening(mode: Mode, organization: Option<OrganizationId>, claims: &str, joins_as_written: bool) -> String {
    let organization = organization.map(|id| id.to_string()).unwrap_or_default();
    // Ids and words of ours, in which there is nothing to quote.
    let claims = claims.replace('\'', "''");
    format!(
        "{}; set local request.jwt.claims = '{claims}'; set local zencall.organization_id = '{organization}'{}",
        begin(mode),
        if joins_as_written { JOINS_AS_WRITTEN } else { "" }
    )
}

/// What a transaction for these claims begins with. For measures; [`TenantTx`] sends it by itself.
pub fn opening_of(claims: &Claims) -> String {
    opening(
        Mode::Write,
        Some(claims.organization()),
        &claims.to_json(),
        claims.joins_as_written(),
    )
}

/// How a transaction begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    ReadOnly,
    Write,
}

/// A transaction that sees one organisation. Made by [`super::Db`] alone; every statement in it opens with a comment
/// that names it, so that the slow-query log names the function.
///
/// Dropped before its end, it takes its connection out of the pool and closes it: otherwise the next tenant would
/// commit its leftovers.
pub struct TenantTx {
    connection: Option<Object>,
    organization: Option<OrganizationId>,
    claims: String,
    joins_as_written: bool,
    meter: Option<Meter>,
    mode: Mode,
    failed: AtomicBool,
    rerun: AtomicBool,
    sealed: AtomicBool,
}

impl TenantTx {
    pub(super) fn new(
        connection: Object,
        claims: Option<&Claims>,
        meter: Option<&Meter>,
        mode: Mode,
    ) -> Self {
        Self {
            connection: Some(connection),
            organization: claims.map(Claims::organization),
            claims: claims.map_or_else(String::new, Claims::to_json),
            joins_as_written: claims.is_some_and(Claims::joins_as_written),
            meter: claims.and_then(Claims::meter).or(meter).cloned(),
            mode,
            failed: AtomicBool::new(false),
            rerun: AtomicBool::new(false),
            sealed: AtomicBool::new(false),
        }
    }

    /// The organisation that this transaction sees; the nil id where there is no tenant yet.
    pub fn organization(&self) -> OrganizationId {
        self.organization.unwrap_or(OrganizationId(uuid::Uuid::nil()))
    }

    /// Runs a statement and returns its rows.
    pub async fn query(&self, sql: &str, params: &[&dyn Param]) -> Result<Vec<Row>, DbError> {
        if self.sealed.load(Ordering::Relaxed) {
            return Err(DbError::SecondPacket);
        }
        let typed: Vec<(&(dyn ToSql + Sync), Type)> = params
            .iter()
            .map(|param| (param.as_sql(), param.sql_type()))
            .collect();
        let outcome = self.client()?.query_typed(sql, &typed).await;
        outcome.map_err(|error| self.note(error))
    }

    /// Runs a statement that returns at most one row.
    pub async fn query_opt(&self, sql: &str, params: &[&dyn Param]) -> Result<Option<Row>, DbError> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Runs a statement that returns a row whatever happens.
    pub async fn query_one(&self, sql: &str, params: &[&dyn Param]) -> Result<Row, DbError> {
        self.query_opt(sql, params).await?.ok_or(DbError::Aborted)
    }

    /// Runs a statement and returns how many rows it touched.
    pub async fn execute(&self, sql: &str, params: &[&dyn Param]) -> Result<u64, DbError> {
        if self.sealed.load(Ordering::Relaxed) {
            return Err(DbError::SecondPacket);
        }
        let typed: Vec<(&(dyn ToSql + Sync), Type)> = params
            .iter()
            .map(|param| (param.as_sql(), param.sql_type()))
            .collect();
        let outcome = self.client()?.execute_typed(sql, &typed).await;
        outcome.map_err(|error| self.note(error))
    }

    /// Pays what the request owes, in a transaction of its own ahead of this one (see [`super::toll`]).
    pub(super) async fn pay(&self) -> Result<(), DbError> {
        let Some((meter, bill)) = self
            .meter
            .as_ref()
            .and_then(|meter| Some((meter, meter.take_bill()?)))
        else {
            return Ok(());
        };
        let answer = Box::pin(self.client()?.simple_query(&toll::statements(&bill))).await;
        match answer.map_err(DbError::of_statement) {
            Ok(answer) => toll::settle(meter, &bill, &answer),
            Err(error) => {
                // Lost with the connection, most likely: then the request's own transaction is lost too, and runs again.
                meter.put_back(bill);
                Err(DbError::Uncounted(Box::new(error)))
            }
        }
    }

    /// `BEGIN` and the claims: leave in the packet of the first statement that is polled beside them.
    pub(super) async fn open(&self) -> Result<(), DbError> {
        let client = self.client()?;
        if let Some((meter, key)) = self
            .meter
            .as_ref()
            .and_then(|meter| Some((meter, meter.unproven_key()?)))
        {
            let (begun, proven) = join(
                client.batch_execute(begin(self.mode)),
                Box::pin(self.claim_by(&key)),
            )
            .await;
            begun.map_err(|error| self.note(error))?;
            proven?;
            meter.prove_key();
            return Ok(());
        }
        let opening = opening(self.mode, self.organization, &self.claims, self.joins_as_written);
        let begun = client.batch_execute(&opening).await;
        begun.map_err(|error| self.note(error))
    }

    async fn claim_by(&self, key: &KeyProof) -> Result<(), DbError> {
        let hash = Bytes(key.hash.0.to_vec());
        let scope = key.scope.map(Scope::as_str);
        let params: [&dyn Param; 6] = [&key.id, &key.organization, &hash, &scope, &key.at, &self.claims];
        match self.query(CLAIM_BY_KEY, &params).await {
            Err(DbError::ScopeMissing(_)) => Err(DbError::ScopeMissing(key.scope)),
            outcome => outcome.map(drop),
        }
    }

    /// Sends the end of the transaction behind what was already sent. Of a failed one, PostgreSQL makes a rollback.
    pub(super) async fn seal(&self) -> Result<(), DbError> {
        self.sealed.store(true, Ordering::Relaxed);
        self.client()?
            .batch_execute("commit")
            .await
            .map_err(DbError::CommitUnknown)
    }

    /// Ends the transaction and gives the connection back.
    pub(super) async fn commit(mut self) -> Result<(), DbError> {
        if self.failed.load(Ordering::Relaxed) {
            self.rollback().await;
            return Err(DbError::Aborted);
        }
        self.seal().await?;
        drop(self.connection.take());
        Ok(())
    }

    /// Undoes the transaction and gives the connection back, unless even that fails.
    pub(super) async fn rollback(mut self) {
        if let Ok(client) = self.client()
            && client.batch_execute("rollback").await.is_ok()
        {
            drop(self.connection.take());
        }
    }

    /// Gives the connection back after [`TenantTx::seal`] has ended the transaction.
    pub(super) fn release(mut self) {
        drop(self.connection.take());
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    pub(super) fn is_worth_rerunning(&self) -> bool {
        self.rerun.load(Ordering::Relaxed)
    }

    fn client(&self) -> Result<&deadpool_postgres::Client, DbError> {
        self.connection.as_ref().ok_or(DbError::Aborted)
    }

    fn note(&self, error: tokio_postgres::Error) -> DbError {
        self.failed.store(true, Ordering::Relaxed);
        if is_worth_rerunning(&error) {
            self.rerun.store(true, Ordering::Relaxed);
        }
        DbError::of_statement(error)
    }
}

impl Drop for TenantTx {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_opens_for_one_organisation_or_none() {
        // None is said too: what somebody left on the connection is no tenant of this transaction.
        assert_eq!(
            opening(Mode::ReadOnly, None, "", false),
            "begin read only; set local role zencall_app; set local request.jwt.claims = ''; \
             set local zencall.organization_id = ''"
        );
        let id = OrganizationId(uuid::Uuid::nil());
        assert_eq!(
            opening_of(&Claims::platform(id)),
            format!(
                "begin; set local role zencall_app; set local request.jwt.claims = \
                 '{{\"organization_id\":\"{id}\",\"role\":\"authenticated\"}}'; \
                 set local zencall.organization_id = '{id}'"
            )
        );
        let engine = opening_of(&Claims::platform(id).with_joins_as_written());
        assert!(engine.ends_with("; set local join_collapse_limit = 1; set local jit = off"));
    }
}
