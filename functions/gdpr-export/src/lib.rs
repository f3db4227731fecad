//! `gdpr-export`: asking for one's data, and fetching the archive.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::App;
use zencall::adapters::storage::{Storage, StorageError};
use zencall::gdpr::export::LINK_LIFETIME;
use zencall::gdpr::{self, GdprError, GdprRequest, RequestType, Scope, WantedExport};
use zencall::http::{self, Answer, Caller, Json, Member, ProblemBody};
use zencall::kernel::ids::{ContactId, GdprRequestId};
use zencall::kernel::{Faults, Role};

/// The storage client, made at its first use.
type Bucket = Arc<OnceCell<Storage>>;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    http::api()
        .routes(routes!(request_export))
        .routes(routes!(read_export))
        .routes(routes!(export_contact))
        .routes(routes!(erase_contact))
        .layer(Extension(Bucket::default()))
}

/// What is wanted; without a body, the caller's own data.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct RequestExport {
    /// `data_export` (default) or `data_access`: the same data, for access with the information that goes with them.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    request_type: Member<String>,
    /// `self` (default), or `organization`, which only an administrator may ask for.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    scope: Member<String>,
}

impl RequestExport {
    fn parse(self) -> Result<WantedExport, Faults> {
        let mut faults = Faults::default();
        let request_type = self.request_type.optional("request_type", &mut faults, |typed| {
            RequestType::parse_export(&typed)
        });
        let scope = self
            .scope
            .optional("scope", &mut faults, |typed| Scope::parse(&typed));
        faults.finish(|| {
            Some(WantedExport {
                request_type: request_type.unwrap_or(RequestType::DataExport),
                scope: scope.unwrap_or(Scope::Own),
            })
        })
    }
}

/// A request for data.
#[derive(Debug, Serialize, ToSchema)]
struct ExportView {
    #[schema(value_type = String, format = Uuid)]
    id: GdprRequestId,
    /// `data_export` or `data_access`.
    request_type: &'static str,
    /// `self` or `organization`.
    scope: &'static str,
    /// `pending`, `processing`, `completed`, `rejected`, `failed`.
    status: String,
    /// Why it was rejected or failed: a code.
    #[schema(required)]
    reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
    /// A link to a zip, made for this answer and good for 15 minutes; null until the archive is written, and once it has
    /// expired.
    #[schema(required)]
    data_url: Option<String>,
    /// Until when the archive is kept.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

impl ExportView {
    fn answer(request: GdprRequest, data_url: Option<String>) -> Json<ExportAnswer> {
        Json(ExportAnswer {
            request: Self {
                id: request.id,
                request_type: request.request_type.as_str(),
                scope: request.scope.as_str(),
                status: request.status,
                reason: request.reason,
                created_at: request.created_at,
                completed_at: request.completed_at,
                data_url,
                expires_at: request.expires_at,
            },
        })
    }
}

/// A request for data.
#[derive(Debug, Serialize, ToSchema)]
struct ExportAnswer {
    request: ExportView,
}

/// Asks for one's data (RGPD, articles 15 and 20), three times a day; while one is being written, the same request is
/// answered again.
#[utoipa::path(post, path = "/api/v1/gdpr/export", tag = "gdpr", request_body = Option<RequestExport>,
    responses((status = 202, body = ExportAnswer), (status = "4XX", body = ProblemBody)))]
async fn request_export(
    State(app): State<App>,
    caller: Caller,
    body: Option<Json<RequestExport>>,
) -> Answer<(StatusCode, Json<ExportAnswer>)> {
    let wanted = body.map(|Json(body)| body).unwrap_or_default().parse()?;
    if wanted.scope == Scope::Organization {
        caller.require(Role::Admin)?;
    }
    let request = gdpr::request_export(&app, &caller, wanted).await?;
    Ok((StatusCode::ACCEPTED, ExportView::answer(request, None)))
}

/// A request about somebody whom the organisation calls.
#[derive(Debug, Serialize, ToSchema)]
struct ContactRequestView {
    #[schema(value_type = String, format = Uuid)]
    id: GdprRequestId,
    /// `data_access` or `data_deletion`.
    request_type: &'static str,
    /// `contact`.
    scope: &'static str,
    #[schema(value_type = String, format = Uuid)]
    contact_id: Option<ContactId>,
    /// `pending`, `processing`, `completed`, `failed`.
    status: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A request about somebody whom the organisation calls.
#[derive(Debug, Serialize, ToSchema)]
struct ContactRequestAnswer {
    request: ContactRequestView,
}

async fn about_contact(
    app: &App,
    caller: &Caller,
    contact: &str,
    request_type: RequestType,
) -> Answer<(StatusCode, Json<ContactRequestAnswer>)> {
    let request = gdpr::request_for_contact(app, caller, contact, request_type).await?;
    let request = ContactRequestView {
        id: request.id,
        request_type: request.request_type.as_str(),
        scope: request.scope.as_str(),
        contact_id: request.contact,
        status: request.status,
        created_at: request.created_at,
    };
    Ok((StatusCode::ACCEPTED, Json(ContactRequestAnswer { request })))
}

/// Asks for everything that is held about somebody whom the organisation calls, in their name (RGPD, articles 15 and 20):
/// an archive, read at `/gdpr/export/{id}` by whoever asked.
#[utoipa::path(post, path = "/api/v1/gdpr/contacts/{id}/export", tag = "gdpr",
    params(("id" = String, Path, description = "The contact")),
    responses((status = 202, body = ContactRequestAnswer), (status = "4XX", body = ProblemBody)))]
async fn export_contact(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<(StatusCode, Json<ContactRequestAnswer>)> {
    about_contact(&app, &caller, &id, RequestType::DataAccess).await
}

/// Asks for somebody whom the organisation calls to be forgotten (RGPD, article 17). They are called and texted no more when
/// this answers; what was said and written is then erased here, at Vapi and at Twilio, and the number cannot be brought back.
/// Proofs of consent are kept for three years without it.
#[utoipa::path(post, path = "/api/v1/gdpr/contacts/{id}/erase", tag = "gdpr",
    params(("id" = String, Path, description = "The contact")),
    responses((status = 202, body = ContactRequestAnswer), (status = "4XX", body = ProblemBody)))]
async fn erase_contact(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<(StatusCode, Json<ContactRequestAnswer>)> {
    about_contact(&app, &caller, &id, RequestType::DataDeletion).await
}

/// Reads one of one's own exports, with a fresh link where its archive is there.
#[utoipa::path(get, path = "/api/v1/gdpr/export/{id}", tag = "gdpr", params(("id" = String, Path, description = "The request")),
    responses((status = 200, body = ExportAnswer), (status = "4XX", body = ProblemBody)))]
async fn read_export(
    State(app): State<App>,
    caller: Caller,
    Extension(bucket): Extension<Bucket>,
    Path(id): Path<String>,
) -> Answer<Json<ExportAnswer>> {
    let id = GdprRequestId::parse(&id).map_err(|_| GdprError::NotFound)?;
    let request = gdpr::read_export(&app, &caller, id).await?;
    let link = match request.archive(app.clock.now()) {
        Some(key) => Some(signed_link(&app, &bucket, key).await?),
        None => None,
    };
    if link.is_some() {
        gdpr::note_download(&app, &caller, id).await?;
    }
    Ok(ExportView::answer(request, link))
}

async fn signed_link(app: &App, bucket: &Bucket, key: &str) -> Result<String, StorageError> {
    let storage = bucket
        .get_or_try_init(async || Storage::new(app.aws().await, &app.config.export_bucket))
        .await?;
    storage.signed_link(key, LINK_LIFETIME).await
}
