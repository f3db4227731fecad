//! The SQL of a release: what is going on, and who is due. What is decided about them is [`super::wave`]'s: three packets
//! in all, whatever the size of the campaign.

use futures_util::future::join;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_postgres::Row;

use super::campaign::windows_from_database;
use super::get;
use crate::assistants::read_compliance;
use crate::campaigns::breaker::{Breaker, SAMPLE, State, WINDOW};
use crate::campaigns::budget::SETTLING;
use crate::campaigns::gate::{GateCampaign, GateContact};
use crate::campaigns::law::LegalBasis;
use crate::campaigns::{Advertiser, Sector, timezone_from_database};
use crate::consents::facts;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{AssistantId, CampaignId, ContactId, OrganizationId};
use crate::kernel::{PhoneNumber, Timezone};

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
            "-- campaigns.release_overview
             with leases as (select campaign_id, leases from zencall.live_leases($2))
             select c.id, c.status = 'scheduled' as begins, c.assistant_id, c.legal_basis, c.advertiser_name, c.advertiser_siren, c.object, c.sector, c.timezone,
                    c.call_windows, c.max_attempts, c.max_cost,
                    coalesce(l.leases, 0) as leases, c.concurrent_calls - coalesce(l.leases, 0) as room,
                    coalesce((select sum(leases) from leases), 0)::int as organization_leases,
                    o.concurrent_calls_limit - coalesce((select sum(leases) from leases), 0)::int as organization_room,
                    (select zencall.free_platform_slots($2)) as free_slots,
                    (select zencall.calls_in_turn($2)) as turns_left,
                    o.twilio_phone_number, s.max_duration_seconds, s.disclosures_version, s.checked_at, s.drifted_at,
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
              where c.organization_id = $1
                and (c.status = 'running' or (c.status = 'scheduled' and c.scheduled_at <= $2))
              order by c.id for share of c",
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
    let caller: Option<String> = get(row, "twilio_phone_number")?;
    Ok(UnderWay {
        id: get(row, "id")?,
        assistant: get(row, "assistant_id")?,
        gate: read_gate_campaign(row, caller)?,
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

/// The gate's view of a campaign, from a row with its columns.
pub(in crate::campaigns) fn read_gate_campaign(
    row: &Row,
    caller_number: Option<String>,
) -> Result<GateCampaign, DbError> {
    let basis: String = get(row, "legal_basis")?;
    let sector: String = get(row, "sector")?;
    Ok(GateCampaign {
        legal_basis: LegalBasis::parse(&basis).map_err(|_| DbError::Aborted)?,
        advertiser: Advertiser {
            name: get(row, "advertiser_name")?,
            siren: get(row, "advertiser_siren")?,
        },
        object: get(row, "object")?,
        sector: Sector::parse(&sector).map_err(|_| DbError::Aborted)?,
        call_windows: windows_from_database(get(row, "call_windows")?).ok_or(DbError::Aborted)?,
        timezone: timezone_from_database(&get::<String>(row, "timezone")?),
        caller_number: caller_number.map(PhoneNumber::from_database),
        max_attempts: get(row, "max_attempts")?,
        budget: get(row, "max_cost")?,
        assistant: read_compliance(row)?,
    })
}

/// The gate's view of a contact, from a row with its columns.
pub(in crate::campaigns) fn read_gate_contact(row: &Row) -> Result<GateContact, DbError> {
    let timezone: Option<String> = get(row, "contact_timezone")?;
    Ok(GateContact {
        phone: PhoneNumber::from_database(get(row, "phone")?),
        is_business: get::<String>(row, "kind")? == "business",
        do_not_call: get(row, "do_not_call")?,
        timezone: timezone.and_then(|name| Timezone::parse(&name).ok()),
        postal_code: get(row, "postal_code")?,
        consents: json(row, "consents")?.unwrap_or_default(),
        contract: json(row, "contract")?,
        callback_request: json(row, "callback_request")?,
    })
}

/// A column of JSON of ours; what cannot be read is an error, since nobody is called on a guess.
fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, DbError> {
    get::<Option<Value>>(row, column)?
        .map(|value| serde_json::from_value(value).map_err(|_| DbError::Aborted))
        .transpose()
}

/// The columns of [`read_gate_contact`], of a contact `p` for a campaign `c`. The ledger is read for the grounds that it
/// bears on.
macro_rules! gate_contact {
    () => {
        "p.phone, p.kind,
    (p.do_not_call or exists (
      select from do_not_call n where n.organization_id = $1 and n.phone = p.phone)) as do_not_call,
    p.timezone as contact_timezone, p.postal_code, p.contract, p.callback_request,
    case when c.legal_basis in ('consent', 'contract', 'callback_request') then "
    };
}
pub(super) use gate_contact;

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
