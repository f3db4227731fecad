//! The SQL of the rights of the people who are called.

use jiff::Timestamp;
use serde_json::Value;

use super::store::Claim;
use super::{GdprRequest, RequestType};
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::PhoneNumber;
use crate::kernel::ids::{ContactId, GdprRequestId, UserId};

/// What lies elsewhere about a contact.
pub(super) struct Traces {
    /// Their number; nothing where the contact is gone.
    pub(super) phone: Option<PhoneNumber>,
    /// Calls at Vapi, with what was said and recorded.
    pub(super) vapi_calls: Vec<String>,
    /// Messages at Twilio.
    pub(super) twilio_messages: Vec<String>,
    /// Copies of their data in the bucket.
    pub(super) archives: Vec<String>,
}

/// The number of a contact, which is held until the transaction ends.
pub(super) async fn lock(tx: &TenantTx, contact: ContactId) -> Result<Option<PhoneNumber>, DbError> {
    let row = tx
        .query_opt(
            "-- gdpr.lock_contact
             select phone from contacts where organization_id = $1 and id = $2 for no key update",
            &[&tx.organization(), &contact],
        )
        .await?;
    row.map(|row| {
        let phone = row.try_get("phone").map_err(DbError::Statement)?;
        Ok(PhoneNumber::from_database(phone))
    })
    .transpose()
}

/// The open request of this kind about a contact.
pub(super) async fn open(
    tx: &TenantTx,
    contact: ContactId,
    request_type: RequestType,
) -> Result<Option<GdprRequest>, DbError> {
    let row = tx
        .query_opt(
            "-- gdpr.open_about_contact
             select id, user_id, request_type, scope, status, reason, created_at, scheduled_at, completed_at,
                    expires_at, object_key, contact_id, receipts
               from gdpr_requests
              where contact_id = $1 and request_type = $2 and scope = 'contact'
                and status in ('pending', 'processing')",
            &[&contact, &request_type.as_str()],
        )
        .await?;
    row.as_ref().map(GdprRequest::try_from).transpose()
}

/// Writes a request, which is due at once.
pub(super) async fn insert(
    tx: &TenantTx,
    now: Timestamp,
    (id, user): (GdprRequestId, UserId),
    contact: ContactId,
    request_type: RequestType,
) -> Result<GdprRequest, DbError> {
    let scheduled_at = (request_type == RequestType::DataDeletion).then_some(now);
    let row = tx
        .query_one(
            "-- gdpr.insert_about_contact
             insert into gdpr_requests (id, organization_id, user_id, request_type, scope, contact_id, scheduled_at,
                                        created_at, updated_at)
             values ($1, $2, $3, $4, 'contact', $5, $6, $7, $7)
             returning id, user_id, request_type, scope, status, reason, created_at, scheduled_at, completed_at,
                       expires_at, object_key, contact_id, receipts",
            &[&id, &tx.organization(), &user, &request_type.as_str(), &contact, &scheduled_at, &now],
        )
        .await?;
    GdprRequest::try_from(&row)
}

/// What there is to erase besides our rows.
pub(super) async fn traces(tx: &TenantTx, contact: ContactId) -> Result<Traces, DbError> {
    let row = tx
        .query_one(
            "-- gdpr.contact_traces
             with p as (select (select phone from contacts where id = $1) as phone)
             select p.phone,
                    array(select c.vapi_call_id from calls c
                           where c.vapi_call_id is not null
                             and (c.contact_id = $1 or c.phone = p.phone)
                           union
                          select a.vapi_call_id from call_attempts a
                           where a.contact_id = $1 and a.vapi_call_id is not null) as calls,
                    array(select m.twilio_message_sid from messages m
                           where m.twilio_message_sid is not null
                             and (m.contact_id = $1 or m.phone = p.phone)) as messages,
                    array(select r.object_key from gdpr_requests r
                           where r.contact_id = $1 and r.object_key is not null) as archives
               from p",
            &[&contact],
        )
        .await?;
    let texts = |column: &str| row.try_get::<_, Vec<String>>(column).map_err(DbError::Statement);
    let phone: Option<String> = row.try_get("phone").map_err(DbError::Statement)?;
    Ok(Traces {
        phone: phone.map(PhoneNumber::from_database),
        vapi_calls: texts("calls")?,
        twilio_messages: texts("messages")?,
        archives: texts("archives")?,
    })
}

/// Empties what is about the contact, and counts it.
pub(super) async fn erase(
    tx: &TenantTx,
    request: GdprRequestId,
    contact: ContactId,
    known: &Traces,
    now: Timestamp,
    receipts: &mut Value,
) -> Result<(), DbError> {
    let phone = known.phone.as_ref().map(PhoneNumber::as_str);
    // While the rows still say whose they are.
    let events = tx
        .query_one(
            "-- gdpr.erase_contact_events
             select zencall.erase_contact_events($1) as erased",
            &[&request],
        )
        .await?;
    let events: i32 = events.try_get("erased").map_err(DbError::Statement)?;
    receipts["events"] = events.into();
    for (member, sql) in [
        (
            "turns",
            "-- gdpr.erase_contact_turns
             delete from call_turns t using calls c
              where t.organization_id = $1 and c.organization_id = $1 and c.id = t.call_id
                and (c.contact_id = $2 or c.phone = $3) and $4::timestamptz is not null",
        ),
        (
            "appointments",
            "-- gdpr.erase_contact_appointments
             update appointments set name = null, phone = null, email = null, notes = null, updated_at = $4
              where organization_id = $1 and (contact_id = $2 or phone = $3)",
        ),
        (
            "messages",
            "-- gdpr.erase_contact_messages
             update messages set phone = '', number_hash = null, body = '', contact_id = null, twilio_message_sid = null, updated_at = $4
              where organization_id = $1 and (contact_id = $2 or phone = $3)",
        ),
        (
            "calls",
            "-- gdpr.erase_contact_calls
             update calls set phone = null, summary = null, transfer_destination = null, contact_id = null,
                              recording_available = false, vapi_call_id = null, updated_at = $4
              where organization_id = $1 and (contact_id = $2 or phone = $3)",
        ),
    ] {
        let touched = tx.execute(sql, &[&tx.organization(), &contact, &phone, &now]).await?;
        receipts[member] = touched.into();
    }
    Ok(())
}

/// Takes the number off the chain of proofs: members see it no more, and whoever has to prove finds it by its hash. Returns
/// how many entries are kept.
pub(super) async fn restrict_proofs(
    tx: &TenantTx,
    phone: &PhoneNumber,
    hash: &Bytes,
) -> Result<i64, DbError> {
    let row = tx
        .query_one(
            "-- gdpr.restrict_proofs
             with restricted as (
               update consent_people set phone = null, phone_hash = $3 where organization_id = $1 and phone = $2
               returning length
             )
             select coalesce(sum(length), 0) as kept from restricted",
            &[&tx.organization(), &phone.as_str(), hash],
        )
        .await?;
    row.try_get("kept").map_err(DbError::Statement)
}

/// The number in clear goes from the list; the hash has taken its place.
pub(super) async fn forget_number(tx: &TenantTx, phone: &PhoneNumber) -> Result<(), DbError> {
    tx.execute(
        "-- gdpr.forget_number
         delete from do_not_call where organization_id = $1 and phone = $2",
        &[&tx.organization(), &phone.as_str()],
    )
    .await
    .map(drop)
}

/// Deletes the contact with its places in campaigns; `false` while a call is under way.
pub(super) async fn delete_contact(tx: &TenantTx, contact: ContactId) -> Result<bool, DbError> {
    let row = tx
        .query_one(
            "-- gdpr.delete_contact
             with in_call as (
               select from campaign_contacts where organization_id = $1 and contact_id = $2 and status = 'active'
             ), deleted as (
               delete from contacts
                where organization_id = $1 and id = $2 and not exists (select from in_call)
             )
             select not exists (select from in_call) as deleted",
            &[&tx.organization(), &contact],
        )
        .await?;
    row.try_get("deleted").map_err(DbError::Statement)
}

/// Notes that it is done; `false` where the claim was lost.
pub(super) async fn complete(
    tx: &TenantTx,
    claim: &Claim,
    now: Timestamp,
    receipts: &Value,
) -> Result<bool, DbError> {
    let completed = tx
        .execute(
            "-- gdpr.complete_about_contact
             update gdpr_requests
                set status = 'completed', receipts = $4, completed_at = $5, updated_at = $5, lease_until = null
              where organization_id = $1 and id = $2 and status = 'processing' and lease_until = $3",
            &[&tx.organization(), &claim.request.id, &claim.until, receipts, &now],
        )
        .await?;
    Ok(completed == 1)
}
