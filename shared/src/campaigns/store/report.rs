//! The SQL of reports: counts, a campaign's contacts, the decisions about one.

use futures_util::future::join3;
use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio_postgres::Row;
use uuid::Uuid;

use super::get;
use crate::campaigns::Status;
use crate::campaigns::read::{CampaignContact, StoredDecision};
use crate::db::{DbError, TenantTx};
use crate::kernel::PageRequest;
use crate::kernel::ids::{CampaignId, ContactId};

/// Contacts of one state.
pub(in crate::campaigns) struct Group {
    pub(in crate::campaigns) status: String,
    pub(in crate::campaigns) last_outcome: Option<String>,
    pub(in crate::campaigns) refusal_code: Option<String>,
    pub(in crate::campaigns) contacts: i64,
    /// Of these, how many were attempted.
    pub(in crate::campaigns) attempted: i64,
    pub(in crate::campaigns) attempts: i64,
}

/// What a report is made of.
pub(in crate::campaigns) struct Counts {
    pub(in crate::campaigns) status: Status,
    pub(in crate::campaigns) started_at: Option<Timestamp>,
    pub(in crate::campaigns) groups: Vec<Group>,
    pub(in crate::campaigns) average_duration_seconds: Option<f64>,
    pub(in crate::campaigns) total_cost: Decimal,
    pub(in crate::campaigns) sentiment: [i64; 4],
    pub(in crate::campaigns) appointments: i64,
}

pub(in crate::campaigns) async fn counts(tx: &TenantTx, id: CampaignId) -> Result<Option<Counts>, DbError> {
    let (campaign, groups, calls) = join3(
        tx.query_opt(
        "-- campaigns.report_campaign
         select status, started_at from campaigns where id = $1",
        &[&id],
    ),
    tx.query(
        "-- campaigns.report_contacts
         select case when c.status = 'cancelled' and k.status in ('pending', 'waiting') then 'cancelled'
                     else k.status end as status,
                k.last_outcome, case when k.status = 'skipped' then k.refusal_code end as refusal_code,
                count(*) as contacts, count(*) filter (where k.attempts > 0 or k.last_outcome is not null) as attempted,
                sum(k.attempts)::bigint as attempts
           from campaigns c join campaign_contacts k on k.campaign_id = c.id
          where c.id = $1
          group by 1, 2, 3",
        &[&id],
    ),
    tx.query_one(
        "-- campaigns.report_calls
         select avg(duration_seconds) filter (where outcome in ('answered', 'transferred'))::float8 as average_duration,
                coalesce(sum(cost), 0) as total_cost,
                count(*) filter (where sentiment = 'positive') as positive,
                count(*) filter (where sentiment = 'neutral') as neutral,
                count(*) filter (where sentiment = 'negative') as negative,
                count(*) filter (where sentiment is null and outcome in ('answered', 'transferred')) as unknown,
                (select count(*) from appointments a
                  where a.campaign_id = $1 and a.status <> 'cancelled') as appointments
           from calls where campaign_id = $1",
        &[&id],
    ))
    .await;
    let Some(campaign) = campaign? else {
        return Ok(None);
    };
    let (groups, calls) = (groups?, calls?);
    Ok(Some(Counts {
        status: Status::parse(&get::<String>(&campaign, "status")?).ok_or(DbError::Aborted)?,
        started_at: get(&campaign, "started_at")?,
        groups: groups.iter().map(read_group).collect::<Result<_, _>>()?,
        average_duration_seconds: get(&calls, "average_duration")?,
        total_cost: get(&calls, "total_cost")?,
        sentiment: [
            get(&calls, "positive")?,
            get(&calls, "neutral")?,
            get(&calls, "negative")?,
            get(&calls, "unknown")?,
        ],
        appointments: get(&calls, "appointments")?,
    }))
}

fn read_group(row: &Row) -> Result<Group, DbError> {
    Ok(Group {
        status: get(row, "status")?,
        last_outcome: get(row, "last_outcome")?,
        refusal_code: get(row, "refusal_code")?,
        contacts: get(row, "contacts")?,
        attempted: get(row, "attempted")?,
        attempts: get(row, "attempts")?,
    })
}

/// The campaign's contacts, newest first; `None` where there is no such campaign.
pub(in crate::campaigns) async fn contacts(
    tx: &TenantTx,
    id: CampaignId,
    page: PageRequest,
) -> Result<Option<Vec<CampaignContact>>, DbError> {
    let rows = tx
        .query(
            "-- campaigns.contacts
             select k.contact_id, k.attempts,
                    case when c.status = 'cancelled' and k.status in ('pending', 'waiting') then 'cancelled'
                         else k.status end as status, k.last_outcome, k.refusal_code, k.refusal_rule,
                    case when k.status = 'waiting' and c.status <> 'cancelled' then k.due_at end as next_attempt_at, f.reason as failure_reason
               from campaigns c
               left join lateral (
                 select * from campaign_contacts q
                  where q.campaign_id = c.id and ($2::uuid is null or q.contact_id < $2)
                  order by q.contact_id desc limit $3) k on true
               left join lateral (
                 select coalesce(a.released_reason, d.ended_reason) as reason
                   from call_attempts a left join calls d on d.id = a.id
                  where k.status = 'failed' and a.campaign_id = c.id
                    and a.contact_id = k.contact_id
                  order by a.id desc limit 1) f on true
              where c.id = $1
              order by k.contact_id desc",
            &[&id, &page.after, &page.rows_to_fetch()],
        )
        .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let contact = |row: &Row| -> Result<Option<CampaignContact>, DbError> {
        let Some(contact) = get(row, "contact_id")? else {
            return Ok(None);
        };
        Ok(Some(CampaignContact {
            contact,
            status: get(row, "status")?,
            attempts: get(row, "attempts")?,
            next_attempt_at: get(row, "next_attempt_at")?,
            last_outcome: get(row, "last_outcome")?,
            refusal_code: get(row, "refusal_code")?,
            refusal_rule: get(row, "refusal_rule")?,
            failure_reason: get(row, "failure_reason")?,
        }))
    };
    let contacts: Result<Vec<_>, _> = rows.iter().filter_map(|row| contact(row).transpose()).collect();
    contacts.map(Some)
}

/// Decisions about one contact, newest first; `None` where it is not in the campaign.
pub(in crate::campaigns) async fn decisions(
    tx: &TenantTx,
    id: CampaignId,
    contact: ContactId,
    page: PageRequest,
) -> Result<Option<Vec<StoredDecision>>, DbError> {
    let rows = tx
        .query(
            "-- campaigns.decisions
             select d.id, d.stage, d.allowed, d.code, d.rule, d.allowed_until, d.retry_at, d.inputs, d.inputs_hash,
                    d.decided_at
               from campaign_contacts k
               left join lateral (
                 select * from gate_decisions q
                  where q.campaign_id = $1 and q.contact_id = $2
                    and ($3::uuid is null or q.id < $3)
                  order by q.id desc limit $4) d on true
              where k.campaign_id = $1 and k.contact_id = $2",
            &[&id, &contact, &page.after, &page.rows_to_fetch()],
        )
        .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut decisions = Vec::with_capacity(rows.len());
    for row in &rows {
        if let Some(id) = get(row, "id")? {
            decisions.push(read_decision(row, id)?);
        }
    }
    Ok(Some(decisions))
}

/// The organisation's decisions behind one, in the order of their ids.
pub(in crate::campaigns) async fn all_decisions(
    tx: &TenantTx,
    after: Option<Uuid>,
    at_most: i64,
) -> Result<Vec<StoredDecision>, DbError> {
    let rows = tx
        .query(
            "-- campaigns.all_decisions
             select d.id, d.stage, d.allowed, d.code, d.rule, d.allowed_until, d.retry_at, d.inputs, d.inputs_hash,
                    d.decided_at
               from gate_decisions d
              where d.organization_id = $1 and d.id > coalesce($2, '00000000-0000-0000-0000-000000000000')
              order by d.id limit $3",
            &[&tx.organization(), &after, &at_most],
        )
        .await?;
    rows.iter()
        .map(|row| read_decision(row, get(row, "id")?))
        .collect()
}

fn read_decision(row: &Row, id: Uuid) -> Result<StoredDecision, DbError> {
    Ok(StoredDecision {
        id,
        stage: get(row, "stage")?,
        allowed: get(row, "allowed")?,
        code: get(row, "code")?,
        rule: get(row, "rule")?,
        allowed_until: get(row, "allowed_until")?,
        retry_at: get(row, "retry_at")?,
        inputs: get(row, "inputs")?,
        inputs_hash: get(row, "inputs_hash")?,
        decided_at: get(row, "decided_at")?,
    })
}
