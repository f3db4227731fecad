//! The SQL of a forecast: the campaign with what the organisation's last calls tell, and its contacts, some at a time.

use std::collections::HashMap;

use futures_util::future::join;
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::gate::{gate_campaign, gate_contact, read_gate_campaign, read_gate_contact, spent};
use super::get;
use super::release::Candidate;
use crate::assistants::Compliance;
use crate::campaigns::gate::GateCampaign;
use crate::campaigns::settings::parse_retry_on;
use crate::consents::facts;
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::ended_reason::Outcome;
use crate::kernel::ids::{CampaignId, ContactId};

/// How many of the organisation's last calls tell how the next ones will go.
const LAST_CALLS: i64 = 500;

/// A campaign as a forecast looks at it.
pub(in crate::campaigns) struct Plan {
    pub(in crate::campaigns) gate: GateCampaign,
    pub(in crate::campaigns) spent: Decimal,
    pub(in crate::campaigns) max_duration_seconds: i32,
    pub(in crate::campaigns) retry_on: Vec<Outcome>,
    pub(in crate::campaigns) has_assistant: bool,
    /// That the organisation is entitled to its number is on file.
    pub(in crate::campaigns) has_mandate: bool,
    /// How many calls it may have at once.
    pub(in crate::campaigns) lines: i32,
    pub(in crate::campaigns) experience: Experience,
}

/// How the organisation's last campaign calls went.
#[derive(Debug, Clone, Default)]
pub(in crate::campaigns) struct Experience {
    pub(in crate::campaigns) calls: i64,
    pub(in crate::campaigns) seconds: i64,
    pub(in crate::campaigns) by_outcome: HashMap<String, i64>,
    /// Of calls whose cost is known.
    pub(in crate::campaigns) cost: Decimal,
    pub(in crate::campaigns) paid_seconds: i64,
}

const CAMPAIGN: &str = concat!(
    "-- campaigns.forecast_campaign
         select ",
    gate_campaign!(),
    ", c.retry_on, s.max_duration_seconds, s.deleted_at is null as has_assistant,
                o.caller_number_mandate is not null as has_mandate,
                least(c.concurrent_calls, o.concurrent_calls_limit) as lines, ",
    spent!(),
    "
           from campaigns c
           join organizations o on o.id = c.organization_id
           join assistants s on s.organization_id = c.organization_id and s.id = c.assistant_id
          where c.id = $1"
);

pub(in crate::campaigns) async fn plan(tx: &TenantTx, id: CampaignId) -> Result<Option<Plan>, DbError> {
    let (campaign, calls) = join(
        tx.query_opt(CAMPAIGN, &[&id]),
        tx.query(
            "-- campaigns.forecast_experience
             select k.outcome, count(*) as calls, coalesce(sum(k.duration_seconds), 0) as seconds,
                    coalesce(sum(k.cost), 0) as cost,
                    coalesce(sum(k.duration_seconds) filter (where k.cost is not null), 0) as paid_seconds
               from (select d.outcome, d.duration_seconds, d.cost from calls d order by d.id desc limit $1) k
              where k.outcome is not null group by 1",
            &[&LAST_CALLS],
        ),
    )
    .await;
    let (campaign, calls) = (campaign?, calls?);
    let Some(row) = campaign else { return Ok(None) };
    let mut experience = Experience::default();
    for row in &calls {
        let count: i64 = get(row, "calls")?;
        experience.calls += count;
        experience.seconds += get::<i64>(row, "seconds")?;
        experience.cost += get::<Decimal>(row, "cost")?;
        experience.paid_seconds += get::<i64>(row, "paid_seconds")?;
        experience.by_outcome.insert(get(row, "outcome")?, count);
    }
    let retry_on: Vec<String> = get(&row, "retry_on")?;
    let mut gate = read_gate_campaign(&row)?;
    // Whoever starts it and whoever dials looks at the assistant anew; only what is known to be wrong counts today.
    gate.assistant = Compliance {
        drifted_at: gate.assistant.drifted_at,
        ..Compliance::checked(Timestamp::MAX)
    };
    Ok(Some(Plan {
        gate,
        spent: get(&row, "spent")?,
        max_duration_seconds: get(&row, "max_duration_seconds")?,
        retry_on: parse_retry_on(&retry_on).map_err(|_| DbError::Aborted)?,
        has_assistant: get(&row, "has_assistant")?,
        has_mandate: get(&row, "has_mandate")?,
        lines: get(&row, "lines")?,
        experience,
    }))
}

const CONTACTS: &str = concat!(
    "-- campaigns.forecast_contacts
         select k.campaign_id, k.contact_id, k.attempts, k.tries, ",
    gate_contact!(),
    facts!(),
    " end as consents
           from (select q.campaign_id, q.contact_id, q.attempts, q.tries from campaign_contacts q
                  where q.organization_id = $1 and q.campaign_id = $2 and q.status in ('pending', 'waiting')
                    and ($3::uuid is null or q.contact_id > $3)
                  order by q.contact_id limit $4) k
           join campaigns c on c.organization_id = $1 and c.id = k.campaign_id
           join contacts p on p.organization_id = $1 and p.id = k.contact_id
          order by k.contact_id"
);

/// Contacts that wait, in the order of their ids.
pub(in crate::campaigns) async fn contacts(
    tx: &TenantTx,
    campaign: CampaignId,
    after: Option<ContactId>,
    at_most: i64,
) -> Result<Vec<Candidate>, DbError> {
    let rows = tx
        .query(CONTACTS, &[&tx.organization(), &campaign, &after, &at_most])
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
