//! The SQL of a dossier.

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_postgres::Row;

use super::get;
use crate::campaigns::dossier::{Attempt, Person};
use crate::campaigns::read::CampaignContact;
use crate::db::{DbError, TenantTx};
use crate::kernel::PhoneNumber;
use crate::kernel::ids::{CampaignId, ContactId};

/// The person, and where they stand in the campaign; nothing where they are not in it.
pub(in crate::campaigns) async fn person(
    tx: &TenantTx,
    campaign: CampaignId,
    contact: ContactId,
) -> Result<Option<(Person, CampaignContact)>, DbError> {
    let row = tx
        .query_opt(
            "-- campaigns.dossier_person
             select p.phone, p.first_name, p.last_name, p.kind, p.timezone, p.postal_code, p.contract, p.callback_request,
                    (p.do_not_call or exists (
                      select from do_not_call n where n.phone = p.phone)) as do_not_call,
                    k.contact_id, k.attempts, k.last_outcome, k.refusal_code, k.refusal_rule,
                    case when c.status = 'cancelled' and k.status in ('pending', 'waiting') then 'cancelled'
                         else k.status end as status,
                    case when k.status = 'waiting' and c.status <> 'cancelled' then k.due_at end as next_attempt_at,
                    f.reason as failure_reason
               from campaigns c
               join campaign_contacts k on k.campaign_id = c.id and k.contact_id = $2
               join contacts p on p.id = k.contact_id
               left join lateral (
                 select coalesce(a.released_reason, d.ended_reason) as reason
                   from call_attempts a left join calls d on d.id = a.id
                  where k.status = 'failed' and a.campaign_id = c.id and a.contact_id = k.contact_id
                  order by a.id desc limit 1) f on true
              where c.id = $1",
            &[&campaign, &contact],
        )
        .await?;
    row.map(|row| {
        let person = Person {
            phone: PhoneNumber::from_database(get(&row, "phone")?),
            first_name: get(&row, "first_name")?,
            last_name: get(&row, "last_name")?,
            kind: get(&row, "kind")?,
            timezone: get(&row, "timezone")?,
            postal_code: get(&row, "postal_code")?,
            do_not_call: get(&row, "do_not_call")?,
            contract: proof(&row, "contract")?,
            callback_request: proof(&row, "callback_request")?,
        };
        let standing = CampaignContact {
            contact: get(&row, "contact_id")?,
            status: get(&row, "status")?,
            attempts: get(&row, "attempts")?,
            next_attempt_at: get(&row, "next_attempt_at")?,
            last_outcome: get(&row, "last_outcome")?,
            refusal_code: get(&row, "refusal_code")?,
            refusal_rule: get(&row, "refusal_rule")?,
            failure_reason: get(&row, "failure_reason")?,
        };
        Ok((person, standing))
    })
    .transpose()
}

fn proof<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, DbError> {
    get::<Option<Value>>(row, column)?
        .map(|value| serde_json::from_value(value).map_err(|_| DbError::Aborted))
        .transpose()
}

/// Every attempt, oldest first.
pub(in crate::campaigns) async fn attempts(
    tx: &TenantTx,
    campaign: CampaignId,
    contact: ContactId,
) -> Result<Vec<Attempt>, DbError> {
    let rows = tx
        .query(
            "-- campaigns.dossier_attempts
             select a.id, a.number, a.status, a.outcome, a.released_reason, a.queued_at, a.dialing_at, a.allowed_until,
                    d.started_at as answered_at, coalesce(d.ended_at, a.ended_at) as ended_at, d.duration_seconds,
                    d.ended_reason, a.cost, d.disclosures
               from call_attempts a left join calls d on d.id = a.id
              where a.campaign_id = $1 and a.contact_id = $2
              order by a.queued_at, a.id limit 1000",
            &[&campaign, &contact],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Attempt {
                id: get(row, "id")?,
                number: get(row, "number")?,
                status: get(row, "status")?,
                outcome: get(row, "outcome")?,
                released_reason: get(row, "released_reason")?,
                queued_at: get(row, "queued_at")?,
                dialing_at: get(row, "dialing_at")?,
                allowed_until: get(row, "allowed_until")?,
                answered_at: get(row, "answered_at")?,
                ended_at: get(row, "ended_at")?,
                duration_seconds: get(row, "duration_seconds")?,
                ended_reason: get(row, "ended_reason")?,
                cost: get(row, "cost")?,
                disclosures: proof(row, "disclosures")?,
            })
        })
        .collect()
}
