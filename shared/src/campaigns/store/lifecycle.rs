//! The SQL of a campaign's steps: begun, paused, resumed, cancelled.

use jiff::Timestamp;

use super::campaign::{COLUMNS, read};
use super::get;
use crate::assistants::{Compliance, read_compliance};
use crate::campaigns::{Campaign, CampaignError, Status};
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{AssistantId, CampaignId};

/// The line that a campaign would call from, and whether there is somebody to speak.
pub(in crate::campaigns) struct Line {
    pub(in crate::campaigns) has_assistant: bool,
    pub(in crate::campaigns) assistant: AssistantId,
    pub(in crate::campaigns) compliance: Compliance,
    pub(in crate::campaigns) is_configured: bool,
    pub(in crate::campaigns) phone_number: Option<String>,
}

/// The campaign, locked, with the line that it would call from.
pub(in crate::campaigns) async fn lock_to_start(
    tx: &TenantTx,
    id: CampaignId,
) -> Result<(Campaign, Line), CampaignError> {
    let sql = format!(
        "-- campaigns.lock_to_start
         select {COLUMNS}, o.twilio_phone_number, s.deleted_at is null as has_assistant, s.id as speaker,
                s.disclosures_version, s.checked_at, s.drifted_at,
                o.twilio_configured and o.vapi_phone_number_id is not null as is_configured
           from campaigns c
           join organizations o on o.id = c.organization_id
           join assistants s on s.organization_id = c.organization_id and s.id = c.assistant_id
          where c.organization_id = $1 and c.id = $2 for update of c"
    );
    let row = tx
        .query_opt(&sql, &[&tx.organization(), &id])
        .await?
        .ok_or(CampaignError::NotFound)?;
    let line = Line {
        has_assistant: get(&row, "has_assistant")?,
        assistant: get(&row, "speaker")?,
        compliance: read_compliance(&row)?,
        is_configured: get(&row, "is_configured")?,
        phone_number: get(&row, "twilio_phone_number")?,
    };
    Ok((read(&row)?, line))
}

/// The campaign runs, or will at its time.
pub(in crate::campaigns) async fn begin(
    tx: &TenantTx,
    id: CampaignId,
    status: Status,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.begin
         update campaigns set status = $3, started_at = case when $3 = 'running' then $4 end, updated_at = $4
          where organization_id = $1 and id = $2",
        &[&tx.organization(), &id, &status.as_str(), &now],
    )
    .await
    .map(drop)
}

pub(in crate::campaigns) async fn set_status(
    tx: &TenantTx,
    id: CampaignId,
    status: Status,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.set_status
         update campaigns
            set status = $3, pause_reason = null, pause_told_at = null, updated_at = $4,
                breaker = 'closed', breaker_since = $4, breaker_trips = 0, probe_at = null,
                is_closing = $3 = 'cancelled',
                started_at = case when $3 = 'running' then coalesce(started_at, $4) else started_at end,
                ended_at = case when $3 = 'cancelled' then $4 else ended_at end
          where organization_id = $1 and id = $2",
        &[&tx.organization(), &id, &status.as_str(), &now],
    )
    .await
    .map(drop)
}

/// Pauses every campaign that calls with this assistant, and returns them.
pub(in crate::campaigns) async fn stop_speaking(
    tx: &TenantTx,
    assistant: AssistantId,
    reason: &str,
    now: Timestamp,
) -> Result<Vec<CampaignId>, DbError> {
    let rows = tx
        .query(
            "-- campaigns.stop_speaking
             update campaigns c set status = 'paused', pause_reason = $3, updated_at = $4
              where c.organization_id = $1 and c.assistant_id = $2 and c.status = 'running'
             returning c.id",
            &[&tx.organization(), &assistant, &reason, &now],
        )
        .await?;
    rows.iter().map(|row| get(row, "id")).collect()
}

/// Takes back the attempts of a campaign that nobody has begun to dial: their contacts wait, their slots are free.
pub(in crate::campaigns) async fn release_queued(
    tx: &TenantTx,
    id: CampaignId,
    reason: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.release_queued
         with released as (
           update call_attempts set status = 'released', number_hash = null, released_reason = $3, ended_at = $4
            where organization_id = $1 and campaign_id = $2 and status = 'queued'
           returning id, contact_id
         ), waiting as (
           update campaign_contacts k set status = 'waiting', due_at = $4, updated_at = $4
             from released r
            where k.organization_id = $1 and k.campaign_id = $2 and k.contact_id = r.contact_id and k.status = 'active'
         )
         select zencall.free_slots(array(select id from released))",
        &[&tx.organization(), &id, &reason, &now],
    )
    .await
    .map(drop)
}
