//! What row security costs: the processor time of PostgreSQL for statements of ours with it and without it, at a million
//! rows, and whether every plan goes through an index of the organisation's.
//!
//! Both sides are statements of ours on the same rows, one right after the other: as the functions' role, and as a role that
//! has the same rights and that no policy binds. The text of each statement is read from the sources. A read of ours leaves
//! the organisation to the policy; without policies it would name it, and so does the other side, which returns the same rows
//! (this is checked). A write names it on both sides.
//!
//! What counts is the statement in its transaction, as it is always run: `BEGIN`, role and claims, the statement, its end.
//! Both sides pay for these alike. What a request pays besides (its limit, its key) is left out. The column "alone" shows the
//! statement without them. Each is planned anew on each run, as the functions' statements are; the policy's share is
//! nearly all planning, hence the same few µs for a look-up by key as for a report. The ratio is the median of many rounds,
//! in each of which the less disturbed runs of both sides are compared.

mod fill;
mod measure;
mod plan;
mod sources;
mod statements;

use anyhow::{Context, bail};

use crate::postgres::{self, Server};
use crate::stack::Stack;
use crate::terminal::{say, step};
use crate::{daemon, settings};

use measure::{Cost, Session};
use statements::{Kind, STATEMENTS, Statement};

/// The database that is filled and measured; made anew each time.
const NAME: &str = "zencall_bench";
/// The role that no policy binds.
const UNBOUND: &str = "zencall_bench_unbound";
const ROWS: u32 = 1_000_000;

impl Stack {
    /// `make bench-rls`: prints what row security costs, and fails where a bound is exceeded or a plan reads a whole table.
    pub async fn bench_rls(&mut self) -> anyhow::Result<()> {
        let turn = daemon::take_turn(&self.layout, "turn")?;
        let ran = Server::locate(&self.layout).await?.is_running().await?;
        self.start_postgres().await?;
        drop(turn);
        let outcome = self.measure_row_security().await;
        if !ran {
            let _turn = daemon::take_turn(&self.layout, "turn")?;
            Server::locate(&self.layout).await?.stop().await?;
        }
        outcome
    }

    async fn measure_row_security(&self) -> anyhow::Result<()> {
        let rows = match settings::environment("BENCH_ROWS") {
            Some(number) => number.parse().context("BENCH_ROWS is not a number")?,
            None => ROWS,
        };
        let database = postgres::recreate(NAME, &self.ports, &self.secrets).await?;
        postgres::migrate(&database, 10).await?;
        let client = postgres::superuser(NAME, &self.ports, &self.secrets).await?;
        step(
            &format!("a database of {rows} rows a table"),
            fill::fill(&client, rows, UNBOUND),
        )
        .await?;
        let session = Session::open(client, UNBOUND).await?;
        let outcome = report(&session, rows).await;
        drop(session);
        postgres::remove(NAME, &self.ports, &self.secrets).await?;
        outcome
    }
}

async fn report(session: &Session, rows: u32) -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    say("\nEvery table through its policy alone, without a filter of ours:");
    for (table, outcome) in plan::of_every_table(session).await? {
        match outcome {
            Ok(index) => say(format!("  {table:<24} {index}")),
            Err(why) => wrong.push(format!("{table}: {why}")),
        }
    }
    say(format!(
        "\nProcessor time of PostgreSQL at {rows} rows a table, µs (median), with and without row security:\n  {:<32} {:>9} {:>9} {:>7}   {:>9} {:>9} {:>7}",
        "", "with", "without", "ratio", "with", "without", "ratio"
    ));
    say(format!(
        "  {:<32} {:^27}   {:^27}",
        "statement", "in its transaction", "alone"
    ));
    let mut ratios = [Vec::new(), Vec::new()];
    for statement in STATEMENTS {
        // One that cannot be measured fails the run, and not before the others were.
        let cost = match of_statement(session, statement, &mut wrong).await {
            Ok(cost) => cost,
            Err(error) => {
                say(format!("  {:<32} {error:#}", statement.name));
                wrong.push(format!("{}: {error:#}", statement.name));
                continue;
            }
        };
        print(statement, &cost);
        if cost.in_transaction.ratio > statement.kind.bound() {
            let ratio = cost.in_transaction.ratio;
            wrong.push(format!("{}: {ratio:.3} is too much", statement.name));
        }
        ratios[usize::from(statement.kind == Kind::Write)].push(cost.in_transaction.ratio);
    }
    for (kind, ratios) in [Kind::Read, Kind::Write].into_iter().zip(ratios) {
        let middle = super::median(ratios);
        say(format!(
            "  median of all {}s: {middle:.3} (at most {})",
            kind.word(),
            kind.bound()
        ));
    }
    if wrong.is_empty() {
        say(
            "\n✓ row security is within its bounds, and every plan goes through an index of the organisation's",
        );
        return Ok(());
    }
    bail!(
        "row security costs too much, or a plan reads what it should not:\n  {}",
        wrong.join("\n  ")
    )
}

/// Looks at the plan of a statement, notes what is wrong with it, and measures.
async fn of_statement(
    session: &Session,
    statement: &Statement,
    wrong: &mut Vec<String>,
) -> anyhow::Result<Cost> {
    let sql = sources::text_of(statement.name)?;
    let other = sources::without_policies(&sql, statement.own)?;
    let texts = [sql.as_str(), other.as_str()];
    let examples = session.examples(statement).await?;
    for why in plan::of_statement(session, &sql, &examples[0]).await? {
        wrong.push(format!("{}: {why}", statement.name));
    }
    let cost = match measure::is_the_same(session, texts, &examples).await {
        Ok(()) => measure::cost(session, texts, &examples).await,
        Err(error) => Err(error),
    };
    if cost.is_err() {
        session.run("rollback").await?;
    }
    cost
}

fn print(
    statement: &Statement,
    Cost {
        in_transaction,
        alone,
    }: &Cost,
) {
    say(format!(
        "  {:<32} {:>9.1} {:>9.1} {:>7.3}   {:>9.1} {:>9.1} {:>7.3}",
        statement.name,
        in_transaction.with,
        in_transaction.without,
        in_transaction.ratio,
        alone.with,
        alone.without,
        alone.ratio
    ));
}
