//! `/api-keys`: what the organisation's programs authenticate with.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zencall::App;
use zencall::api_keys::{self, ApiKeyRecord, MadeApiKey, NewApiKey};
use zencall::http::{Answer, Caller, HoldsSecret, Json, ListOf, ListQuery, Member, NoFilter, ProblemBody};
use zencall::kernel::ids::{ApiKeyId, UserId};
use zencall::kernel::{Faults, Scope};

/// A key, without what opens anything.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeyBody {
    id: ApiKeyId,
    name: String,
    /// What the key begins with.
    prefix: String,
    scopes: Vec<Scope>,
    /// Null where that person is no member any more.
    #[schema(required)]
    created_by: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// To the minute.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

impl From<ApiKeyRecord> for ApiKeyBody {
    fn from(record: ApiKeyRecord) -> Self {
        Self {
            prefix: record.prefix(),
            id: record.id,
            name: record.name,
            scopes: record.scopes,
            created_by: record.created_by,
            created_at: record.created_at,
            expires_at: record.expires_at,
            last_used_at: record.last_used_at,
        }
    }
}

// Without `Debug`, which would print the key.
/// A key that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeApiKeyAnswer {
    api_key: ApiKeyBody,
    /// The key itself, shown this once.
    #[schema(example = "zc_…")]
    key: String,
}

impl From<MadeApiKey> for MadeApiKeyAnswer {
    fn from(made: MadeApiKey) -> Self {
        Self {
            key: made.key().to_owned(),
            api_key: made.record.into(),
        }
    }
}

/// A key to make.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct NewApiKeyRequest {
    /// What you call it.
    #[serde(default)]
    #[schema(value_type = String, max_length = 100, required)]
    name: Member<String>,
    /// What it may do, at least one thing.
    #[serde(default)]
    #[schema(value_type = Vec<Scope>, required)]
    scopes: Member<Vec<String>>,
    /// Until when; without it, until it is revoked.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Member<String>,
}

impl NewApiKeyRequest {
    fn check(self, now: Timestamp) -> Result<NewApiKey, Faults> {
        let mut faults = Faults::default();
        let name = self
            .name
            .required("name", &mut faults, |typed| api_keys::parse_name(&typed));
        let scopes = self
            .scopes
            .required("scopes", &mut faults, |words| api_keys::parse_scopes(&words));
        let expires_at = self.expires_at.optional("expires_at", &mut faults, |typed| {
            api_keys::parse_expiry(&typed, now)
        });
        faults.finish(|| {
            Some(NewApiKey {
                name: name?,
                scopes: scopes?,
                expires_at,
            })
        })
    }
}

/// The organisation's keys that were not revoked, newest first.
#[utoipa::path(get, path = "/api/v1/api-keys", tag = "organization",
    params(("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before")),
    responses((status = 200, body = ListOf<ApiKeyBody>), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn list_api_keys(
    State(app): State<App>,
    caller: Caller,
    ListQuery { page, .. }: ListQuery<NoFilter>,
) -> Answer<Json<ListOf<ApiKeyBody>>> {
    let keys = api_keys::list(&app, &caller, page).await?;
    Ok(Json(ListOf::from_page(keys, ApiKeyBody::from)))
}

/// Make a key. It is shown in this answer and never again.
#[utoipa::path(post, path = "/api/v1/api-keys", tag = "organization", request_body = NewApiKeyRequest,
    responses((status = 201, body = MadeApiKeyAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn create_api_key(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<NewApiKeyRequest>,
) -> Answer<HoldsSecret<(StatusCode, Json<MadeApiKeyAnswer>)>> {
    let new = request.check(app.clock.now())?;
    let made = api_keys::create(&app, &caller, &new).await?;
    Ok(HoldsSecret((StatusCode::CREATED, Json(made.into()))))
}

/// Revoke a key: the next request with it is refused.
#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", tag = "organization",
    params(("id" = String, Path, description = "The key's id")),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn revoke_api_key(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    api_keys::revoke(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
