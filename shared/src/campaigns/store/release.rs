//! The SQL of a release: what is going on, and who is due. What is decided about them is [`super::wave`]'s: three packets
//! in all, whatever the size of the campaign.

use futures_util::future::join;
use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio_postgres::Row;

use super::gate::{gate_campaign, gate_contact, read_gate_campaign, read_gate_contact};
use super::get;
use crate::campaigns::breaker::{Breaker, SAMPLE, State, WINDOW};
use crate::campaigns::budget::SETTLING;
use crate::campaigns::gate::{GateCampaign, GateContact};
use crate::consents::facts;
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::ids::{AssistantId, CampaignId, ContactId, OrganizationId};

/// A campaign that is under way, with what bounds its next wave.
pub(in crate::campaigns) struct UnderWay {
    pub(in crate::campaigns) id: CampaignId,
    pub(in crate::campaigns) assistant: AssistantId,
    pub(in crate::campaigns) gate: GateCampaign,
    /// What its calls have cost, with what is set aside for those whose cost is not known.
    pub(in crate::campaigns) spent: Decimal,
    /// Whether some of that may be given back soon: a call is under way, or its report on its way.
    pub(in crate::campaigns) is_settling: bool,
    pub(in crate::campaigns) max_duration_seconds: i32,
    /// How many calls it has under way.
    pub(in crate::campaigns) leases: i32,
    /// How many more it may have at once.
    pub(in crate::campaigns) room: i32,
    /// Whether its provider is trusted.
    pub(in crate::campaigns) breaker: Breaker,
    /// How its latest calls went: how many there were, and how many of them a provider failed.
    pub(in crate::campaigns) latest: (i64, i64),
}

/// What bounds the next wave of an organisation.
pub(in crate::campaigns) struct Overview {
    pub(in crate::campaigns) campaigns: Vec<UnderWay>,
    /// How many calls the organisation has under way.
    pub(in crate::campaigns) organization_leases: i32,
    /// How many more it may have at once.
    pub(in crate::campaigns) organization_room: i32,
    /// How many its account at Twilio may be given now.
    pub(in crate::campaigns) turns_left: i32,
    /// How many slots of the platform are free.
    pub(in crate::campaigns) free_slots: i32,
}

/// Waits for the organisation's turn, then looks, and holds what runs as it is: whoever pauses, cancels or completes a
/// campaign was waited for, or waits. Two statements in one packet: each sees what was committed before its own turn.
/// What is scheduled and due begins.
pub(in crate::campaigns) async fn overview(tx: &TenantTx, now: Timestamp) -> Result<Overview, DbError> {
    let organization = tx.organization();
    let key = lock_key(organization);
    let judged_since = now.saturating_sub(WINDOW).unwrap_or(now);
    let settling_since = now.saturating_sub(SETTLING).unwrap_or(now);
    let (turn, rows) = join(
        tx.execute(
            "-- campaigns.release_turn\n select pg_advisory_xact_lock($1)",
            &[&key],
        ),
        tx.query(
            concat!(
                "-- campaigns.release_overview
             select c.id, c.status = 'scheduled' as begins, c.assistant_id, ",
                gate_campaign!(),
                ",
                    coalesce(r.leases[array_position(r.campaigns, c.id)], 0) as leases,
                    c.concurrent_calls - coalesce(r.leases[array_position(r.campaigns, c.id)], 0) as room,
                    r.organization_leases, o.concurrent_calls_limit - r.organization_leases as organization_room,
                    r.free_slots, r.turns_left,
                    s.max_duration_seconds,
                    c.breaker, c.breaker_trips, c.probe_at, f.calls, f.faults,
                    coalesce(b.spent, 0) as spent, coalesce(b.is_settling, false) as is_settling
               from zencall.release_bounds($2) r
              cross join campaigns c
               join organizations o on o.id = c.organization_id
               join assistants s on s.organization_id = c.organization_id and s.id = c.assistant_id
              cross join lateral zencall.latest_calls(c.id, $4, c.breaker_since, $5) f
              cross join lateral zencall.campaign_account(case when c.max_cost is not null then c.id end, $3) b
              where c.organization_id = $1
                and (c.status = 'running' or (c.status = 'scheduled' and c.scheduled_at <= $2))
              order by c.id for share of c"
            ),
            &[&organization, &now, &settling_since, &judged_since, &SAMPLE],
        ),
    )
    .await;
    turn?;
    let rows = rows?;
    let mut begin = Vec::new();
    for row in &rows {
        if get(row, "begins")? {
            begin.push(get(row, "id")?);
        }
    }
    if !begin.is_empty() {
        begin_scheduled(tx, &begin, now).await?;
    }
    let campaigns = rows.iter().map(read_under_way).collect::<Result<Vec<_>, _>>()?;
    let bound = |column| rows.first().map_or(Ok(0), |row| get::<i32>(row, column));
    Ok(Overview {
        campaigns,
        organization_leases: bound("organization_leases")?,
        organization_room: bound("organization_room")?,
        turns_left: bound("turns_left")?,
        free_slots: bound("free_slots")?,
    })
}

/// The time of these campaigns has come.
async fn begin_scheduled(tx: &TenantTx, campaigns: &[CampaignId], now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.begin_scheduled
         update campaigns set status = 'running', started_at = coalesce(started_at, $3), updated_at = $3
          where organization_id = $1 and id = any ($2)",
        &[&tx.organization(), &campaigns, &now],
    )
    .await
    .map(drop)
}

/// A key for PostgreSQL's advisory locks, from the organisation's id.
fn lock_key(organization: OrganizationId) -> i64 {
    let (high, low) = organization.0.as_u64_pair();
    (high ^ low).cast_signed()
}

fn read_under_way(row: &Row) -> Result<UnderWay, DbError> {
    Ok(UnderWay {
        id: get(row, "id")?,
        assistant: get(row, "assistant_id")?,
        gate: read_gate_campaign(row)?,
        spent: get(row, "spent")?,
        is_settling: get(row, "is_settling")?,
        max_duration_seconds: get(row, "max_duration_seconds")?,
        leases: get(row, "leases")?,
        room: get(row, "room")?,
        breaker: read_breaker(row)?,
        latest: (get(row, "calls")?, get(row, "faults")?),
    })
}

fn read_breaker(row: &Row) -> Result<Breaker, DbError> {
    let state = match get(row, "breaker")? {
        "open" => State::Open {
            probe_at: get::<Option<Timestamp>>(row, "probe_at")?.unwrap_or(Timestamp::MAX),
        },
        "half_open" => State::HalfOpen,
        _ => State::Closed,
    };
    Ok(Breaker {
        state,
        trips: get(row, "breaker_trips")?,
    })
}

/// Whose turn has come, as far as there is room, held until the transaction ends.
const RELEASE_CANDIDATES: &str = concat!(
    "-- campaigns.release_candidates
             select w.campaign_id, k.contact_id, k.attempts, k.tries, ",
    gate_contact!(),
    facts!(),
    " end as consents
               from unnest($2::uuid[], $3::int[]) as w (campaign_id, at_most)
              cross join lateral (
                select q.contact_id, q.attempts, q.tries from campaign_contacts q
                 where q.organization_id = $1 and q.campaign_id = w.campaign_id
                   and q.status in ('pending', 'waiting') and q.due_at <= $4
                 order by q.due_at, q.contact_id limit w.at_most
                   for update skip locked) k
               join campaigns c on c.organization_id = $1 and c.id = w.campaign_id
                 -- One by one: a plan for as many as a limit might let through reads every contact there is.
              cross join lateral (
                select t.* from contacts t where t.organization_id = $1 and t.id = k.contact_id offset 0) p"
);

/// A contact whose turn may have come.
pub(in crate::campaigns) struct Candidate {
    pub(in crate::campaigns) campaign: CampaignId,
    pub(in crate::campaigns) contact: ContactId,
    pub(in crate::campaigns) gate: GateContact,
    pub(in crate::campaigns) attempts: i32,
    pub(in crate::campaigns) tries: i32,
    /// Under which hash the number is on the platform's list, if it is.
    pub(in crate::campaigns) number_hash: Bytes,
}

/// Up to `limits[i]` due contacts of `campaigns[i]`, longest due first, locked until the transaction ends.
pub(in crate::campaigns) async fn candidates(
    tx: &TenantTx,
    campaigns: &[CampaignId],
    limits: &[i32],
    now: Timestamp,
) -> Result<Vec<Candidate>, DbError> {
    let rows = tx
        .query(
            RELEASE_CANDIDATES,
            &[&tx.organization(), &campaigns, &limits, &now],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Candidate {
                campaign: get(row, "campaign_id")?,
                contact: get(row, "contact_id")?,
                gate: read_gate_contact(row)?,
                attempts: get(row, "attempts")?,
                tries: get(row, "tries")?,
                number_hash: Bytes::default(),
            })
        })
        .collect()
}
