//! What a run costs: rows and transactions of its database as PostgreSQL counts them, processor time of its backends, and the
//! most memory that this process held (Linux).

use std::fs;
use std::time::Duration;

use tokio_postgres::Client;

/// What was done in the run's database.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    pub(super) transactions: f64,
    /// Rows that were looked at or written, indexes and catalogues included.
    pub(super) rows: f64,
    pub(super) written: f64,
    /// Milliseconds of a processor, of the functions' sessions.
    pub(super) processor: f64,
}

impl Cost {
    /// Until now.
    pub(super) async fn so_far(database: &Client) -> anyhow::Result<Self> {
        // Sessions tell what they did once a second.
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let row = database
            .query_one(
                "select xact_commit::float8, (tup_returned + tup_inserted + tup_updated + tup_deleted)::float8,
                        (tup_inserted + tup_updated + tup_deleted)::float8,
                        array(select a.pid from pg_stat_activity a
                               where a.datname = current_database() and a.application_name = 'zencall')
                   from pg_stat_database where datname = current_database()",
                &[],
            )
            .await?;
        let sessions: Vec<i32> = row.get(3);
        Ok(Self {
            transactions: row.get(0),
            rows: row.get(1),
            written: row.get(2),
            processor: sessions.into_iter().filter_map(processor_of).sum(),
        })
    }

    /// The difference.
    pub(super) fn since(&self, before: &Self) -> Self {
        Self {
            transactions: self.transactions - before.transactions,
            rows: self.rows - before.rows,
            written: self.written - before.written,
            processor: self.processor - before.processor,
        }
    }
}

fn processor_of(process: i32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/schedstat")).ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e6)
}

/// The most memory that this process held so far, in MB.
pub(super) fn peak_memory() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = peak.trim().split(' ').next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}
