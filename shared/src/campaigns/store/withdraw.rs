//! The SQL of a withdrawal.

use jiff::Timestamp;

use crate::campaigns::gate::{RefusalCode, SUPPRESSED_RULE};
use crate::db::{DbError, TenantTx};
use crate::kernel::PhoneNumber;

/// Takes back the calls to a number that nobody has begun to dial.
pub(in crate::campaigns) async fn release_number(
    tx: &TenantTx,
    phone: &PhoneNumber,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.withdraw_number
         with released as (
           update call_attempts a set status = 'released', number_hash = null, released_reason = $4, ended_at = $3
             from contacts p
            where p.organization_id = $1 and p.phone = $2
              and a.organization_id = $1 and a.contact_id = p.id and a.status = 'queued'
           returning a.id, a.campaign_id, a.contact_id
         ), skipped as (
           update campaign_contacts k set status = 'skipped', refusal_code = $4, refusal_rule = $5, updated_at = $3
             from released r
            where k.organization_id = $1 and k.campaign_id = r.campaign_id and k.contact_id = r.contact_id
              and k.status = 'active'
         )
         select zencall.free_slots(array(select id from released))",
        &[
            &tx.organization(),
            &phone.as_str(),
            &now,
            &RefusalCode::Suppressed.as_str(),
            &SUPPRESSED_RULE,
        ],
    )
    .await
    .map(drop)
}

/// Ends the messages to a number that sell something and of which no request has left.
pub(in crate::campaigns) async fn cancel_marketing(
    tx: &TenantTx,
    phone: &PhoneNumber,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.withdraw_marketing
         with cancelled as (
           update messages set dispatch = 'done', status = 'canceled', status_rank = 4, error_code = $4, updated_at = $3
            where organization_id = $1 and phone = $2 and dispatch = 'waiting' and purpose = 'marketing'
           returning id
         )
         insert into message_history (organization_id, message_id, status, rank, error_code, at)
         select $1, id, 'canceled', 4, $4, $3 from cancelled on conflict do nothing",
        &[
            &tx.organization(),
            &phone.as_str(),
            &now,
            &RefusalCode::ConsentWithdrawn.as_str(),
        ],
    )
    .await
    .map(drop)
}

/// Takes back the calls to a number that rest on a consent and that nobody has begun to dial; the gate decides anew about
/// their contacts.
pub(in crate::campaigns) async fn release_consented(
    tx: &TenantTx,
    phone: &PhoneNumber,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.withdraw_consented
         with released as (
           update call_attempts a set status = 'released', number_hash = null, released_reason = $4, ended_at = $3
             from contacts p, campaigns c
            where p.organization_id = $1 and p.phone = $2 and c.organization_id = $1 and c.legal_basis = 'consent'
              and a.organization_id = $1 and a.contact_id = p.id and a.campaign_id = c.id and a.status = 'queued'
           returning a.id, a.campaign_id, a.contact_id
         ), waiting as (
           update campaign_contacts k set status = 'waiting', due_at = $3, updated_at = $3
             from released r
            where k.organization_id = $1 and k.campaign_id = r.campaign_id and k.contact_id = r.contact_id
              and k.status = 'active'
         )
         select zencall.free_slots(array(select id from released))",
        &[
            &tx.organization(),
            &phone.as_str(),
            &now,
            &RefusalCode::ConsentWithdrawn.as_str(),
        ],
    )
    .await
    .map(drop)
}
