//! Processor time of one backend, from the kernel's own account of it.

use std::hint::black_box;

use anyhow::Context;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::sources::with_literals;
use super::statements::{EXAMPLES, Statement};

/// Turns of both sides, one after the other.
const ROUNDS: usize = 31;
/// How often a statement is run in one turn.
const RUNS: usize = 60;

/// A session that measures itself.
pub(super) struct Session {
    pub(super) client: Client,
    backend: i32,
    unbound: &'static str,
}

/// What is put in the place of a statement's parameters.
#[derive(Debug)]
pub(super) struct Example {
    pub(super) organization: String,
    pub(super) literals: Vec<String>,
}

/// Both sides, in µs, and the median of the ratios of the rounds.
#[derive(Debug)]
pub(super) struct Sides {
    pub(super) with: f64,
    pub(super) without: f64,
    pub(super) ratio: f64,
}

/// What a statement costs.
#[derive(Debug)]
pub(super) struct Cost {
    /// With its `BEGIN`, claims and end, as it is always run.
    pub(super) in_transaction: Sides,
    /// The statement by itself.
    pub(super) alone: Sides,
}

impl Session {
    pub(super) async fn open(client: Client, unbound: &'static str) -> anyhow::Result<Self> {
        let row = client.query_one("select pg_backend_pid()", &[]).await?;
        Ok(Self {
            client,
            backend: row.get(0),
            unbound,
        })
    }

    /// Nanoseconds that the backend has had a processor for.
    fn processor_time(&self) -> anyhow::Result<f64> {
        crate::bench::processor_time(self.backend)
    }

    /// Opens a transaction as the functions do, bound by the policies or not.
    pub(super) fn opening(&self, bound: bool, organization: &str) -> String {
        let role = if bound { "zencall_app" } else { self.unbound };
        format!(
            "begin; select set_config('role', '{role}', true), \
             set_config('request.jwt.claims', '{{\"organization_id\":\"{organization}\"}}', true)"
        )
    }

    /// Literals for the statement's parameters, of many tenants.
    pub(super) async fn examples(&self, statement: &Statement) -> anyhow::Result<Vec<Example>> {
        let rows = EXAMPLES.replace("{condition}", statement.condition());
        let columns: Vec<_> = statement
            .params
            .iter()
            .map(|param| match *param {
                // What is new is new in every run.
                "gen_random_uuid()" | "now()" => format!("'{param}'"),
                param => format!("case when ({param}) is null then '{}' else format('%L::%s', {param}, pg_typeof({param})) end",
                                 if param.starts_with("null::") { param } else { "null" }),
            })
            .collect();
        let sql = format!("select org::text, array[{}] from ({rows}) e", columns.join(", "));
        let rows = self
            .client
            .query(&sql, &[])
            .await
            .with_context(|| format!("no examples for {}", statement.name))?;
        anyhow::ensure!(!rows.is_empty(), "no examples for {}", statement.name);
        Ok(rows
            .iter()
            .map(|row| Example {
                organization: row.get(0),
                literals: row.get(1),
            })
            .collect())
    }

    /// Runs one text and returns how many rows it touched or returned.
    pub(super) async fn run(&self, sql: &str) -> anyhow::Result<u64> {
        let messages = self
            .client
            .simple_query(sql)
            .await
            .with_context(|| sql.to_owned())?;
        let counts = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
            _ => None,
        });
        Ok(black_box(counts.last().unwrap_or_default()))
    }
}

/// Measures a statement with these examples.
pub(super) async fn cost(session: &Session, sql: &str, examples: &[Example]) -> anyhow::Result<Cost> {
    Ok(Cost {
        in_transaction: sides(session, sql, examples, true).await?,
        alone: sides(session, sql, examples, false).await?,
    })
}

async fn sides(session: &Session, sql: &str, examples: &[Example], whole: bool) -> anyhow::Result<Sides> {
    let (mut with, mut without, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // The first round only warms the caches.
    for round in 0..=ROUNDS {
        let mut times = [0.0; 2];
        // Whoever begins pays for what the other finds in the cache: in turns.
        let order = if round % 2 == 0 {
            [true, false]
        } else {
            [false, true]
        };
        for bound in order {
            let mut total = 0.0;
            for run in 0..RUNS {
                let example = &examples[(round * RUNS + run) % examples.len()];
                let text = with_literals(sql, &example.literals);
                let opening = session.opening(bound, &example.organization);
                let before = if whole {
                    let before = session.processor_time()?;
                    session.run(&opening).await?;
                    before
                } else {
                    session.run(&opening).await?;
                    session.processor_time()?
                };
                session.run(&text).await?;
                if whole {
                    session.run("rollback").await?;
                    total += session.processor_time()? - before;
                } else {
                    total += session.processor_time()? - before;
                    session.run("rollback").await?;
                }
            }
            times[usize::from(!bound)] = total / RUNS as f64 / 1000.0;
        }
        if round > 0 {
            with.push(times[0]);
            without.push(times[1]);
            ratios.push(times[0] / times[1]);
        }
    }
    Ok(Sides {
        with: crate::bench::median(with),
        without: crate::bench::median(without),
        ratio: crate::bench::median(ratios),
    })
}
