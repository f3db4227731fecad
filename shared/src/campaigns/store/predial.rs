//! The SQL of answers to Vapi's own campaigns.

use futures_util::future::join;
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::decision::{DecisionColumns, DecisionRow};
use super::gate::{gate_campaign, gate_contact, read_gate_campaign, read_gate_contact, spent};
use super::get;
use super::solicitation::{at_most, since};
use crate::adapters::vapi::webhook::Predial;
use crate::campaigns::budget;
use crate::campaigns::gate::{GateCampaign, GateContact, History, Line};
use crate::consents::facts;
use crate::db::{Bytes, DbError, Param, TenantTx};
use crate::kernel::ids::{CampaignId, ContactId};

/// Somebody who waits to be called by the one campaign that is asked about.
pub(in crate::campaigns) struct Waiting {
    pub(in crate::campaigns) campaign: CampaignId,
    pub(in crate::campaigns) contact: ContactId,
    pub(in crate::campaigns) gate_campaign: GateCampaign,
    pub(in crate::campaigns) gate_contact: GateContact,
    pub(in crate::campaigns) history: History,
    /// From when on the campaign calls them: after an attempt, when its delay is over.
    pub(in crate::campaigns) due_at: Timestamp,
    /// Whether the same was asked and allowed a moment ago.
    pub(in crate::campaigns) was_allowed: bool,
}

/// Which campaigns may be meant: running, with this assistant, and the one that is named if one is.
macro_rules! meant {
    () => {
        "c.organization_id = $1 and c.status = 'running' and ($3::uuid is null or c.id = $3)
    and c.assistant_id in (select a.id from assistants a
                            where a.organization_id = $1 and a.deleted_at is null
                              and case when $4::uuid is null then a.vapi_assistant_id = $5
                                       else a.id = $4 and a.vapi_assistant_id = coalesce($5, a.vapi_assistant_id) end)
    and exists (select from campaign_contacts m join contacts n on n.organization_id = $1 and n.id = m.contact_id
                 where m.organization_id = $1 and m.campaign_id = c.id and n.phone = $2)"
    };
}

const HOLD: &str = concat!(
    "-- campaigns.hold_for_predial\n select 1 from campaigns c where ",
    meant!(),
    " for share of c"
);

const FIND: &str = concat!(
    "-- campaigns.find_for_predial
         select c.id as campaign_id, p.id as contact_id, k.attempts, s.max_duration_seconds, ",
    gate_campaign!(),
    ", ",
    gate_contact!(),
    facts!(),
    " end as consents, ",
    spent!(),
    ",
                exists (select from gate_decisions g
                         where g.organization_id = $1 and g.campaign_id = c.id and g.contact_id = p.id
                           and g.stage = 'predial' and g.allowed and g.decided_at > $6) as was_allowed,
                k.due_at
           from campaigns c
           join assistants s on s.organization_id = $1 and s.id = c.assistant_id
           join organizations o on o.id = $1
           join contacts p on p.organization_id = $1 and p.phone = $2
           join campaign_contacts k on k.organization_id = $1 and k.campaign_id = c.id and k.contact_id = p.id
          where ",
    meant!(),
    " and k.status in ('pending', 'waiting')
          limit 2 for update of k, p"
);

/// The person, locked as the dialler does it, if exactly one campaign waits to call them.
pub(in crate::campaigns) async fn lock(
    tx: &TenantTx,
    asked: &Predial,
    asked_since: Timestamp,
    price_per_minute: Decimal,
) -> Result<Option<Waiting>, DbError> {
    let (phone, vapi) = (asked.phone.as_str(), asked.vapi_assistant.as_deref());
    let organization = tx.organization();
    let params: [&dyn Param; 5] = [&organization, &phone, &asked.campaign, &asked.assistant, &vapi];
    let mut with_time = params.to_vec();
    with_time.push(&asked_since);
    let (held, rows) = join(tx.execute(HOLD, &params), tx.query(FIND, &with_time)).await;
    held?;
    let rows = rows?;
    // Two campaigns may call the same person: nobody knows for which of them Vapi asks.
    let [row] = rows.as_slice() else {
        return Ok(None);
    };
    Ok(Some(Waiting {
        campaign: get(row, "campaign_id")?,
        contact: get(row, "contact_id")?,
        gate_campaign: read_gate_campaign(row)?,
        gate_contact: read_gate_contact(row)?,
        history: History {
            campaign_attempts: get(row, "attempts")?,
            spent: get(row, "spent")?,
            next_call: budget::worst_case(price_per_minute, get(row, "max_duration_seconds")?),
            solicitations: Vec::new(),
            line: Line::OfProvider,
        },
        due_at: get(row, "due_at")?,
        was_allowed: get(row, "was_allowed")?,
    }))
}

/// The latest solicitations under a key, which is held until the transaction ends.
pub(in crate::campaigns) async fn hold_solicitations(
    tx: &TenantTx,
    key: &Bytes,
    now: Timestamp,
) -> Result<Vec<Timestamp>, DbError> {
    let rows = tx
        .query(
            "-- campaigns.hold_solicitations_for_predial
             select at from zencall.hold_solicitations($1, $2, $3)",
            &[key, &since(now), &at_most()],
        )
        .await?;
    rows.iter().map(|row| get(row, "at")).collect()
}

/// Stores the answer.
pub(in crate::campaigns) async fn note(
    tx: &TenantTx,
    row: &DecisionRow,
    now: Timestamp,
) -> Result<(), DbError> {
    let decisions = DecisionColumns::from_rows(std::slice::from_ref(row));
    tx.execute(
        "-- campaigns.note_predial
         insert into gate_decisions (id, organization_id, campaign_id, contact_id, stage, allowed, code, rule,
                                     allowed_until, retry_at, inputs, inputs_hash, decided_at)
         select d.id, $1, d.campaign_id, d.contact_id, 'predial', d.allowed, d.code, d.rule, d.allowed_until, d.retry_at,
                d.inputs, d.inputs_hash, $12
           from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bool[], $6::text[], $7::text[], $8::timestamptz[],
                       $9::timestamptz[], $10::jsonb[], $11::text[])
             as d (id, campaign_id, contact_id, allowed, code, rule, allowed_until, retry_at, inputs, inputs_hash)",
        &[
            &tx.organization(),
            &decisions.ids,
            &decisions.campaigns,
            &decisions.contacts,
            &decisions.allowed,
            &decisions.codes,
            &decisions.rules,
            &decisions.allowed_until,
            &decisions.retry_at,
            &decisions.inputs,
            &decisions.hashes,
            &now,
        ],
    )
    .await
    .map(drop)
}

/// Vapi dials: an attempt of the campaign, and one of the law's. We ourselves wait as after any other.
pub(in crate::campaigns) async fn count(
    tx: &TenantTx,
    row: &DecisionRow,
    (campaign, contact): (CampaignId, ContactId),
    key: Option<&Bytes>,
    now: Timestamp,
) -> Result<(), DbError> {
    let (counted, solicited) = join(
        tx.execute(
            "-- campaigns.count_predial
             update campaign_contacts k
                set attempts = k.attempts + 1, status = 'waiting', updated_at = $4,
                    due_at = $4 + make_interval(mins => c.retry_delay_minutes)
               from campaigns c
              where k.organization_id = $1 and k.campaign_id = $2 and k.contact_id = $3
                and c.organization_id = $1 and c.id = $2",
            &[&tx.organization(), &campaign, &contact, &now],
        ),
        tx.execute(
            "-- campaigns.solicited_by_predial
             select zencall.note_predial($1, $2, $3) where $1::bytea is not null",
            &[&key, &row.id, &now],
        ),
    )
    .await;
    counted?;
    solicited.map(drop)
}
