//! The SQL of upkeep: breakers, what administrators are told, contacts of cancelled campaigns, calls to take back.

use jiff::Timestamp;

use super::get;
use crate::campaigns::breaker::{Breaker, PROVIDER_FAILURES, State};
use crate::campaigns::upkeep::CampaignNotice;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{AttemptId, CampaignId, UserId};
use crate::kernel::{Email, Language};

/// Writes how breakers turned; a campaign whose breaker opened is paused. Administrators are told once until it closes.
pub(in crate::campaigns) async fn turn(
    tx: &TenantTx,
    turned: &[(CampaignId, Breaker)],
    now: Timestamp,
) -> Result<(), DbError> {
    let campaigns: Vec<_> = turned.iter().map(|(id, _)| *id).collect();
    let states: Vec<_> = turned.iter().map(|(_, breaker)| breaker.state.as_str()).collect();
    let trips: Vec<_> = turned.iter().map(|(_, breaker)| breaker.trips).collect();
    let probes: Vec<_> = turned
        .iter()
        .map(|(_, breaker)| match breaker.state {
            State::Open { probe_at } => Some(probe_at),
            State::Closed | State::HalfOpen => None,
        })
        .collect();
    tx.execute(
        "-- campaigns.turn_breaker
         update campaigns c
            set breaker = b.state, breaker_trips = b.trips, breaker_since = $2, probe_at = b.probe_at, updated_at = $2,
                status = case when b.state = 'open' then 'paused' else c.status end,
                pause_reason = case when b.state = 'open' then $7 else c.pause_reason end,
                pause_told_at = case when b.state = 'open' then c.pause_told_at end
           from unnest($3::uuid[], $4::text[], $5::int[], $6::timestamptz[]) as b (id, state, trips, probe_at)
          where c.organization_id = $1 and c.id = b.id and c.status = 'running'",
        &[
            &tx.organization(),
            &now,
            &campaigns,
            &states,
            &trips,
            &probes,
            &PROVIDER_FAILURES,
        ],
    )
    .await
    .map(drop)
}

/// Breakers that have cooled down let one call through.
pub(in crate::campaigns) async fn half_open(tx: &TenantTx, now: Timestamp) -> Result<(), DbError> {
    let half_open = State::HalfOpen.as_str();
    tx.execute(
        "-- campaigns.half_open_breaker
         update campaigns
            set breaker = $3, breaker_since = $2, probe_at = null, status = 'running', pause_reason = null, updated_at = $2
          where organization_id = $1 and breaker = 'open' and probe_at <= $2 and status = 'paused'",
        &[&tx.organization(), &now, &half_open],
    )
    .await
    .map(drop)
}

/// Campaigns that stopped by themselves, each with every administrator who is to know; noted as told.
pub(in crate::campaigns) async fn take_untold(
    tx: &TenantTx,
    now: Timestamp,
) -> Result<Vec<(CampaignId, UserId)>, DbError> {
    let rows = tx
        .query(
            "-- campaigns.take_untold_pauses
             with told as (
               update campaigns set pause_told_at = $2
                where organization_id = $1 and status = 'paused' and pause_reason is not null and pause_told_at is null
               returning id
             )
             select t.id, p.id as user_id
               from told t join profiles p on p.organization_id = $1
              where p.role = 'admin' and p.email_confirmed_at is not null
              order by t.id, p.id",
            &[&tx.organization(), &now],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((get(row, "id")?, get(row, "user_id")?)))
        .collect()
}

/// What an administrator is told of a campaign that is still paused for a reason.
pub(in crate::campaigns) async fn notice(
    tx: &TenantTx,
    campaign: CampaignId,
    user: UserId,
) -> Result<Option<CampaignNotice>, DbError> {
    let row = tx
        .query_opt(
            "-- campaigns.pause_notice
             select c.name, c.pause_reason, p.email, p.language
               from campaigns c join profiles p on p.id = $2 and p.role = 'admin'
              where c.id = $1 and c.status = 'paused' and c.pause_reason is not null",
            &[&campaign, &user],
        )
        .await?;
    row.map(|row| {
        Ok(CampaignNotice {
            to: Email::from_database(get(&row, "email")?),
            language: Language::parse(get(&row, "language")?).unwrap_or_default(),
            campaign,
            name: get(&row, "name")?,
            reason: get(&row, "pause_reason")?,
        })
    })
    .transpose()
}

/// Marks some contacts of cancelled campaigns as cancelled; returns whether there may be more.
pub(in crate::campaigns) async fn close(
    tx: &TenantTx,
    at_most: i64,
    now: Timestamp,
) -> Result<bool, DbError> {
    let marked = tx
        .execute(
            "-- campaigns.cancel_contacts
             with picked as (
               select k.campaign_id, k.contact_id
                 from campaigns c join campaign_contacts k on k.campaign_id = c.id and k.status in ('pending', 'waiting')
                where c.organization_id = $1 and c.is_closing
                limit $2 for update of k skip locked
             )
             update campaign_contacts k set status = 'cancelled', updated_at = $3
               from picked s
              where k.organization_id = $1 and k.campaign_id = s.campaign_id and k.contact_id = s.contact_id",
            &[&tx.organization(), &at_most, &now],
        )
        .await?;
    if marked > 0 {
        return Ok(true);
    }
    // A call under way may still come back to waiting: its campaign stays on the list until it has ended.
    tx.execute(
        "-- campaigns.closed
         update campaigns c set is_closing = false
          where c.organization_id = $1 and c.is_closing
            and not exists (select from campaign_contacts k
                             where k.campaign_id = c.id and k.status in ('pending', 'waiting'))
            and not exists (select from campaign_contacts k where k.campaign_id = c.id and k.status = 'active')",
        &[&tx.organization()],
    )
    .await?;
    Ok(false)
}

/// A call that the provider may not have placed, and whose window ends.
pub(in crate::campaigns) struct WaitingCall {
    pub(in crate::campaigns) attempt: AttemptId,
    pub(in crate::campaigns) vapi_call_id: String,
    /// Whether the provider was asked to take it back before.
    pub(in crate::campaigns) is_recalled: bool,
}

/// Calls of which nothing was heard since they were placed, and which may not ring after `until`.
pub(in crate::campaigns) async fn waiting_calls(
    tx: &TenantTx,
    until: Timestamp,
) -> Result<Vec<WaitingCall>, DbError> {
    let rows = tx
        .query(
            "-- campaigns.calls_to_take_back
             select a.id, a.vapi_call_id, a.recalled_at is not null as is_recalled
               from call_attempts a join calls c on c.id = a.id
              where a.status = 'in_call' and a.allowed_until <= $1
                and a.vapi_call_id is not null and c.status = 'queued'
              order by a.queued_at limit 100",
            &[&until],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(WaitingCall {
                attempt: get(row, "id")?,
                vapi_call_id: get(row, "vapi_call_id")?,
                is_recalled: get(row, "is_recalled")?,
            })
        })
        .collect()
}

/// Notes that the provider is asked to take a call back, before it is: whoever hears of its end knows why.
pub(in crate::campaigns) async fn mark_recalled(
    tx: &TenantTx,
    attempt: AttemptId,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.mark_recalled
         update call_attempts set recalled_at = coalesce(recalled_at, $3)
          where organization_id = $1 and id = $2 and status = 'in_call'",
        &[&tx.organization(), &attempt, &now],
    )
    .await
    .map(drop)
}
