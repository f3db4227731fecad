//! The SQL of one attempt on its way out: taken up, placed, or nobody knows.

use futures_util::future::join5;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;

use super::decision::DecisionRow;
use super::ending::hold_campaign;
use super::gate::{gate_campaign, gate_contact, read_gate_campaign, read_gate_contact, spent};
use super::get;
use crate::campaigns::Status;
use crate::campaigns::gate::{Decision, GateCampaign, GateContact, History};
use crate::campaigns::{evidence, lines, objections};
use crate::consents::facts;
use crate::db::{Bytes, DbError, Param, TenantTx};
use crate::kernel::Language;
use crate::kernel::ids::{AttemptId, CampaignId, ContactId};
use crate::kernel::number_key::NumberKey;
use crate::oppositions::{self, platform::Objection};

/// A queued attempt with everything that dialling needs, locked together with its contact.
pub(in crate::campaigns) struct Queued {
    pub(in crate::campaigns) campaign: CampaignId,
    pub(in crate::campaigns) contact: ContactId,
    pub(in crate::campaigns) campaign_status: Option<Status>,
    pub(in crate::campaigns) gate_campaign: GateCampaign,
    pub(in crate::campaigns) gate_contact: GateContact,
    pub(in crate::campaigns) history: History,
    /// Under which key the attempt counts for the law, since release; where it does.
    pub(in crate::campaigns) solicitation_key: Option<Vec<u8>>,
    /// Under which hash its number was looked for on the platform's list.
    pub(in crate::campaigns) number_hash: Option<Vec<u8>>,
    pub(in crate::campaigns) vapi_assistant_id: String,
    /// What the assistant speaks.
    pub(in crate::campaigns) language: Language,
    pub(in crate::campaigns) vapi_phone_number_id: Option<String>,
    pub(in crate::campaigns) first_name: Option<String>,
    pub(in crate::campaigns) last_name: Option<String>,
    pub(in crate::campaigns) variables: Value,
}

/// An attempt that is still queued, with its contact; the gate reads it once more. Locked one after the other, each look-up
/// a query of its own: the planner would otherwise weigh every order of joining six tables, which took it 3 ms a call.
const LOCK_QUEUED: &str = concat!(
    "-- campaigns.lock_queued_attempt
         select a.campaign_id, a.contact_id, a.queued_at, a.reserved, a.solicitation_key, a.number_hash, k.attempts, p.first_name, p.last_name, p.variables, ",
    gate_contact!(),
    facts!(),
    " end as consents
           from (select * from call_attempts
                  where organization_id = $1 and id = $2 and status = 'queued' for update) a
          cross join lateral (select q.contact_id, q.attempts from campaign_contacts q
                               where q.organization_id = $1 and q.campaign_id = a.campaign_id
                                 and q.contact_id = a.contact_id for update) k
          cross join lateral (select * from contacts q
                               where q.organization_id = $1 and q.id = k.contact_id for update) p
          cross join lateral (select q.legal_basis from campaigns q
                               where q.organization_id = $1 and q.id = a.campaign_id offset 0) c"
);

/// What its campaign, its assistant and its organisation are now.
const QUEUED_FOR: &str = concat!(
    "-- campaigns.queued_attempt_is_for
         select c.status as campaign_status, s.vapi_assistant_id, s.language, o.vapi_phone_number_id, ",
    gate_campaign!(),
    ", ",
    spent!("$2"),
    "
           from campaigns c, assistants s, organizations o
          where c.organization_id = $1 and s.organization_id = $1 and o.id = $1
            and (c.id, s.id) = (select a.campaign_id, a.assistant_id from call_attempts a
                                 where a.organization_id = $1 and a.id = $2 and a.status = 'queued')"
);

/// Takes up an attempt if it is still queued; a duplicate, late or stale message finds nothing.
pub(in crate::campaigns) async fn lock_queued(
    tx: &TenantTx,
    key: Option<&NumberKey>,
    attempt: AttemptId,
    now: Timestamp,
) -> Result<Option<Queued>, DbError> {
    let params: [&dyn Param; 2] = [&tx.organization(), &attempt];
    let (held, locked, is_for, solicitations, objection) = join5(
        hold_campaign(tx, attempt),
        tx.query_opt(LOCK_QUEUED, &params),
        tx.query_opt(QUEUED_FOR, &params),
        super::solicitation::hold(tx, attempt, now),
        objection_of(tx, key, attempt),
    )
    .await;
    held?;
    let (locked, is_for, solicitations) = (locked?, is_for?, solicitations?);
    let objection = objection?;
    locked
        .zip(is_for)
        .map(|(row, campaign)| read_queued(&row, &campaign, solicitations, objection))
        .transpose()
}

/// Whether the person told everybody to leave them alone: asked once the attempt is locked, so that nothing that was committed
/// while it was waited for is missed. Not without the key, where nobody is called.
async fn objection_of(
    tx: &TenantTx,
    key: Option<&NumberKey>,
    attempt: AttemptId,
) -> Result<Option<Objection>, DbError> {
    let Some(key) = key else {
        return Ok(None);
    };
    let row = tx
        .query_opt(
            "-- campaigns.objection_of_attempt
             select e.objected_at, zencall.consent_facts($1, p.phone) as consents
               from call_attempts a
               join contacts p on p.organization_id = $1 and p.id = a.contact_id
              cross join zencall.suppressed_everywhere(array[a.number_hash], $3) e
              where a.organization_id = $1 and a.id = $2 and a.status = 'queued'",
            &[&tx.organization(), &attempt, &Bytes(key.fingerprint().to_vec())],
        )
        .await?;
    row.as_ref()
        .map(|row| oppositions::objection(row).map_err(DbError::Statement))
        .transpose()
}

fn read_queued(
    row: &Row,
    campaign: &Row,
    solicitations: Vec<Timestamp>,
    objection: Option<Objection>,
) -> Result<Queued, DbError> {
    Ok(Queued {
        campaign: get(row, "campaign_id")?,
        contact: get(row, "contact_id")?,
        campaign_status: Status::parse(&get::<String>(campaign, "campaign_status")?),
        gate_campaign: read_gate_campaign(campaign)?,
        gate_contact: {
            let mut contact = read_gate_contact(row)?;
            objections::tell(&mut contact, objection);
            contact
        },
        history: History {
            campaign_attempts: get(row, "attempts")?,
            spent: get(campaign, "spent")?,
            next_call: get(row, "reserved")?,
            solicitations,
            line: lines::held_since(get(row, "queued_at")?),
        },
        solicitation_key: get(row, "solicitation_key")?,
        number_hash: get(row, "number_hash")?,
        vapi_assistant_id: get(campaign, "vapi_assistant_id")?,
        // The check of the table holds no other language.
        language: Language::parse(get(campaign, "language")?).unwrap_or_default(),
        vapi_phone_number_id: get(campaign, "vapi_phone_number_id")?,
        first_name: get(row, "first_name")?,
        last_name: get(row, "last_name")?,
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
        evidence::inputs_hash(&decision.inputs),
    );
    tx.execute(
        "-- campaigns.mark_dialing
         with dialing as (
           update call_attempts set status = 'dialing', dialing_at = $3, allowed_until = $5, number_hash = null
            where organization_id = $1 and id = $2
           returning campaign_id, contact_id, number, solicitation_key
         ), solicited as (
           select zencall.note_solicitation(d.solicitation_key, $2, $3) from dialing d
            where d.solicitation_key is not null
         ), counted as (
           update campaign_contacts k set attempts = k.attempts + 1, tries = greatest(k.tries, d.number), updated_at = $3
             from dialing d
            where k.organization_id = $1 and k.campaign_id = d.campaign_id and k.contact_id = d.contact_id
         )
         insert into gate_decisions (id, organization_id, campaign_id, contact_id, attempt_id, stage, allowed,
                                     allowed_until, inputs, inputs_hash, decided_at)
         select $4, $1, d.campaign_id, d.contact_id, $2, 'dial', true, $5, $6, $7, $3
           from dialing d, (select count(*) from solicited) noted",
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

/// Notes that Vapi has the call, and makes the call's row unless a webhook was faster, under the attempt's id or, where it
/// could not tell whose call it was, under another. May be repeated.
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
         on conflict do nothing",
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
