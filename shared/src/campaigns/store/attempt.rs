//! The SQL of one attempt: taken up, placed, given back, ended.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::get;
use super::release::{read_gate_campaign, read_gate_contact};
use crate::campaigns::Status;
use crate::campaigns::gate::{self, Decision, GateCampaign, GateContact, History};
use crate::campaigns::settings::parse_retry_on;
use crate::db::{DbError, TenantTx};
use crate::kernel::Clock;
use crate::kernel::ended_reason::Outcome;
use crate::kernel::ids::{AttemptId, CampaignId, ContactId};

/// A decision of the gate as it is stored.
pub(in crate::campaigns) struct DecisionRow {
    id: Uuid,
    campaign: CampaignId,
    contact: ContactId,
    attempt: Option<AttemptId>,
    decision: Decision,
    inputs: Value,
}

impl DecisionRow {
    pub(in crate::campaigns) fn new(
        clock: &Clock,
        (campaign, contact): (CampaignId, ContactId),
        attempt: Option<AttemptId>,
        decision: Decision,
        inputs: Value,
    ) -> Self {
        Self {
            id: clock.uuid(),
            campaign,
            contact,
            attempt,
            decision,
            inputs,
        }
    }
}

/// Decisions, column by column as a statement wants them.
#[derive(Default)]
pub(super) struct DecisionColumns<'a> {
    pub(super) ids: Vec<Uuid>,
    pub(super) campaigns: Vec<CampaignId>,
    pub(super) contacts: Vec<ContactId>,
    pub(super) attempts: Vec<Option<AttemptId>>,
    pub(super) allowed: Vec<bool>,
    pub(super) codes: Vec<Option<&'static str>>,
    pub(super) rules: Vec<Option<&'static str>>,
    pub(super) allowed_until: Vec<Option<Timestamp>>,
    pub(super) retry_at: Vec<Option<Timestamp>>,
    pub(super) inputs: Vec<&'a Value>,
    pub(super) hashes: Vec<String>,
}

impl<'a> DecisionColumns<'a> {
    pub(super) fn from_rows(rows: &'a [DecisionRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.ids.push(row.id);
            columns.campaigns.push(row.campaign);
            columns.contacts.push(row.contact);
            columns.attempts.push(row.attempt);
            columns.inputs.push(&row.inputs);
            columns.hashes.push(gate::inputs_hash(&row.inputs));
            match &row.decision {
                Decision::Allow { until } => {
                    columns.allowed.push(true);
                    columns.codes.push(None);
                    columns.rules.push(None);
                    columns.allowed_until.push(*until);
                    columns.retry_at.push(None);
                }
                Decision::Refuse(refusal) => {
                    columns.allowed.push(false);
                    columns.codes.push(Some(refusal.code.as_str()));
                    columns.rules.push(Some(refusal.rule));
                    columns.allowed_until.push(None);
                    columns.retry_at.push(refusal.retry_at);
                }
            }
        }
        columns
    }
}

/// A queued attempt with everything that dialling needs, locked together with its contact.
pub(in crate::campaigns) struct Queued {
    pub(in crate::campaigns) campaign: CampaignId,
    pub(in crate::campaigns) contact: ContactId,
    pub(in crate::campaigns) campaign_status: Option<Status>,
    pub(in crate::campaigns) gate_campaign: GateCampaign,
    pub(in crate::campaigns) gate_contact: GateContact,
    pub(in crate::campaigns) history: History,
    pub(in crate::campaigns) vapi_assistant_id: String,
    pub(in crate::campaigns) vapi_phone_number_id: Option<String>,
    pub(in crate::campaigns) first_name: Option<String>,
    pub(in crate::campaigns) last_name: Option<String>,
    pub(in crate::campaigns) object: String,
    pub(in crate::campaigns) advertiser: String,
    pub(in crate::campaigns) variables: Value,
}

/// Takes up an attempt if it is still queued; a duplicate, late or stale message finds nothing.
pub(in crate::campaigns) async fn lock_queued(
    tx: &TenantTx,
    attempt: AttemptId,
) -> Result<Option<Queued>, DbError> {
    let row = tx
        .query_opt(
            "-- campaigns.lock_queued_attempt
             select a.campaign_id, a.contact_id, c.status as campaign_status, c.legal_basis, c.sector,
                    c.timezone, c.call_windows, c.max_attempts, c.max_cost, c.object, c.advertiser_name,
                    k.attempts, p.phone, p.kind, p.do_not_call, p.timezone as contact_timezone, p.postal_code,
                    p.first_name, p.last_name, p.variables, s.vapi_assistant_id, o.twilio_phone_number,
                    o.vapi_phone_number_id,
                    case when c.max_cost is null then 0
                         else coalesce((select sum(d.cost) from calls d
                                         where d.organization_id = $1 and d.campaign_id = c.id), 0) end as spent
               from call_attempts a
               join campaign_contacts k on k.organization_id = $1 and k.campaign_id = a.campaign_id
                                       and k.contact_id = a.contact_id
               join campaigns c on c.organization_id = $1 and c.id = a.campaign_id
               join contacts p on p.organization_id = $1 and p.id = a.contact_id
               join assistants s on s.organization_id = $1 and s.id = a.assistant_id
               join organizations o on o.id = $1
              where a.organization_id = $1 and a.id = $2 and a.status = 'queued'
                for update of a, k, p",
            &[&tx.organization(), &attempt],
        )
        .await?;
    row.as_ref().map(read_queued).transpose()
}

fn read_queued(row: &Row) -> Result<Queued, DbError> {
    Ok(Queued {
        campaign: get(row, "campaign_id")?,
        contact: get(row, "contact_id")?,
        campaign_status: Status::parse(&get::<String>(row, "campaign_status")?),
        gate_campaign: read_gate_campaign(row, get(row, "twilio_phone_number")?)?,
        gate_contact: read_gate_contact(row)?,
        history: History {
            campaign_attempts: get(row, "attempts")?,
            spent: get(row, "spent")?,
        },
        vapi_assistant_id: get(row, "vapi_assistant_id")?,
        vapi_phone_number_id: get(row, "vapi_phone_number_id")?,
        first_name: get(row, "first_name")?,
        last_name: get(row, "last_name")?,
        object: get(row, "object")?,
        advertiser: get(row, "advertiser_name")?,
        variables: get(row, "variables")?,
    })
}

/// Marks the attempt as being dialled and counts it, and stores the decision that allowed it.
pub(in crate::campaigns) async fn mark_dialing(
    tx: &TenantTx,
    attempt: AttemptId,
    decision: &DecisionRow,
    now: Timestamp,
) -> Result<(), DbError> {
    let (until, hash) = (
        allowed_until(&decision.decision),
        gate::inputs_hash(&decision.inputs),
    );
    tx.execute(
        "-- campaigns.mark_dialing
         with dialing as (
           update call_attempts set status = 'dialing', dialing_at = $3 where organization_id = $1 and id = $2
           returning campaign_id, contact_id, number
         ), counted as (
           update campaign_contacts k set attempts = k.attempts + 1, tries = greatest(k.tries, d.number), updated_at = $3
             from dialing d
            where k.organization_id = $1 and k.campaign_id = d.campaign_id and k.contact_id = d.contact_id
         )
         insert into gate_decisions (id, organization_id, campaign_id, contact_id, attempt_id, stage, allowed,
                                     allowed_until, inputs, inputs_hash, decided_at)
         select $4, $1, d.campaign_id, d.contact_id, $2, 'dial', true, $5, $6, $7, $3 from dialing d",
        &[&tx.organization(), &attempt, &now, &decision.id, &until, &decision.inputs, &hash],
    )
    .await
    .map(drop)
}

fn allowed_until(decision: &Decision) -> Option<Timestamp> {
    match decision {
        Decision::Allow { until } => *until,
        Decision::Refuse(_) => None,
    }
}

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
}

/// Gives an attempt back, uncounted: its slot is free, its contact waits or is final.
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
    tx.execute(
        "-- campaigns.give_back
         with released as (
           update call_attempts a set status = 'released', released_reason = $3, ended_at = $4
             from (select id, status from call_attempts where organization_id = $1 and id = $2 for update) was
            where a.organization_id = $1 and a.id = was.id and was.status in ('queued', 'dialing', 'unknown')
           returning a.campaign_id, a.contact_id, was.status = 'queued' as uncounted
         ), freed as (
           select zencall.free_slots(array[$2]) from released
         ), contact as (
           update campaign_contacts k
              set status = case when $5::timestamptz is not null then 'waiting'
                                when $6::text is not null then 'skipped' else 'failed' end,
                  last_outcome = case when $5::timestamptz is null and $6::text is null then 'failed'
                                      else k.last_outcome end,
                  due_at = coalesce($5, k.due_at),
                  attempts = k.attempts - case when r.uncounted then 0 else 1 end,
                  refusal_code = $6, refusal_rule = $7, updated_at = $4
             from released r
            where k.organization_id = $1 and k.campaign_id = r.campaign_id and k.contact_id = r.contact_id
         ), paused as (
           update campaigns c set status = 'paused', pause_reason = $8, updated_at = $4
             from released r
            where $8::text is not null and c.organization_id = $1 and c.id = r.campaign_id and c.status = 'running'
         ), decided as (
           insert into gate_decisions (id, organization_id, campaign_id, contact_id, attempt_id, stage, allowed, code, rule,
                                       retry_at, inputs, inputs_hash, decided_at)
           select d.id, $1, r.campaign_id, r.contact_id, $2, 'dial', false, $6, $7, $5, d.inputs, d.inputs_hash, $4
             from released r, unnest($9::uuid[], $10::jsonb[], $11::text[]) as d (id, inputs, inputs_hash)
         )
         select count(*) from freed",
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
        ],
    )
    .await
    .map(drop)
}

/// Notes that Vapi has the call, and makes the call's row unless a webhook was faster. May be repeated.
pub(in crate::campaigns) async fn mark_in_call(
    tx: &TenantTx,
    attempt: AttemptId,
    vapi_call_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.mark_in_call
         with placed as (
           update call_attempts a
              set vapi_call_id = coalesce(a.vapi_call_id, $3),
                  status = case when a.status in ('dialing', 'unknown') then 'in_call' else a.status end
            where a.organization_id = $1 and a.id = $2 and a.status in ('dialing', 'unknown', 'in_call', 'ended')
           returning a.id, a.campaign_id, a.contact_id, a.assistant_id
         )
         insert into calls (id, organization_id, vapi_call_id, campaign_id, contact_id, attempt_id, assistant_id, direction,
                            phone, status, created_at, updated_at)
         select a.id, $1, $3, a.campaign_id, a.contact_id, a.id, a.assistant_id, 'outbound', p.phone, 'queued', $4, $4
           from placed a join contacts p on p.organization_id = $1 and p.id = a.contact_id
         on conflict (id) do nothing",
        &[&tx.organization(), &attempt, &vapi_call_id, &now],
    )
    .await
    .map(drop)
}

/// The outcome of the request to place the call is not known.
pub(in crate::campaigns) async fn mark_unknown(tx: &TenantTx, attempt: AttemptId) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.mark_unknown
         update call_attempts set status = 'unknown' where organization_id = $1 and id = $2 and status = 'dialing'",
        &[&tx.organization(), &attempt],
    )
    .await
    .map(drop)
}

/// An attempt under way, with what decides about its contact.
pub(in crate::campaigns) struct Open {
    pub(in crate::campaigns) campaign_status: Option<Status>,
    pub(in crate::campaigns) attempts: i32,
    pub(in crate::campaigns) tries: i32,
    pub(in crate::campaigns) max_attempts: i32,
    pub(in crate::campaigns) retry_delay_minutes: i32,
    pub(in crate::campaigns) retry_on: Vec<Outcome>,
}

/// Locks an attempt that has not ended; `None` where it has, or there is none.
pub(in crate::campaigns) async fn lock_open(
    tx: &TenantTx,
    attempt: AttemptId,
) -> Result<Option<Open>, DbError> {
    let row = tx
        .query_opt(
            "-- campaigns.lock_open_attempt
             select c.status as campaign_status, k.attempts, k.tries, c.max_attempts, c.retry_delay_minutes, c.retry_on
               from call_attempts a
               join campaign_contacts k on k.organization_id = $1 and k.campaign_id = a.campaign_id
                                       and k.contact_id = a.contact_id
               join campaigns c on c.organization_id = $1 and c.id = a.campaign_id
              where a.organization_id = $1 and a.id = $2 and a.status in ('dialing', 'unknown', 'in_call')
                for update of a, k",
            &[&tx.organization(), &attempt],
        )
        .await?;
    row.map(|row| {
        let retry_on: Vec<String> = get(&row, "retry_on")?;
        Ok(Open {
            campaign_status: Status::parse(&get::<String>(&row, "campaign_status")?),
            attempts: get(&row, "attempts")?,
            tries: get(&row, "tries")?,
            max_attempts: get(&row, "max_attempts")?,
            retry_delay_minutes: get(&row, "retry_delay_minutes")?,
            retry_on: parse_retry_on(&retry_on).map_err(|_| DbError::Aborted)?,
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
           update call_attempts set status = 'ended', outcome = $3, ended_at = $4
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
         select zencall.free_slots(array[$2]) from ended",
        &[
            &tx.organization(),
            &settled.attempt,
            &settled.outcome.as_str(),
            &at,
            &settled.contact_status,
            &settled.due_at,
            &settled.uncount,
            &settled.pause,
        ],
    )
    .await
    .map(drop)
}

/// An attempt that has waited too long for something.
pub(in crate::campaigns) struct Stale {
    pub(in crate::campaigns) attempt: AttemptId,
    pub(in crate::campaigns) status: String,
    pub(in crate::campaigns) vapi_assistant_id: String,
    pub(in crate::campaigns) vapi_call_id: Option<String>,
    pub(in crate::campaigns) dialing_at: Option<Timestamp>,
    pub(in crate::campaigns) max_duration_seconds: i32,
}

/// Attempts under way that were queued before `queued_before`, oldest first.
pub(in crate::campaigns) async fn stale(
    tx: &TenantTx,
    queued_before: Timestamp,
    at_most: i64,
) -> Result<Vec<Stale>, DbError> {
    let rows = tx
        .query(
            "-- campaigns.stale_attempts
             select a.id, a.status, a.vapi_call_id, a.dialing_at, s.vapi_assistant_id, s.max_duration_seconds
               from call_attempts a
               join assistants s on s.organization_id = $1 and s.id = a.assistant_id
              where a.organization_id = $1 and a.status in ('queued', 'dialing', 'in_call', 'unknown')
                and coalesce(a.sent_at, a.queued_at) < $2
              order by a.queued_at limit $3",
            &[&tx.organization(), &queued_before, &at_most],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Stale {
                attempt: get(row, "id")?,
                status: get(row, "status")?,
                vapi_assistant_id: get(row, "vapi_assistant_id")?,
                vapi_call_id: get(row, "vapi_call_id")?,
                dialing_at: get(row, "dialing_at")?,
                max_duration_seconds: get(row, "max_duration_seconds")?,
            })
        })
        .collect()
}

/// Notes that the messages of these attempts were sent again.
pub(in crate::campaigns) async fn mark_sent(
    tx: &TenantTx,
    attempts: &[AttemptId],
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.mark_sent
         update call_attempts set sent_at = $3 where organization_id = $1 and id = any ($2) and status = 'queued'",
        &[&tx.organization(), &attempts, &now],
    )
    .await
    .map(drop)
}
