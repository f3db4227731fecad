//! `/gdpr/requests`: asking to be forgotten, and changing one's mind.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zencall::App;
use zencall::gdpr::{self, GdprError, GdprRequest, Scope, WantedDeletion};
use zencall::http::{Answer, Caller, Json, ListOf, ListQuery, Member, NoFilter, ProblemBody};
use zencall::kernel::ids::{ContactId, GdprRequestId, UserId};
use zencall::kernel::{Faults, Invalid, Role};

/// Who is to be forgotten. `Debug` is left out: the body holds a password.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct RequestDeletion {
    /// `data_deletion`.
    #[serde(default)]
    #[schema(value_type = String, required)]
    request_type: Member<String>,
    /// The caller's own.
    #[serde(default)]
    #[schema(value_type = String, required)]
    password: Member<String>,
    /// `self` (default), or `organization`, which only an administrator may ask for.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    scope: Member<String>,
    /// Where it is given, it must be the caller's id.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    user_id: Member<String>,
}

impl RequestDeletion {
    fn parse(self) -> Result<WantedDeletion, Faults> {
        let mut faults = Faults::default();
        let request_type = self.request_type.required("request_type", &mut faults, |typed| {
            if typed == "data_deletion" {
                Ok(())
            } else {
                Err(Invalid::new(
                    "request_type_invalid",
                    "Le type de demande est data_deletion ; un export se demande à /gdpr/export.",
                    "The type of the request is data_deletion; an export is asked for at /gdpr/export.",
                ))
            }
        });
        let password = self.password.required("password", &mut faults, Ok);
        let scope = self
            .scope
            .optional("scope", &mut faults, |typed| Scope::parse(&typed));
        let user = self
            .user_id
            .optional("user_id", &mut faults, |typed| UserId::parse(&typed));
        faults.finish(|| {
            request_type?;
            Some(WantedDeletion {
                password: password?,
                scope: scope.unwrap_or(Scope::Own),
                user,
            })
        })
    }
}

/// Something that somebody asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GdprRequestView {
    #[schema(value_type = String, format = Uuid)]
    id: GdprRequestId,
    /// `data_access`, `data_export` or `data_deletion`.
    request_type: &'static str,
    /// `self`, `organization` or `contact`.
    scope: &'static str,
    /// `pending`, `processing`, `completed`, `rejected`, `failed`, `cancelled`.
    status: String,
    /// Why it was rejected or failed: a code.
    #[schema(required)]
    reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When a deletion will be carried out.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    scheduled_at: Option<Timestamp>,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
    /// About which contact, where it is about one.
    #[schema(required, value_type = Option<String>, format = Uuid)]
    contact_id: Option<ContactId>,
    /// What was erased of them, and where, in numbers; `proofs_kept` is kept for three years, without the number.
    #[schema(required, value_type = Option<Object>)]
    receipts: Option<serde_json::Value>,
}

impl From<GdprRequest> for GdprRequestView {
    fn from(request: GdprRequest) -> Self {
        Self {
            id: request.id,
            request_type: request.request_type.as_str(),
            scope: request.scope.as_str(),
            status: request.status,
            reason: request.reason,
            created_at: request.created_at,
            scheduled_at: request.scheduled_at,
            completed_at: request.completed_at,
            contact_id: request.contact,
            receipts: request.receipts,
        }
    }
}

/// Something that somebody asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GdprRequestAnswer {
    request: GdprRequestView,
}

/// Asks to be forgotten (RGPD, article 17), with the password. It is done after 30 days, and can be cancelled until then;
/// with the last member goes the organisation.
#[utoipa::path(post, path = "/api/v1/gdpr/requests", tag = "gdpr", request_body = RequestDeletion,
    responses((status = 202, body = GdprRequestAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn request_deletion(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<RequestDeletion>,
) -> Answer<(StatusCode, Json<GdprRequestAnswer>)> {
    let wanted = body.parse()?;
    if wanted.scope == Scope::Organization {
        caller.require(Role::Admin)?;
    }
    let request = gdpr::request_deletion(&app, &caller, wanted).await?.into();
    Ok((StatusCode::ACCEPTED, Json(GdprRequestAnswer { request })))
}

/// Lists what the caller asked for: exports and deletions, newest first.
#[utoipa::path(get, path = "/api/v1/gdpr/requests", tag = "gdpr",
    params(("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "Where the page begins")),
    responses((status = 200, body = ListOf<GdprRequestView>), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn list_requests(
    State(app): State<App>,
    caller: Caller,
    query: ListQuery<NoFilter>,
) -> Answer<Json<ListOf<GdprRequestView>>> {
    let page = gdpr::list_requests(&app, &caller, query.page).await?;
    Ok(Json(ListOf::from_page(page, GdprRequestView::from)))
}

/// Cancels one of the caller's own deletions.
#[utoipa::path(delete, path = "/api/v1/gdpr/requests/{id}", tag = "gdpr",
    params(("id" = String, Path, description = "The request")),
    responses((status = 204, description = "Cancelled"), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn cancel_request(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    let id = GdprRequestId::parse(&id).map_err(|_| GdprError::NotFound)?;
    gdpr::cancel_deletion(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
