//! Campaigns themselves: made, read, changed, deleted, and their contacts.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::get;
use crate::campaigns::windows::{CallWindow, CallWindows};
use crate::campaigns::{
    Advertiser, Campaign, CampaignError, Settings, Status, settings, timezone_from_database,
};
use crate::db::{DbError, OnConstraint, TenantTx};
use crate::kernel::ids::{CampaignId, ContactId, UserId};
use crate::kernel::{PageRequest, Timezone};
use crate::law::{LegalBasis, Sector};

pub(super) const COLUMNS: &str = "c.id, c.name, c.assistant_id, c.object, c.legal_basis, c.advertiser_name, c.advertiser_siren,
    c.sector, c.status, c.pause_reason, c.timezone, c.call_windows, c.max_attempts, c.retry_delay_minutes, c.retry_on,
    c.concurrent_calls, c.max_cost, c.scheduled_at, c.started_at, c.ended_at, c.created_at, c.updated_at,
    c.total_contacts";

pub(in crate::campaigns) async fn insert(
    tx: &TenantTx,
    campaign: &Campaign,
    created_by: Option<UserId>,
) -> Result<(), CampaignError> {
    let settings = &campaign.settings;
    tx.execute(
        "-- campaigns.insert
         insert into campaigns (id, organization_id, name, assistant_id, object, legal_basis, advertiser_name,
                                advertiser_siren, sector, timezone, call_windows, max_attempts, retry_delay_minutes,
                                retry_on, concurrent_calls, max_cost, scheduled_at, created_by, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19)",
        &[
            &campaign.id,
            &tx.organization(),
            &campaign.name,
            &campaign.assistant,
            &campaign.object,
            &campaign.legal_basis.as_str(),
            &campaign.advertiser.name,
            &campaign.advertiser.siren,
            &campaign.sector.as_str(),
            &settings.timezone.as_str(),
            &windows_json(&settings.call_windows),
            &settings.max_attempts,
            &settings.retry_delay_minutes,
            &outcomes(settings),
            &settings.concurrent_calls,
            &settings.max_cost,
            &campaign.scheduled_at,
            &created_by,
            &campaign.created_at,
        ],
    )
    .await
    .map(drop)
    .on_constraint(ASSISTANT_OF_TENANT, || CampaignError::AssistantNotFound)
}

const ASSISTANT_OF_TENANT: &str = "campaigns_organization_id_assistant_id_fkey";

pub(in crate::campaigns) async fn update(
    tx: &TenantTx,
    campaign: &Campaign,
    now: Timestamp,
) -> Result<(), CampaignError> {
    let settings = &campaign.settings;
    tx.execute(
        "-- campaigns.update
         update campaigns
            set name = $3, assistant_id = $4, object = $5, legal_basis = $6, advertiser_name = $7, advertiser_siren = $8,
                sector = $9, timezone = $10, call_windows = $11, max_attempts = $12, retry_delay_minutes = $13,
                retry_on = $14, concurrent_calls = $15, max_cost = $16, scheduled_at = $17, updated_at = $18
          where organization_id = $2 and id = $1",
        &[
            &campaign.id,
            &tx.organization(),
            &campaign.name,
            &campaign.assistant,
            &campaign.object,
            &campaign.legal_basis.as_str(),
            &campaign.advertiser.name,
            &campaign.advertiser.siren,
            &campaign.sector.as_str(),
            &settings.timezone.as_str(),
            &windows_json(&settings.call_windows),
            &settings.max_attempts,
            &settings.retry_delay_minutes,
            &outcomes(settings),
            &settings.concurrent_calls,
            &settings.max_cost,
            &campaign.scheduled_at,
            &now,
        ],
    )
    .await
    .map(drop)
    .on_constraint(ASSISTANT_OF_TENANT, || CampaignError::AssistantNotFound)
}

pub(in crate::campaigns) async fn find(tx: &TenantTx, id: CampaignId) -> Result<Option<Campaign>, DbError> {
    let sql = format!(
        "-- campaigns.find\n select {COLUMNS} from campaigns c where c.organization_id = $1 and c.id = $2"
    );
    tx.query_opt(&sql, &[&tx.organization(), &id])
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// The campaign, locked until the transaction ends.
pub(in crate::campaigns) async fn lock(tx: &TenantTx, id: CampaignId) -> Result<Campaign, CampaignError> {
    let sql = format!(
        "-- campaigns.lock\n select {COLUMNS} from campaigns c where c.organization_id = $1 and c.id = $2 for update of c"
    );
    let row = tx.query_opt(&sql, &[&tx.organization(), &id]).await?;
    Ok(read(&row.ok_or(CampaignError::NotFound)?)?)
}

pub(in crate::campaigns) async fn list(tx: &TenantTx, page: PageRequest) -> Result<Vec<Campaign>, DbError> {
    let sql = format!(
        "-- campaigns.list
         select {COLUMNS} from campaigns c
          where c.organization_id = $1 and ($2::uuid is null or c.id < $2)
          order by c.id desc limit $3"
    );
    let rows = tx
        .query(&sql, &[&tx.organization(), &page.after, &page.rows_to_fetch()])
        .await?;
    rows.iter().map(read).collect()
}

/// Whether calls of it are under way, or their end is not known yet.
pub(in crate::campaigns) async fn is_calling(tx: &TenantTx, id: CampaignId) -> Result<bool, DbError> {
    let row = tx
        .query_one(
            "-- campaigns.is_calling
             select exists (select from campaign_contacts where campaign_id = $1 and status = 'active') as is_calling",
            &[&id],
        )
        .await?;
    get(&row, "is_calling")
}

/// Deletes it.
pub(in crate::campaigns) async fn delete(tx: &TenantTx, id: CampaignId) -> Result<(), DbError> {
    tx.execute(
        "-- campaigns.delete\n delete from campaigns where organization_id = $1 and id = $2",
        &[&tx.organization(), &id],
    )
    .await
    .map(drop)
}

/// What became of the wanted contacts: each is one of new, new and not to be called, there already, or unknown.
pub(in crate::campaigns) struct Added {
    pub(in crate::campaigns) callable: i64,
    pub(in crate::campaigns) suppressed: i64,
    pub(in crate::campaigns) already_present: i64,
    /// The first of the suppressed ones.
    pub(in crate::campaigns) suppressed_ids: Vec<ContactId>,
    /// Ids that are no contact of this organisation.
    pub(in crate::campaigns) unknown: Vec<ContactId>,
}

/// Adds contacts by id, by tag or both; the suppressed ones are added too, so that the report says why nobody calls them.
pub(in crate::campaigns) async fn add_contacts(
    tx: &TenantTx,
    campaign: CampaignId,
    ids: &[ContactId],
    tags: &[String],
    now: Timestamp,
) -> Result<Added, DbError> {
    let row = tx
        .query_one(
            "-- campaigns.add_contacts
             with wanted as (
               select p.id, p.do_not_call or exists (
                        select from do_not_call n where n.organization_id = $1 and n.phone = p.phone) as do_not_call
                 from contacts p
                where p.organization_id = $1 and (p.id = any ($3) or p.tags && $4)
             ), added as (
               insert into campaign_contacts (organization_id, campaign_id, contact_id, due_at, created_at, updated_at)
               select $1, $2, w.id, $5, $5, $5 from wanted w
               on conflict do nothing returning contact_id
             ), suppressed as (
               select a.contact_id from added a join wanted w on w.id = a.contact_id where w.do_not_call
             )
             select (select count(*) from added) as added, (select count(*) from wanted) as wanted,
                    (select count(*) from suppressed) as suppressed,
                    array(select s.contact_id from suppressed s order by s.contact_id limit 1000) as suppressed_ids,
                    array(select i from unnest($3) i except select w.id from wanted w) as unknown",
            &[&tx.organization(), &campaign, &ids, &tags, &now],
        )
        .await?;
    let (added, wanted): (i64, i64) = (get(&row, "added")?, get(&row, "wanted")?);
    let suppressed: i64 = get(&row, "suppressed")?;
    Ok(Added {
        callable: added - suppressed,
        suppressed,
        already_present: wanted - added,
        suppressed_ids: get(&row, "suppressed_ids")?,
        unknown: get(&row, "unknown")?,
    })
}

fn windows_json(windows: &CallWindows) -> serde_json::Value {
    // Windows are words and lists of words, which always serialise.
    serde_json::to_value(windows).unwrap_or_default()
}

fn outcomes(settings: &Settings) -> Vec<&'static str> {
    settings.retry_on.iter().map(|outcome| outcome.as_str()).collect()
}

/// Windows as the database keeps them; unreadable ones never open.
pub(in crate::campaigns) fn windows_from_database(json: serde_json::Value) -> Option<CallWindows> {
    let windows: Vec<CallWindow> = serde_json::from_value(json).ok()?;
    CallWindows::parse(windows).ok()
}

pub(super) fn read(row: &Row) -> Result<Campaign, DbError> {
    let status: String = get(row, "status")?;
    let basis: String = get(row, "legal_basis")?;
    let sector: String = get(row, "sector")?;
    let retry_on: Vec<String> = get(row, "retry_on")?;
    Ok(Campaign {
        id: get(row, "id")?,
        name: get(row, "name")?,
        assistant: get(row, "assistant_id")?,
        object: get(row, "object")?,
        legal_basis: LegalBasis::parse(&basis).map_err(|_| DbError::Aborted)?,
        advertiser: Advertiser {
            name: get(row, "advertiser_name")?,
            siren: get(row, "advertiser_siren")?,
        },
        sector: Sector::parse(&sector).map_err(|_| DbError::Aborted)?,
        status: Status::parse(&status).ok_or(DbError::Aborted)?,
        pause_reason: get(row, "pause_reason")?,
        settings: Settings {
            timezone: timezone_from_database(&get::<String>(row, "timezone")?),
            call_windows: windows_from_database(get(row, "call_windows")?).ok_or(DbError::Aborted)?,
            max_attempts: get(row, "max_attempts")?,
            retry_delay_minutes: get(row, "retry_delay_minutes")?,
            retry_on: settings::parse_retry_on(&retry_on).map_err(|_| DbError::Aborted)?,
            concurrent_calls: get(row, "concurrent_calls")?,
            max_cost: get(row, "max_cost")?,
        },
        scheduled_at: get(row, "scheduled_at")?,
        started_at: get(row, "started_at")?,
        ended_at: get(row, "ended_at")?,
        created_at: get(row, "created_at")?,
        updated_at: get(row, "updated_at")?,
        total_contacts: get(row, "total_contacts")?,
    })
}

/// The organisation as the one on whose behalf people are called, and its zone.
pub(in crate::campaigns) async fn own_defaults(tx: &TenantTx) -> Result<(Advertiser, Timezone), DbError> {
    let row = tx
        .query_one(
            "-- campaigns.own_defaults
             select name, left(company_registration, 9) as siren, timezone from organizations",
            &[],
        )
        .await?;
    let advertiser = Advertiser {
        name: get(&row, "name")?,
        siren: get(&row, "siren")?,
    };
    Ok((
        advertiser,
        timezone_from_database(&get::<String>(&row, "timezone")?),
    ))
}
