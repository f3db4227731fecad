//! The SQL of assistants.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::{
    Assistant, AssistantError, AssistantKey, AssistantName, AssistantType, Compliance, DISCLOSURES_VERSION,
    MaxDuration, Model, Settings, Voice,
};
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::AssistantId;
use crate::kernel::{Language, Page, PageRequest, PhoneNumber};

const COLUMNS: &str =
    "id, vapi_assistant_id, name, assistant_type, language, model, voice, system_prompt, first_message,
                       transfer_number, max_duration_seconds, recording, disclosures_version, told_hash, checked_at,
                       drifted_at, created_at, updated_at";

impl TryFrom<&Row> for Assistant {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let text = |column| row.try_get::<_, String>(column).map_err(DbError::Statement);
        let instant = |column| row.try_get::<_, Timestamp>(column).map_err(DbError::Statement);
        let number: Option<String> = row.try_get("transfer_number").map_err(DbError::Statement)?;
        Ok(Self {
            id: row.try_get("id").map_err(DbError::Statement)?,
            vapi_assistant_id: text("vapi_assistant_id")?,
            settings: Settings {
                name: AssistantName::from_database(text("name")?),
                // Checks of the table allow nothing else.
                assistant_type: AssistantType::parse(&text("assistant_type")?)
                    .map_err(|_| DbError::Aborted)?,
                language: Language::parse(&text("language")?).map_err(|_| DbError::Aborted)?,
                model: Model::from_database(text("model")?),
                voice: Voice::from_database(text("voice")?),
                system_prompt: text("system_prompt")?,
                first_message: text("first_message")?,
                transfer_number: number.map(PhoneNumber::from_database),
                max_duration: MaxDuration::from_database(
                    row.try_get("max_duration_seconds").map_err(DbError::Statement)?,
                ),
                recording: row.try_get("recording").map_err(DbError::Statement)?,
            },
            compliance: read_compliance(row)?,
            told_hash: row.try_get("told_hash").map_err(DbError::Statement)?,
            created_at: instant("created_at")?,
            updated_at: instant("updated_at")?,
        })
    }
}

/// Whether the assistant says what the law wants said, from a row with its columns.
pub(crate) fn read_compliance(row: &Row) -> Result<Compliance, DbError> {
    Ok(Compliance {
        version: row.try_get("disclosures_version").map_err(DbError::Statement)?,
        wanted: DISCLOSURES_VERSION,
        checked_at: row.try_get("checked_at").map_err(DbError::Statement)?,
        drifted_at: row.try_get("drifted_at").map_err(DbError::Statement)?,
    })
}

/// Every assistant of the organisation.
pub(super) async fn all(tx: &TenantTx) -> Result<Vec<Assistant>, DbError> {
    let sql = format!(
        "-- assistants.all
         select {COLUMNS} from assistants where organization_id = $1 and deleted_at is null order by id"
    );
    let rows = tx.query(&sql, &[&tx.organization()]).await?;
    rows.iter().map(Assistant::try_from).collect()
}

pub(super) async fn find(tx: &TenantTx, key: &AssistantKey) -> Result<Option<Assistant>, DbError> {
    let sql = format!(
        "-- assistants.find
         select {COLUMNS} from assistants
          where organization_id = $1 and (id = $2 or vapi_assistant_id = $3) and deleted_at is null
          order by id = $2 desc nulls last limit 1"
    );
    let row = tx
        .query_opt(&sql, &[&tx.organization(), &key.id(), &key.0])
        .await?;
    row.as_ref().map(Assistant::try_from).transpose()
}

pub(super) async fn list(tx: &TenantTx, page: PageRequest) -> Result<Page<Assistant>, DbError> {
    let sql = format!(
        "-- assistants.list
         select {COLUMNS} from assistants
          where organization_id = $1 and deleted_at is null and ($2::uuid is null or id < $2)
          order by id desc limit $3"
    );
    let rows = tx
        .query(&sql, &[&tx.organization(), &page.after, &page.rows_to_fetch()])
        .await?;
    let assistants = rows.iter().map(Assistant::try_from).collect::<Result<_, _>>()?;
    Ok(Page::from_rows(assistants, page, |assistant: &Assistant| {
        assistant.id
    }))
}

pub(super) async fn insert(
    tx: &TenantTx,
    id: AssistantId,
    vapi_assistant_id: &str,
    settings: &Settings,
    told_hash: &str,
    now: Timestamp,
) -> Result<Assistant, DbError> {
    let sql = format!(
        "-- assistants.insert
         insert into assistants (id, organization_id, vapi_assistant_id, name, assistant_type, language, model, voice,
                                 system_prompt, first_message, transfer_number, max_duration_seconds, recording,
                                 created_at, updated_at, checked_at, told_hash, disclosures_version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $14, $15, $16)
         returning {COLUMNS}"
    );
    let row = tx
        .query_one(
            &sql,
            &[
                &id,
                &tx.organization(),
                &vapi_assistant_id,
                &settings.name.as_str(),
                &settings.assistant_type.as_str(),
                &settings.language.as_str(),
                &settings.model.as_str(),
                &settings.voice.as_str(),
                &settings.system_prompt,
                &settings.first_message,
                &settings.transfer_number.as_ref().map(PhoneNumber::as_str),
                &settings.max_duration.seconds(),
                &settings.recording,
                &now,
                &told_hash,
                &DISCLOSURES_VERSION,
            ],
        )
        .await?;
    Assistant::try_from(&row)
}

/// Writes new settings, if the row is still the one that they were made from.
pub(super) async fn update(
    tx: &TenantTx,
    before: &Assistant,
    settings: &Settings,
    told_hash: &str,
    now: Timestamp,
) -> Result<Assistant, AssistantError> {
    let sql = format!(
        "-- assistants.update
         update assistants
            set name = $4, assistant_type = $5, language = $6, model = $7, voice = $8, system_prompt = $9,
                first_message = $10, transfer_number = $11, max_duration_seconds = $12, recording = $13,
                updated_at = $14, checked_at = $14, drifted_at = null, told_hash = $15, disclosures_version = $16
          where organization_id = $1 and id = $2 and updated_at = $3 and deleted_at is null
         returning {COLUMNS}"
    );
    let row = tx
        .query_opt(
            &sql,
            &[
                &tx.organization(),
                &before.id,
                &before.updated_at,
                &settings.name.as_str(),
                &settings.assistant_type.as_str(),
                &settings.language.as_str(),
                &settings.model.as_str(),
                &settings.voice.as_str(),
                &settings.system_prompt,
                &settings.first_message,
                &settings.transfer_number.as_ref().map(PhoneNumber::as_str),
                &settings.max_duration.seconds(),
                &settings.recording,
                &now,
                &told_hash,
                &DISCLOSURES_VERSION,
            ],
        )
        .await?
        .ok_or(AssistantError::Changed)?;
    Ok(Assistant::try_from(&row)?)
}

/// Locks an assistant against campaigns that would choose it, and returns it.
pub(super) async fn lock(tx: &TenantTx, key: &AssistantKey) -> Result<Option<Assistant>, DbError> {
    let sql = format!(
        "-- assistants.lock
         select {COLUMNS} from assistants
          where organization_id = $1 and (id = $2 or vapi_assistant_id = $3) and deleted_at is null
          order by id = $2 desc nulls last limit 1
            for update"
    );
    let row = tx
        .query_opt(&sql, &[&tx.organization(), &key.id(), &key.0])
        .await?;
    row.as_ref().map(Assistant::try_from).transpose()
}

/// Marks an assistant deleted, unless a campaign that calls or will call needs it.
pub(super) async fn mark_deleted(
    tx: &TenantTx,
    id: AssistantId,
    now: Timestamp,
) -> Result<(), AssistantError> {
    let marked = tx
        .execute(
            "-- assistants.mark_deleted
             update assistants set deleted_at = $3, updated_at = $3
              where organization_id = $1 and id = $2
                and not exists (select from campaigns c
                                 where c.organization_id = $1 and c.assistant_id = $2
                                   and c.status in ('running', 'scheduled', 'paused'))",
            &[&tx.organization(), &id, &now],
        )
        .await?;
    if marked == 1 {
        Ok(())
    } else {
        Err(AssistantError::InUse)
    }
}

/// Takes the mark away again; the assistant is as it was.
pub(super) async fn bring_back(tx: &TenantTx, before: &Assistant) -> Result<(), DbError> {
    tx.execute(
        "-- assistants.bring_back
         update assistants set deleted_at = null, updated_at = $3 where organization_id = $1 and id = $2",
        &[&tx.organization(), &before.id, &before.updated_at],
    )
    .await
    .map(drop)
}
