//! The SQL of what calls come to.

use futures_util::future::try_join;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::stats::{Measures, Wanted};
use crate::db::{DbError, TenantTx};

/// The organisation's clock, and what its calls come to, bucket by bucket. A day begins at midnight on that clock, also on
/// the days that have 23 or 25 hours.
pub(super) async fn measure(
    tx: &TenantTx,
    wanted: Wanted,
) -> Result<(String, Vec<(Timestamp, Measures)>), DbError> {
    let (timezone, rows) = try_join(
        tx.query_one(
            "-- calls.stats_clock
             select timezone from organizations",
            &[],
        ),
        tx.query(
            "-- calls.stats
             with clock as (
               select timezone from organizations
             ), period as (
               select begins at time zone c.timezone as starts_at
                 from clock c,
                      generate_series(date_trunc($3, $1 at time zone c.timezone),
                                      ($2 - interval '1 microsecond') at time zone c.timezone,
                                      ('1 ' || $3)::interval) as begins
             ), measured as (
               select date_trunc($3, coalesce(k.started_at, k.created_at), c.timezone) as starts_at,
                      count(*) as calls,
                      count(*) filter (where k.direction = 'inbound') as inbound,
                      count(*) filter (where k.direction = 'outbound') as outbound,
                      count(*) filter (where k.outcome = 'answered') as answered,
                      count(*) filter (where k.outcome = 'transferred') as transferred,
                      count(*) filter (where k.outcome = 'no_answer') as no_answer,
                      count(*) filter (where k.outcome = 'busy') as busy,
                      count(*) filter (where k.outcome = 'voicemail') as voicemail,
                      count(*) filter (where k.outcome = 'failed') as failed,
                      count(*) filter (where k.outcome = 'cancelled') as cancelled,
                      sum(k.duration_seconds) filter (where k.outcome in ('answered', 'transferred')) as duration,
                      sum(k.cost) as cost,
                      count(*) filter (where k.outcome in ('answered', 'transferred') and k.sentiment = 'positive')
                        as positive,
                      count(*) filter (where k.outcome in ('answered', 'transferred') and k.sentiment = 'neutral')
                        as neutral,
                      count(*) filter (where k.outcome in ('answered', 'transferred') and k.sentiment = 'negative')
                        as negative,
                      count(*) filter (where k.outcome in ('answered', 'transferred') and k.sentiment is null) as unknown
                 from calls k, clock c
                where case when k.started_at is null then k.created_at else k.started_at end >= $1
                  and case when k.started_at is null then k.created_at else k.started_at end < $2
                group by 1
             )
             select p.starts_at, coalesce(m.calls, 0) as calls, coalesce(m.inbound, 0) as inbound,
                    coalesce(m.outbound, 0) as outbound, coalesce(m.answered, 0) as answered,
                    coalesce(m.transferred, 0) as transferred, coalesce(m.no_answer, 0) as no_answer,
                    coalesce(m.busy, 0) as busy, coalesce(m.voicemail, 0) as voicemail,
                    coalesce(m.failed, 0) as failed, coalesce(m.cancelled, 0) as cancelled,
                    coalesce(m.duration, 0)::bigint as duration, coalesce(m.cost, 0) as cost,
                    coalesce(m.positive, 0) as positive, coalesce(m.neutral, 0) as neutral,
                    coalesce(m.negative, 0) as negative, coalesce(m.unknown, 0) as unknown
               from period p left join measured m using (starts_at)
              order by p.starts_at",
            &[
                &wanted.from,
                &wanted.to,
                &wanted.bucket.as_str(),
            ],
        ),
    )
    .await?;
    let buckets = rows
        .iter()
        .map(|row| Ok((get(row, "starts_at")?, Measures::try_from(row)?)))
        .collect::<Result<_, DbError>>()?;
    Ok((get(&timezone, "timezone")?, buckets))
}

impl TryFrom<&Row> for Measures {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let number = |column| get::<i64>(row, column);
        Ok(Self {
            calls: number("calls")?,
            inbound: number("inbound")?,
            outbound: number("outbound")?,
            answered: number("answered")?,
            transferred: number("transferred")?,
            no_answer: number("no_answer")?,
            busy: number("busy")?,
            voicemail: number("voicemail")?,
            failed: number("failed")?,
            cancelled: number("cancelled")?,
            duration_seconds: number("duration")?,
            cost: get(row, "cost")?,
            sentiment: [
                number("positive")?,
                number("neutral")?,
                number("negative")?,
                number("unknown")?,
            ],
        })
    }
}

fn get<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, DbError> {
    row.try_get(column).map_err(DbError::Statement)
}
