//! The SQL of a release: what is going on, who is due, and what was decided. Three packets, whatever the size of the
//! campaign.

use futures_util::future::join3;
use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio_postgres::Row;

use super::gate::{gate_campaign, gate_contact, read_gate_campaign, read_gate_contact};
use super::get;
use super::granted::Granted;
use crate::campaigns::breaker::{Breaker, SAMPLE, State, WINDOW};
use crate::campaigns::budget::SETTLING;
use crate::campaigns::gate::{GateCampaign, GateContact};
use crate::consents::facts;
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::ids::{AssistantId, AttemptId, CampaignId, ContactId, OrganizationId};

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

/// Waits for the organisation's turn, begins what is scheduled, then looks, and holds what runs as it is: whoever pauses,
/// cancels or completes a campaign was waited for, or waits. Three statements in one packet: each sees what was committed
/// before its own turn.
pub(in crate::campaigns) async fn overview(tx: &TenantTx, now: Timestamp) -> Result<Overview, DbError> {
    let organization = tx.organization();
    let key = lock_key(organization);
    let judged_since = now.saturating_sub(WINDOW).unwrap_or(now);
    let settling_since = now.saturating_sub(SETTLING).unwrap_or(now);
    let (turn, begun, rows) = join3(
        tx.execute(
            "-- campaigns.release_turn\n select pg_advisory_xact_lock($1)",
            &[&key],
        ),
        tx.execute(
            "-- campaigns.begin_scheduled
             update campaigns set status = 'running', started_at = coalesce(started_at, $2), updated_at = $2
              where organization_id = $1 and status = 'scheduled' and scheduled_at <= $2",
            &[&organization, &now],
        ),
        tx.query(
            concat!(
                "-- campaigns.release_overview
             with leases as (select campaign_id, leases from zencall.live_leases($2))
             select c.id, c.assistant_id, ",
                gate_campaign!(),
                ",
                    coalesce(l.leases, 0) as leases, c.concurrent_calls - coalesce(l.leases, 0) as room,
                    coalesce((select sum(leases) from leases), 0)::int as organization_leases,
                    o.concurrent_calls_limit - coalesce((select sum(leases) from leases), 0)::int as organization_room,
                    (select zencall.free_platform_slots($2)) as free_slots,
                    (select zencall.calls_in_turn($2)) as turns_left,
                    s.max_duration_seconds,
                    c.breaker, c.breaker_trips, c.probe_at, f.calls, f.faults,
                    coalesce(b.spent, 0) as spent, coalesce(b.is_settling, false) as is_settling
               from campaigns c
               join organizations o on o.id = c.organization_id
               join assistants s on s.organization_id = c.organization_id and s.id = c.assistant_id
               left join leases l on l.campaign_id = c.id
               cross join lateral (
                 select count(*) as calls, count(*) filter (where j.fault) as faults
                   from (select a.fault from call_attempts a
                          where a.campaign_id = c.id and (a.status = 'ended' or a.fault) and a.ended_at > $4
                            and (c.breaker_since is null or a.queued_at >= c.breaker_since)
                          order by a.ended_at desc limit $5) j) f
               left join lateral (
                 select coalesce(sum(a.reserved), 0)
                          + (select coalesce(sum(t.spent), 0) from campaign_accounts t
                              where c.max_cost is not null and t.campaign_id = c.id) as spent,
                        bool_or(a.ended_at is null or a.ended_at > $3) as is_settling
                   from call_attempts a
                  where c.max_cost is not null and a.campaign_id = c.id and a.status <> 'released' and a.cost is null) b
                 on true
              where c.organization_id = $1 and c.status = 'running'
              order by c.id for share of c"
            ),
            &[&organization, &now, &settling_since, &judged_since, &SAMPLE],
        ),
    )
    .await;
    turn?;
    begun?;
    let rows = rows?;
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
            })
        })
        .collect()
}

/// What a wave decided, column by column as the statement wants it.
#[derive(Default)]
pub(in crate::campaigns) struct Wave {
    pub(in crate::campaigns) attempts: Vec<AttemptId>,
    pub(in crate::campaigns) attempt_campaigns: Vec<CampaignId>,
    pub(in crate::campaigns) attempt_contacts: Vec<ContactId>,
    pub(in crate::campaigns) attempt_assistants: Vec<AssistantId>,
    pub(in crate::campaigns) attempt_numbers: Vec<i32>,
    /// Under which keys they count as solicitations, where they do.
    pub(in crate::campaigns) solicitation_keys: Vec<Option<Bytes>>,
    pub(in crate::campaigns) leased_until: Vec<Timestamp>,
    /// What each may cost at most.
    pub(in crate::campaigns) reserved: Vec<Decimal>,
    pub(in crate::campaigns) refused_campaigns: Vec<CampaignId>,
    pub(in crate::campaigns) refused_contacts: Vec<ContactId>,
    pub(in crate::campaigns) refusal_codes: Vec<&'static str>,
    pub(in crate::campaigns) refusal_rules: Vec<&'static str>,
    pub(in crate::campaigns) retry_at: Vec<Option<Timestamp>>,
    pub(in crate::campaigns) decisions: Vec<super::decision::DecisionRow>,
    /// Campaigns that nobody can be called for, whoever it is, and why.
    pub(in crate::campaigns) stopped: Vec<CampaignId>,
    pub(in crate::campaigns) stop_reasons: Vec<&'static str>,
}

/// Writes a wave: leases slots as far as there are any, queues the attempts that got one, notes the refusals, ends
/// campaigns that have nobody left, and pauses those that cannot call. `more` would follow if the account dialled faster.
pub(in crate::campaigns) async fn write(
    tx: &TenantTx,
    wave: &Wave,
    under_way: &[CampaignId],
    more: bool,
    now: Timestamp,
) -> Result<Granted, DbError> {
    let decisions = super::decision::DecisionColumns::from_rows(&wave.decisions);
    let organization = tx.organization();
    let (queued, ended, stopped) = join3(
        tx.query(
            "-- campaigns.release_write
         with allowed as (
           select * from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::int[], $25::bytea[], $26::numeric[])
             as a (attempt_id, campaign_id, contact_id, assistant_id, number, solicitation_key, reserved)
         ), granted as materialized (
           select zencall.lease_slots($3, $4, $8, $2) as attempt_id
         ), turn as materialized (
           select * from zencall.take_turns((select count(*)::int from granted), $27, $2)
         ), queued as (
           insert into call_attempts (id, organization_id, campaign_id, contact_id, assistant_id, number,
                                      solicitation_key, reserved, queued_at)
           select a.attempt_id, $1, a.campaign_id, a.contact_id, a.assistant_id, a.number, a.solicitation_key, a.reserved, $2
             from allowed a join granted using (attempt_id)
         ), activated as (
           update campaign_contacts k set status = 'active', refusal_code = null, refusal_rule = null, updated_at = $2
             from allowed a join granted using (attempt_id)
            where k.organization_id = $1 and k.campaign_id = a.campaign_id and k.contact_id = a.contact_id
         ), refused as (
           update campaign_contacts k
              set status = case when r.retry_at is null then 'skipped' else 'waiting' end,
                  due_at = coalesce(r.retry_at, k.due_at), refusal_code = r.code, refusal_rule = r.rule, updated_at = $2
             from unnest($9::uuid[], $10::uuid[], $11::text[], $12::text[], $13::timestamptz[])
               as r (campaign_id, contact_id, code, rule, retry_at)
            where k.organization_id = $1 and k.campaign_id = r.campaign_id and k.contact_id = r.contact_id
         ), decided as (
           insert into gate_decisions (id, organization_id, campaign_id, contact_id, attempt_id, stage, allowed, code,
                                       rule, allowed_until, retry_at, inputs, inputs_hash, decided_at)
           select d.id, $1, d.campaign_id, d.contact_id, d.attempt_id, 'release', d.allowed, d.code, d.rule,
                  d.allowed_until, d.retry_at, d.inputs, d.inputs_hash, $2
             from unnest($14::uuid[], $15::uuid[], $16::uuid[], $17::uuid[], $18::bool[], $19::text[], $20::text[],
                         $21::timestamptz[], $22::timestamptz[], $23::jsonb[], $24::text[])
               as d (id, campaign_id, contact_id, attempt_id, allowed, code, rule, allowed_until, retry_at, inputs,
                     inputs_hash)
            where d.attempt_id is null or d.attempt_id in (select attempt_id from granted)
         )
         select g.attempt_id, t.first_at, t.apart, t.wakes_at from turn t left join granted g on true",
        &[
            &organization,
            &now,
            &wave.attempts,
            &wave.attempt_campaigns,
            &wave.attempt_contacts,
            &wave.attempt_assistants,
            &wave.attempt_numbers,
            &wave.leased_until,
            &wave.refused_campaigns,
            &wave.refused_contacts,
            &wave.refusal_codes,
            &wave.refusal_rules,
            &wave.retry_at,
            &decisions.ids,
            &decisions.campaigns,
            &decisions.contacts,
            &decisions.attempts,
            &decisions.allowed,
            &decisions.codes,
            &decisions.rules,
            &decisions.allowed_until,
            &decisions.retry_at,
            &decisions.inputs,
            &decisions.hashes,
            &wave.solicitation_keys,
            &wave.reserved,
            &more,
        ],
    ),
    tx.execute(
        "-- campaigns.complete
         update campaigns c set status = 'completed', ended_at = $3, updated_at = $3
          where c.organization_id = $1 and c.id = any ($2) and c.status = 'running'
            and not exists (select from campaign_contacts k
                             where k.campaign_id = c.id and k.status in ('pending', 'waiting'))
            and not exists (select from campaign_contacts k where k.campaign_id = c.id and k.status = 'active')",
        &[&organization, &under_way, &now],
    ),
    tx.execute(
        "-- campaigns.stop
         update campaigns c set status = 'paused', pause_reason = s.reason, updated_at = $4
           from unnest($2::uuid[], $3::text[]) as s (campaign_id, reason)
          where c.organization_id = $1 and c.id = s.campaign_id and c.status = 'running'",
        &[&organization, &wave.stopped, &wave.stop_reasons, &now],
    )).await;
    ended?;
    stopped?;
    Granted::read(&queued?, now)
}
