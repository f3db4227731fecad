//! `/contacts/imports`: files that no request could bring.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use utoipa::ToSchema;
use zencall::App;
use zencall::adapters::storage::{Storage, StorageError};
use zencall::http::{
    Answer, Caller, HoldsSecret, Json, ListOf, ListQuery, Member, NoFilter, Prefers, ProblemBody,
};
use zencall::imports::{self, Import, LINK_LIFETIME, RowFault, Status};
use zencall::kernel::ids::ImportId;
use zencall::kernel::{Faults, Name};

/// The storage client, made at its first use.
pub(crate) type Bucket = Arc<OnceCell<Storage>>;

/// A file to import.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewImport {
    /// What it is called.
    #[serde(default)]
    #[schema(value_type = String, required, max_length = 200)]
    file_name: Member<String>,
}

/// A file of contacts that is imported.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportView {
    id: ImportId,
    file_name: String,
    /// `waiting` for its file, `processing`, `completed`, `failed` or `cancelled`.
    status: Status,
    /// Why it failed.
    #[schema(required)]
    reason: Option<ReasonView>,
    /// How large its file is, once it is there.
    #[schema(required)]
    total_bytes: Option<i64>,
    /// How much of it is read.
    bytes_read: i64,
    /// How many rows are read.
    rows_read: usize,
    /// Numbers that are new to the organisation.
    imported: usize,
    /// Rows that met a known number.
    updated: usize,
    /// Rows that were not taken.
    rejected: usize,
    /// Rows that were taken, of contacts whom nobody may call as they are: on a list of those who object, abroad, or, for
    /// whoever wants to sell, on a clock that nobody knows. As the gate says.
    refused: Vec<RefusedView>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When its file was there.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// When it was over.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
}

/// Why a file was not imported, or not to its end.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReasonView {
    /// Stable, for programs.
    code: String,
    /// For a person.
    message: String,
}

/// How many rows are contacts whom nobody may call as they are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRefused)]
pub struct RefusedView {
    /// The gate's code.
    code: String,
    /// Where that is written.
    rule: String,
    count: usize,
}

/// One fault of one row.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowFaultView {
    /// The line of the file, its header being line 1.
    line: usize,
    /// The member.
    field: String,
    /// Stable, for programs.
    code: String,
    /// For a person.
    message: String,
    /// What was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<String>,
}

/// An import with its links.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportDetail {
    #[serde(flatten)]
    import: ImportView,
    /// The first hundred faults; all of them stand in the outcome.
    errors: Vec<RowFaultView>,
    /// Where to `PUT` the file, within the hour that follows the request: CSV of at most 64 MiB and a million lines, in
    /// UTF-8, UTF-16 or Windows-1252. Null once it is there.
    #[schema(required)]
    upload_url: Option<String>,
    /// A CSV file with the outcome of each row, good for 15 minutes; null until the import is over, and after a week.
    #[schema(required)]
    outcome_url: Option<String>,
}

/// An import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportJobAnswer {
    import: ImportDetail,
}

/// Ask for an import: its file is then `PUT` to `upload_url`, and read as soon as it is there, whoever waits.
#[utoipa::path(post, path = "/api/v1/contacts/imports", tag = "contacts", request_body = NewImport,
    responses((status = 201, body = ImportJobAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn create_import(
    State(app): State<App>,
    caller: Caller,
    prefers: Prefers,
    Extension(bucket): Extension<Bucket>,
    Json(request): Json<NewImport>,
) -> Answer<HoldsSecret<(StatusCode, Json<ImportJobAnswer>)>> {
    let mut faults = Faults::default();
    let file_name = request
        .file_name
        .required("file_name", &mut faults, |typed| Name::parse(&typed));
    let file_name = faults.finish(|| file_name)?;
    let import = imports::create(&app, &caller, &file_name, prefers.into()).await?;
    let answer = ImportDetail::of(&app, &caller, &bucket, import, prefers).await?;
    Ok(HoldsSecret((StatusCode::CREATED, Json(answer))))
}

/// The organisation's imports, newest first.
#[utoipa::path(get, path = "/api/v1/contacts/imports", tag = "contacts",
    params(("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before")),
    responses((status = 200, body = ListOf<ImportView>), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn list_imports(
    State(app): State<App>,
    caller: Caller,
    prefers: Prefers,
    ListQuery { page, .. }: ListQuery<NoFilter>,
) -> Answer<Json<ListOf<ImportView>>> {
    let imports = imports::list(&app, &caller, page).await?;
    Ok(Json(ListOf::from_page(imports, |import| {
        ImportView::of(&import, prefers)
    })))
}

/// How far an import has come, and, when it is over, a link to the outcome of each row.
#[utoipa::path(get, path = "/api/v1/contacts/imports/{id}", tag = "contacts",
    params(("id" = String, Path, description = "The import's id")),
    responses((status = 200, body = ImportJobAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn read_import(
    State(app): State<App>,
    caller: Caller,
    prefers: Prefers,
    Extension(bucket): Extension<Bucket>,
    Path(id): Path<String>,
) -> Answer<Json<ImportJobAnswer>> {
    let import = imports::read(&app, &caller, &id).await?;
    Ok(Json(
        ImportDetail::of(&app, &caller, &bucket, import, prefers).await?,
    ))
}

/// Stop an import; rows that were read stay. 409 `import_state` once it is over.
#[utoipa::path(post, path = "/api/v1/contacts/imports/{id}/cancel", tag = "contacts",
    params(("id" = String, Path, description = "The import's id")),
    responses((status = 200, body = ImportJobAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn cancel_import(
    State(app): State<App>,
    caller: Caller,
    prefers: Prefers,
    Extension(bucket): Extension<Bucket>,
    Path(id): Path<String>,
) -> Answer<HoldsSecret<Json<ImportJobAnswer>>> {
    let import = imports::cancel(&app, &caller, &id).await?;
    let answer = ImportDetail::of(&app, &caller, &bucket, import, prefers).await?;
    Ok(HoldsSecret(Json(answer)))
}

impl ImportView {
    fn of(import: &Import, prefers: Prefers) -> Self {
        let refused = import.counts.refused.iter();
        Self {
            id: import.id,
            file_name: import.file_name.clone(),
            status: import.status,
            reason: import.reason.as_ref().map(|reason| ReasonView {
                code: reason.code.clone(),
                message: prefers.choose(&reason.text()).to_owned(),
            }),
            total_bytes: import.total_bytes,
            bytes_read: import.bytes_read,
            rows_read: import.counts.rows_read,
            imported: import.counts.imported,
            updated: import.counts.updated,
            rejected: import.counts.rejected,
            refused: refused
                .map(|(code, refused)| RefusedView {
                    code: code.clone(),
                    rule: refused.rule.clone(),
                    count: refused.count,
                })
                .collect(),
            created_at: import.created_at,
            started_at: import.started_at,
            completed_at: import.completed_at,
        }
    }
}

impl ImportDetail {
    async fn of(
        app: &App,
        caller: &Caller,
        bucket: &Bucket,
        import: Import,
        prefers: Prefers,
    ) -> Result<ImportJobAnswer, StorageError> {
        let now = app.clock.now();
        let upload = (import.status == Status::Waiting)
            .then(|| import.upload_key(caller.organization))
            .zip(import.upload_time_left(now));
        let upload_url = match upload {
            Some((key, left)) => Some(client(app, bucket).await?.signed_upload(&key, left).await?),
            None => None,
        };
        let outcome_url = match import.outcome_key(caller.organization, now) {
            Some(key) => Some(
                client(app, bucket)
                    .await?
                    .signed_link(&key, LINK_LIFETIME)
                    .await?,
            ),
            None => None,
        };
        let fault = |fault: &RowFault| RowFaultView {
            line: fault.line,
            field: fault.field.clone(),
            code: fault.fault.code.clone(),
            message: prefers.choose(&fault.fault.text()).to_owned(),
            suggestion: fault.suggestion.clone(),
        };
        Ok(ImportJobAnswer {
            import: Self {
                errors: import.counts.errors.iter().map(fault).collect(),
                import: ImportView::of(&import, prefers),
                upload_url,
                outcome_url,
            },
        })
    }
}

async fn client<'a>(app: &App, bucket: &'a Bucket) -> Result<&'a Storage, StorageError> {
    bucket
        .get_or_try_init(async || Storage::new(app.aws().await, &app.config.export_bucket))
        .await
}
