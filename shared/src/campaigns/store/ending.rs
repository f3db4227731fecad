//! The SQL of the end of an attempt: given back, or ended with an outcome.

use futures_util::future::join;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::decision::{DecisionColumns, DecisionRow};
use super::get;
use crate::campaigns::Status;
use crate::campaigns::settings::parse_retry_on;
use crate::db::{DbError, TenantTx};
use crate::kernel::ended_reason::Outcome;
use crate::kernel::ids::AttemptId;

/// What becomes of a contact whose attempt did not lead to a call.
pub(in crate::campaigns) struct GivenBack<'a> {
    pub(in crate::campaigns) attempt: AttemptId,
    pub(in crate::campaigns) reason: &'a str,
    /// When the contact is due again. Where there is no time: skipped if the gate refused, else failed.
    pub(in crate::campaigns) due_at: Option<Timestamp>,
    /// The gate's refusal, where it was the gate.
    pub(in crate::campaigns) refusal: Option<&'a DecisionRow>,
    /// The campaign stops, for this reason.
    pub(in crate::campaigns) pause: Option<&'a str>,
    /// The provider failed.
    pub(in crate::campaigns) fault: bool,
}

impl<'a> GivenBack<'a> {
    /// Its contact is due again at once.
    pub(in crate::campaigns) fn waiting(attempt: AttemptId, reason: &'a str, now: Timestamp) -> Self {
        Self {
            attempt,
            reason,
            due_at: Some(now),
            refusal: None,
            pause: None,
            fault: false,
        }
    }
}

/// Gives an attempt back, uncounted: its slot is free, its contact waits or is final. The campaign is held first, and
/// for change where it will be changed: two that share a lock cannot both raise it.
pub(in crate::campaigns) async fn give_back(
    tx: &TenantTx,
    given: &GivenBack<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    let decisions = given.refusal.map(std::slice::from_ref).unwrap_or_default();
    let decisions = DecisionColumns::from_rows(decisions);
    let (code, rule) = (
        decisions.codes.first().copied().flatten(),
        decisions.rules.first().copied().flatten(),
    );
    let (held, gave) = join(
        hold(tx, given.attempt, given.pause.is_some()),
        tx.execute(
        "-- campaigns.give_back
         with released as (
           update call_attempts a set status = 'released', number_hash = null, released_reason = $3, ended_at = $4, fault = $12
             from (select id, status from call_attempts where organization_id = $1 and id = $2 for update) was
            where a.organization_id = $1 and a.id = was.id and was.status in ('queued', 'dialing', 'unknown')
           returning a.campaign_id, a.contact_id, was.status = 'queued' as uncounted
         ), freed as (
           select zencall.free_slots(array[$2]) from released
         ), unsolicited as (
           select zencall.forget_solicitation($2) from released r where not r.uncounted
         ), contact as (
           update campaign_contacts k
              set status = case when $5::timestamptz is null and $6::text is null then 'failed'
                                when $5::timestamptz is null then 'skipped'
                                when c.status in ('cancelled', 'completed') then 'cancelled'
                                else 'waiting' end,
                  last_outcome = case when $5::timestamptz is null and $6::text is null then 'failed'
                                      else k.last_outcome end,
                  due_at = coalesce($5, k.due_at),
                  attempts = k.attempts - case when r.uncounted then 0 else 1 end,
                  refusal_code = $6, refusal_rule = $7, updated_at = $4
             from released r join campaigns c on c.organization_id = $1 and c.id = r.campaign_id
            where k.organization_id = $1 and k.campaign_id = r.campaign_id and k.contact_id = r.contact_id
         ), paused as (
           update campaigns c set status = 'paused', pause_reason = $8, updated_at = $4
             from released r
            where $8::text is not null and c.organization_id = $1 and c.id = r.campaign_id and c.status = 'running'
         ), decided as (
           insert into gate_decisions (id, organization_id, campaign_id, contact_id, attempt_id, stage, allowed, code, rule,
                                       retry_at, inputs, inputs_hash, decided_at)
           select d.id, $1, r.campaign_id, r.contact_id, $2, 'dial', false, $6, $7, d.retry_at, d.inputs, d.inputs_hash, $4
             from released r, unnest($9::uuid[], $10::jsonb[], $11::text[], $13::timestamptz[])
                                as d (id, inputs, inputs_hash, retry_at)
         )
         select count(*) from freed, (select count(*) from unsolicited) forgotten",
        &[
            &tx.organization(),
            &given.attempt,
            &given.reason,
            &now,
            &given.due_at,
            &code,
            &rule,
            &given.pause,
            &decisions.ids,
            &decisions.inputs,
            &decisions.hashes,
            &given.fault,
            &decisions.retry_at,
        ],
    ))
    .await;
    held.and(gave).map(drop)
}

/// Holds the attempt's campaign as it is until the transaction ends, and tells how it is: whoever pauses or cancels it was
/// waited for, or waits. Every transaction takes the campaign before its attempts and contacts, so that none waits in a
/// circle.
async fn hold(tx: &TenantTx, attempt: AttemptId, to_change: bool) -> Result<Option<Row>, DbError> {
    let sql = if to_change { HOLD_TO_CHANGE } else { HOLD };
    tx.query_opt(sql, &[&tx.organization(), &attempt]).await
}

/// As [`hold`], for a look that will not change the campaign.
pub(in crate::campaigns) async fn hold_campaign(tx: &TenantTx, attempt: AttemptId) -> Result<(), DbError> {
    hold(tx, attempt, false).await.map(drop)
}

const HOLD: &str = "-- campaigns.hold
    select c.status, c.max_attempts, c.retry_delay_minutes, c.retry_on from campaigns c
     where c.organization_id = $1
       and c.id = (select a.campaign_id from call_attempts a where a.organization_id = $1 and a.id = $2)
       for share of c";
const HOLD_TO_CHANGE: &str = "-- campaigns.hold_to_change
    select c.status, c.max_attempts, c.retry_delay_minutes, c.retry_on from campaigns c
     where c.organization_id = $1
       and c.id = (select a.campaign_id from call_attempts a where a.organization_id = $1 and a.id = $2)
       for no key update of c";

/// An attempt under way, with what decides about its contact.
pub(in crate::campaigns) struct Open {
    pub(in crate::campaigns) campaign_status: Option<Status>,
    pub(in crate::campaigns) attempts: i32,
    pub(in crate::campaigns) tries: i32,
    pub(in crate::campaigns) max_attempts: i32,
    pub(in crate::campaigns) retry_delay_minutes: i32,
    pub(in crate::campaigns) retry_on: Vec<Outcome>,
    /// Whether the provider was asked to take it back.
    pub(in crate::campaigns) is_recalled: bool,
}

/// Locks an attempt that has not ended, and holds its campaign; `None` where it has, or there is none.
pub(in crate::campaigns) async fn lock_open(
    tx: &TenantTx,
    attempt: AttemptId,
    to_change: bool,
) -> Result<Option<Open>, DbError> {
    let (held, row) = join(
        hold(tx, attempt, to_change),
        tx.query_opt(
            "-- campaigns.lock_open_attempt
             select k.attempts, k.tries, a.recalled_at is not null as is_recalled
               from call_attempts a
               join campaign_contacts k on k.organization_id = $1 and k.campaign_id = a.campaign_id
                                       and k.contact_id = a.contact_id
              where a.organization_id = $1 and a.id = $2 and a.status in ('dialing', 'unknown', 'in_call')
                for update of a, k",
            &[&tx.organization(), &attempt],
        ),
    )
    .await;
    let (held, row) = (held?, row?);
    held.zip(row)
        .map(|(campaign, row)| {
            let retry_on: Vec<String> = get(&campaign, "retry_on")?;
            Ok(Open {
                campaign_status: Status::parse(&get::<String>(&campaign, "status")?),
                attempts: get(&row, "attempts")?,
                tries: get(&row, "tries")?,
                max_attempts: get(&campaign, "max_attempts")?,
                retry_delay_minutes: get(&campaign, "retry_delay_minutes")?,
                retry_on: parse_retry_on(&retry_on).map_err(|_| DbError::Aborted)?,
                is_recalled: get(&row, "is_recalled")?,
            })
        })
        .transpose()
}

/// What follows from the end of an attempt.
pub(in crate::campaigns) struct Settled<'a> {
    pub(in crate::campaigns) attempt: AttemptId,
    pub(in crate::campaigns) outcome: Outcome,
    /// The contact's state from now on.
    pub(in crate::campaigns) contact_status: &'static str,
    /// When it is due again, if it waits.
    pub(in crate::campaigns) due_at: Option<Timestamp>,
    /// Attempts that count no more: 1 where the platform failed before anybody was reached.
    pub(in crate::campaigns) uncount: i32,
    /// The campaign stops, for this reason.
    pub(in crate::campaigns) pause: Option<&'a str>,
    /// The platform or a provider failed before anybody was reached.
    pub(in crate::campaigns) fault: bool,
}

/// Ends an attempt: its outcome, its contact's next state, its slot. The caller holds the lock of [`lock_open`].
pub(in crate::campaigns) async fn settle(
    tx: &TenantTx,
    settled: &Settled<'_>,
    at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.settle_attempt
         with ended as (
           update call_attempts set status = 'ended', outcome = $3, ended_at = $4, fault = $9
            where organization_id = $1 and id = $2
           returning campaign_id, contact_id
         ), contact as (
           update campaign_contacts k
              set status = $5, last_outcome = $3, due_at = coalesce($6, k.due_at), attempts = k.attempts - $7,
                  refusal_code = null, refusal_rule = null, updated_at = $4
             from ended e
            where k.organization_id = $1 and k.campaign_id = e.campaign_id and k.contact_id = e.contact_id
         ), paused as (
           update campaigns c set status = 'paused', pause_reason = $8, updated_at = $4
             from ended e
            where $8::text is not null and c.organization_id = $1 and c.id = e.campaign_id and c.status = 'running'
         )
         select zencall.free_slots(array[$2]), -- The law counts what may have rung: nothing but a call that was taken back did not.
                case when $7 > 0 and $3 = 'cancelled' then zencall.forget_solicitation($2) end from ended",
        &[
            &tx.organization(),
            &settled.attempt,
            &settled.outcome.as_str(),
            &at,
            &settled.contact_status,
            &settled.due_at,
            &settled.uncount,
            &settled.pause,
            &settled.fault,
        ],
    )
    .await
    .map(drop)
}
