//! What a campaign does, in counts: a wave, a dialled call and the end of one at 1,000 and at 1,000,000 contacts, on the
//! functions themselves; and what a campaign of 100,000 contacts would cost on AWS.

mod price;
mod side;

use anyhow::{Context, bail};

use crate::postgres::Server;
use crate::stack::Stack;
use crate::terminal::print;
use crate::{daemon, settings};

use side::{Did, Side, Touched};

const SMALL: u32 = 1_000;
const LARGE: u32 = 1_000_000;
/// Calls that are timed on each side, in turns, and some before them that only warm it.
const CALLS: usize = 240;
const WARM: usize = 30;
/// How much dearer the end of a call may be in the large campaign.
const SLOPE: f64 = 1.05;
/// What each call has PostgreSQL look at.
const ROWS: &str = "both: rows touched";

impl Stack {
    /// `make bench-campaign`: fails where a count depends on the size of the campaign.
    pub async fn bench_campaign(&mut self) -> anyhow::Result<()> {
        let turn = daemon::take_turn(&self.layout, "turn")?;
        let ran = Server::locate(&self.layout).await?.is_running().await?;
        self.start_postgres().await?;
        drop(turn);
        let outcome = Box::pin(self.measure_campaigns()).await;
        if !ran {
            let _turn = daemon::take_turn(&self.layout, "turn")?;
            Server::locate(&self.layout).await?.stop().await?;
        }
        outcome
    }

    async fn measure_campaigns(&self) -> anyhow::Result<()> {
        let large = match settings::environment("BENCH_ROWS") {
            Some(number) => number.parse().context("BENCH_ROWS is not a number")?,
            None => LARGE,
        };
        let mut sides = [
            Side::make(SMALL, &self.ports, &self.secrets).await?,
            Side::make(large, &self.ports, &self.secrets).await?,
        ];
        let mut wrong = Vec::new();
        let measured = Box::pin(counts(&sides, &mut wrong)).await?;
        Box::pin(slopes(&mut sides, &mut wrong)).await?;
        forecasts(&sides).await?;
        price::show(measured);
        for side in sides {
            side.remove(&self.ports, &self.secrets).await?;
        }
        if wrong.is_empty() {
            print("\n✓ nothing depends on the size of the campaign");
            return Ok(());
        }
        bail!("{}", wrong.join("\n  "))
    }
}

/// Statements, round trips and requests.
async fn counts(sides: &[Side; 2], wrong: &mut Vec<String>) -> anyhow::Result<price::Measured> {
    let mut rows: [Vec<(&str, Did)>; 2] = [Vec::new(), Vec::new()];
    for (side, rows) in sides.iter().zip(&mut rows) {
        rows.push(("start, with its first wave", side.start().await?));
        let mut wave = side.wave().await?;
        let [mut dialled, mut ended] = side.one_call().await?;
        // A machine that is busy tears packets apart: the fewest round trips are those that are needed.
        for _ in 0..3 {
            let [another, end] = side.one_call().await?;
            dialled = dialled.fewest(another);
            ended = ended.fewest(end);
        }
        for _ in 0..3 {
            wave = wave.fewest(side.wave().await?);
        }
        rows.push(("a wave of ten calls", wave));
        rows.push(("a call is dialled", dialled));
        rows.push(("a call ends, the next is queued", ended));
        side.inbox.empty();
    }
    print(format!(
        "{:<34} {:>10} {:>12} {:>10} {:>10}",
        "", "statements", "round trips", "SQS sends", "messages"
    ));
    let [small, large] = &rows;
    for ((what, small), (_, large)) in small.iter().zip(large) {
        for (did, side) in [(small, &sides[0]), (large, &sides[1])] {
            print(format!(
                "{what:<34} {:>10} {:>12} {:>10} {:>10}   at {} contacts",
                did.statements, did.round_trips, did.sends, did.messages, side.contacts
            ));
        }
        if (small.statements, small.round_trips, small.sends)
            != (large.statements, large.round_trips, large.sends)
        {
            wrong.push(format!("{what}: another count at another size"));
        }
    }
    for (what, did) in small.iter().chain(large) {
        if did.messages > 0 && did.sends > did.messages.div_ceil(10) {
            wrong.push(format!(
                "{what}: {} requests for {} messages",
                did.sends, did.messages
            ));
        }
    }
    // In the middle of a campaign each end queues the next call.
    let sends = large.last().map_or(1.0, |(_, did)| {
        f64::from(u8::try_from(did.sends).unwrap_or(u8::MAX))
    });
    Ok(price::Measured { sends })
}

/// What a dialled call and its end cost PostgreSQL, in rows, blocks and processor time, and how that depends on the size.
async fn slopes(sides: &mut [Side; 2], wrong: &mut Vec<String>) -> anyhow::Result<()> {
    let mut backends = [0; 2];
    let mut before = [Touched::new(), Touched::new()];
    for (index, side) in sides.iter_mut().enumerate() {
        side.wave().await?;
        before[index] = side.touched().await?;
        backends[index] = side.backend().await?;
    }
    let mut times = [[Vec::new(), Vec::new()], [Vec::new(), Vec::new()]];
    for call in 0..WARM + CALLS {
        // In turns: whoever is disturbed by another program, both are.
        for (index, side) in sides.iter().enumerate() {
            let took = side.timed_call(backends[index]).await?;
            if call >= WARM {
                for (times, took) in times[index].iter_mut().zip(took) {
                    times.push(took);
                }
            }
        }
    }
    let mut touched = [Touched::new(), Touched::new()];
    for (index, side) in sides.iter_mut().enumerate() {
        touched[index] = each_call(&before[index], side.touched().await?);
    }
    let all = |index: usize, kind: usize| -> f64 { touched[index].values().map(|table| table[kind]).sum() };
    let [small, large] = times.map(|kinds| kinds.map(super::median));
    print(format!(
        "\n{:<44} {:>12} {:>12} {:>8}",
        "for PostgreSQL, each call",
        format!("{}", sides[0].contacts),
        format!("{}", sides[1].contacts),
        "slope"
    ));
    let rows = [
        ("dialled: processor time, µs (median)", small[0], large[0]),
        ("ended, the next queued: processor time, µs", small[1], large[1]),
        (ROWS, all(0, 0), all(1, 0)),
        ("both: blocks looked at", all(0, 1), all(1, 1)),
    ];
    for (what, small, large) in rows {
        let slope = large / small;
        print(format!("{what:<44} {small:>12.1} {large:>12.1} {slope:>8.3}"));
        // Trees of indexes are one page deeper at a million: that is told, and bound in rows and processor time.
        if slope > SLOPE && !what.contains("blocks") {
            wrong.push(format!(
                "{what}: {slope:.3} times as much at {} contacts",
                sides[1].contacts
            ));
            if what == ROWS {
                wrong.push(format!("of these tables more: {}", of_which_more(&touched)));
            }
        }
    }
    let [sends, secrets] = sides[1].requests();
    print(format!(
        "{sends} requests to SQS and {secrets} secrets fetched for {} calls",
        WARM + CALLS
    ));
    Ok(())
}

/// What one call touches, by table.
fn each_call(before: &Touched, after: Touched) -> Touched {
    #[expect(clippy::cast_precision_loss, reason = "some hundred calls")]
    let calls = (WARM + CALLS) as f64;
    let each = |(table, [rows, blocks]): (String, [f64; 2])| {
        let [rows_before, blocks_before] = before.get(&table).copied().unwrap_or_default();
        (
            table,
            [(rows - rows_before) / calls, (blocks - blocks_before) / calls],
        )
    };
    after.into_iter().map(each).collect()
}

/// The tables of which the large campaign has more rows looked at, with how many at each size.
fn of_which_more([small, large]: &[Touched; 2]) -> String {
    let mut tables: Vec<_> = large
        .iter()
        .map(|(table, [rows, _])| (table, small.get(table).map_or(0.0, |table| table[0]), *rows))
        .filter(|(_, small, large)| large - small > 0.5)
        .collect();
    tables.sort_by(|one, other| (other.2 - other.1).total_cmp(&(one.2 - one.1)));
    let told: Vec<_> = tables
        .iter()
        .map(|(table, small, large)| format!("{table} {small:.1} and {large:.1}"))
        .collect();
    told.join(", ")
}

/// How long a forecast takes.
async fn forecasts(sides: &[Side; 2]) -> anyhow::Result<()> {
    print("");
    for side in sides {
        let (contacts, seconds) = side.forecast().await?;
        #[expect(clippy::cast_precision_loss, reason = "at most a million")]
        let each = 1e6 * seconds / contacts.max(1) as f64;
        print(format!(
            "a forecast of the {contacts} contacts that wait, of {}: {seconds:.2} s, {each:.0} µs each",
            side.contacts
        ));
    }
    Ok(())
}
