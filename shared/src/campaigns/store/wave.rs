//! The SQL of what a wave decided, in one packet.

use futures_util::future::join4;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::decision::{DecisionColumns, DecisionRow};
use super::granted::Granted;
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::ids::{AssistantId, AttemptId, CampaignId, ContactId};

/// For how long lines are offered to all others first, once a campaign could call nobody.
const REST: SignedDuration = SignedDuration::from_secs(20);

/// What a wave decided, column by column as the statement wants it.
#[derive(Default)]
pub(in crate::campaigns) struct Wave {
    pub(in crate::campaigns) attempts: Vec<AttemptId>,
    pub(in crate::campaigns) attempt_campaigns: Vec<CampaignId>,
    pub(in crate::campaigns) attempt_contacts: Vec<ContactId>,
    pub(in crate::campaigns) attempt_assistants: Vec<AssistantId>,
    pub(in crate::campaigns) attempt_numbers: Vec<i32>,
    /// Under which hashes their numbers are on the platform's list, if they are.
    pub(in crate::campaigns) number_hashes: Vec<Bytes>,
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
    pub(in crate::campaigns) decisions: Vec<DecisionRow>,
    /// Campaigns that nobody can be called for, whoever it is, and why.
    pub(in crate::campaigns) stopped: Vec<CampaignId>,
    pub(in crate::campaigns) stop_reasons: Vec<&'static str>,
    /// Campaigns that nobody can be called for now.
    pub(in crate::campaigns) resting: Vec<CampaignId>,
}

/// Writes a wave in one packet: leases slots as far as there are any, queues the attempts that got one, notes the refusals,
/// ends those of the `idle` campaigns that have nobody left, and pauses or rests those that cannot call. `more` would follow if the
/// account dialled faster. What has nothing to do is not asked for.
pub(in crate::campaigns) async fn write(
    tx: &TenantTx,
    wave: &Wave,
    idle: &[CampaignId],
    more: bool,
    now: Timestamp,
) -> Result<Granted, DbError> {
    let queued = async {
        if wave.decisions.is_empty() && !more {
            return Ok(Granted::default());
        }
        queue(tx, wave, more, now).await
    };
    let ended = async {
        if idle.is_empty() {
            return Ok(());
        }
        complete(tx, idle, now).await
    };
    let stopped = async {
        if wave.stopped.is_empty() {
            return Ok(());
        }
        stop(tx, wave, now).await
    };
    let rested = async {
        if wave.resting.is_empty() {
            return Ok(());
        }
        rest(tx, wave, now).await
    };
    let (queued, ended, stopped, rested) = join4(queued, ended, stopped, rested).await;
    ended?;
    stopped?;
    rested?;
    queued
}

async fn queue(tx: &TenantTx, wave: &Wave, more: bool, now: Timestamp) -> Result<Granted, DbError> {
    let decisions = DecisionColumns::from_rows(&wave.decisions);
    let rows = tx
        .query(
            "-- campaigns.release_write
         with allowed as (
           select * from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::int[], $25::bytea[], $26::numeric[],
                                $28::bytea[])
             as a (attempt_id, campaign_id, contact_id, assistant_id, number, solicitation_key, reserved, number_hash)
         ), granted as materialized (
           select zencall.lease_slots($3, $4, $8, $2) as attempt_id
         ), turn as materialized (
           select * from zencall.take_turns((select count(*)::int from granted), $27, $2)
         ), queued as (
           insert into call_attempts (id, organization_id, campaign_id, contact_id, assistant_id, number,
                                      solicitation_key, reserved, number_hash, queued_at)
           select a.attempt_id, $1, a.campaign_id, a.contact_id, a.assistant_id, a.number, a.solicitation_key, a.reserved,
                  a.number_hash, $2
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
            &tx.organization(),
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
            &wave.number_hashes,
        ],
    )
        .await?;
    Granted::read(&rows, now)
}

/// Ends those of these campaigns of whom nobody waits and nobody is called. Asked for the first of those who wait, in the
/// order of their index: whether there is any at all would be looked for through the whole table.
async fn complete(tx: &TenantTx, campaigns: &[CampaignId], now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.complete
         update campaigns c set status = 'completed', ended_at = $3, updated_at = $3
          where c.organization_id = $1 and c.id = any ($2) and c.status = 'running'
            and (select k.contact_id from campaign_contacts k
                  where k.campaign_id = c.id and k.status in ('pending', 'waiting') order by k.due_at limit 1) is null
            and not exists (select from campaign_contacts k where k.campaign_id = c.id and k.status = 'active')",
        &[&tx.organization(), &campaigns, &now],
    )
    .await
    .map(drop)
}

/// Pauses the campaigns that nobody can be called for.
async fn stop(tx: &TenantTx, wave: &Wave, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.stop
         update campaigns c set status = 'paused', pause_reason = s.reason, updated_at = $4
           from unnest($2::uuid[], $3::text[]) as s (campaign_id, reason)
          where c.organization_id = $1 and c.id = s.campaign_id and c.status = 'running'",
        &[&tx.organization(), &wave.stopped, &wave.stop_reasons, &now],
    )
    .await
    .map(drop)
}

/// Offers lines to all others first: nobody can be called for these campaigns now.
async fn rest(tx: &TenantTx, wave: &Wave, now: Timestamp) -> Result<(), DbError> {
    let until = now.saturating_add(REST).unwrap_or(now);
    tx.execute(
        "-- campaigns.rest
         update campaigns c set rests_until = $3
          where c.organization_id = $1 and c.id = any ($2)",
        &[&tx.organization(), &wave.resting, &until],
    )
    .await
    .map(drop)
}
