//! `/audit-logs`: who did what, when and from where.

use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use zencall::App;
use zencall::audit::{self, Doer, Entry, Filter, TypedFilter};
use zencall::http::{Answer, Caller, Json, ListOf, ListQuery, ProblemBody};
use zencall::kernel::ids::AuditEntryId;

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntryBody {
    id: AuditEntryId,
    /// What was done, like `contact.create`.
    action: String,
    /// Who did it; null for the platform itself, and for those who are forgotten.
    #[schema(required)]
    actor: Option<ActorBody>,
    /// On what, by its id, and what changed: `changed`, `before`, `after`.
    #[schema(value_type = Object)]
    details: Value,
    #[schema(required)]
    ip_address: Option<String>,
    #[schema(required)]
    user_agent: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActorBody {
    #[serde(rename = "type")]
    kind: ActorType,
    id: Uuid,
    /// What the person, or the API key, is called; null where they are no member any more.
    #[schema(required)]
    name: Option<String>,
}

/// A person or a program.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActorType {
    /// A person.
    User,
    /// A program, with this API key.
    ApiKey,
}

impl From<Doer> for ActorBody {
    fn from(doer: Doer) -> Self {
        let (kind, id, name) = match doer {
            Doer::Person(id, name) => (ActorType::User, id.0, name),
            Doer::ApiKey(id, name) => (ActorType::ApiKey, id.0, name),
        };
        Self { kind, id, name }
    }
}

impl From<Entry> for AuditEntryBody {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            action: entry.action,
            actor: entry.doer.map(ActorBody::from),
            details: entry.details,
            ip_address: entry.ip_address,
            user_agent: entry.user_agent,
            created_at: entry.created_at,
        }
    }
}

/// Which entries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// What was done, like `contact.create`.
    action: Option<String>,
    /// The id of the person or of the API key.
    actor: Option<String>,
    /// At this instant (RFC 3339) or later.
    from: Option<String>,
    /// Before this instant (RFC 3339).
    to: Option<String>,
}

/// What everybody did, newest first.
#[utoipa::path(get, path = "/api/v1/audit-logs", tag = "organization",
    params(AuditQuery, ("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before")),
    responses((status = 200, body = ListOf<AuditEntryBody>), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn list_audit_logs(
    State(app): State<App>,
    caller: Caller,
    ListQuery { page, filter }: ListQuery<AuditQuery>,
) -> Answer<Json<ListOf<AuditEntryBody>>> {
    let filter = Filter::parse(TypedFilter {
        action: filter.action.as_deref(),
        actor: filter.actor.as_deref(),
        from: filter.from.as_deref(),
        to: filter.to.as_deref(),
    })?;
    let entries = audit::list(&app, &caller, &filter, page).await?;
    Ok(Json(ListOf::from_page(entries, AuditEntryBody::from)))
}
