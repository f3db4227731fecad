//! Processor time of one backend, from the kernel's own account of it.

use std::hint::black_box;

use anyhow::Context;
use tokio_postgres::{Client, SimpleQueryMessage};
use zencall::db::{Claims, opening_of};
use zencall::kernel::ids::OrganizationId;

use super::sources::with_literals;
use super::statements::{EXAMPLES, Statement};

/// How often both sides are compared.
const ROUNDS: usize = 31;
/// How often both sides have a turn for one comparison.
const TURNS: usize = 6;
/// How often a statement is run in a turn.
const RUNS: usize = 10;

/// Bound by the policies, or not.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    With,
    Without,
}

const SIDES: [Side; 2] = [Side::With, Side::Without];

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
    /// A session whose transactions act as the functions do, or as this role.
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

    /// Opens a transaction as the functions do; for the other side, as a role that no policy binds.
    pub(super) fn opening(&self, side: Side, organization: &str) -> anyhow::Result<String> {
        let opening = opening_of(&Claims::platform(OrganizationId(organization.parse()?)));
        Ok(match side {
            Side::With => opening,
            Side::Without => {
                let role = format!("set local role {}", self.unbound);
                opening.replace("set local role zencall_app", &role)
            }
        })
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
        let sql = format!(
            "select org::text, array[{}]::text[] from ({rows}) e",
            columns.join(", ")
        );
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

/// Measures a statement with these examples: as it is, bound by the policies, and as it would be without them.
pub(super) async fn cost(session: &Session, texts: [&str; 2], examples: &[Example]) -> anyhow::Result<Cost> {
    let (mut whole, mut alone) = (Rounds::default(), Rounds::default());
    // The first round only warms the caches.
    for round in 0..=ROUNDS {
        let mut times = [const { (Vec::new(), Vec::new()) }; 2];
        for turn in 0..TURNS {
            // Whoever begins pays for what the other finds in the caches: one after the other.
            let order = if turn % 2 == 0 {
                SIDES
            } else {
                [Side::Without, Side::With]
            };
            for side in order {
                for run in 0..=RUNS {
                    let example = &examples[((round * TURNS + turn) * RUNS + run) % examples.len()];
                    let took = one(session, side, texts[side as usize], example).await?;
                    // The first one pays for the change of the role, which no function makes.
                    if run > 0 {
                        times[side as usize].0.push(took.0);
                        times[side as usize].1.push(took.1);
                    }
                }
            }
        }
        if round > 0 {
            let [with, without] = times;
            whole.note(with.0, without.0);
            alone.note(with.1, without.1);
        }
    }
    Ok(Cost {
        in_transaction: whole.sides(),
        alone: alone.sides(),
    })
}

/// Fails where both sides do not touch or return the same number of rows.
pub(super) async fn is_the_same(
    session: &Session,
    texts: [&str; 2],
    examples: &[Example],
) -> anyhow::Result<()> {
    for example in examples.iter().take(100) {
        let mut rows = [0; 2];
        for side in SIDES {
            session
                .run(&session.opening(side, &example.organization)?)
                .await?;
            rows[side as usize] = session.run(&with_literals(texts[side as usize], example)).await?;
            session.run("rollback").await?;
        }
        let [with, without] = rows;
        anyhow::ensure!(
            with == without,
            "{with} rows with row security, {without} without"
        );
    }
    Ok(())
}

/// Runs a statement in its transaction; what both took, and what the statement did.
async fn one(session: &Session, side: Side, text: &str, example: &Example) -> anyhow::Result<(f64, f64)> {
    let text = with_literals(text, example);
    let opening = session.opening(side, &example.organization)?;
    let begun = session.processor_time()?;
    session.run(&opening).await?;
    let opened = session.processor_time()?;
    session.run(&text).await?;
    let done = session.processor_time()?;
    session.run("rollback").await?;
    Ok((session.processor_time()? - begun, done - opened))
}

/// The lower quartile: what else this machine does empties the processor's caches, and so it only ever adds.
fn undisturbed(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 4).copied().unwrap_or_default()
}

/// The medians of some rounds.
#[derive(Default)]
struct Rounds {
    with: Vec<f64>,
    without: Vec<f64>,
    ratios: Vec<f64>,
}

impl Rounds {
    fn note(&mut self, with: Vec<f64>, without: Vec<f64>) {
        let (with, without) = (undisturbed(with), undisturbed(without));
        self.with.push(with / 1000.0);
        self.without.push(without / 1000.0);
        self.ratios.push(with / without);
    }

    fn sides(self) -> Sides {
        Sides {
            with: crate::bench::median(self.with),
            without: crate::bench::median(self.without),
            ratio: crate::bench::median(self.ratios),
        }
    }
}
