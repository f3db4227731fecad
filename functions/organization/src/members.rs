//! `/organization/members`: who belongs to it, and as what.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zencall::App;
use zencall::http::{Answer, Caller, Json, ListOf, ListQuery, Member as Given, NoFilter, ProblemBody};
use zencall::identity::{self, Member};
use zencall::kernel::ids::UserId;
use zencall::kernel::{Email, Faults, Invalid, Role};

/// A member of the organisation.
#[derive(Serialize, ToSchema)]
pub(crate) struct MemberBody {
    id: UserId,
    #[schema(value_type = String, format = Email)]
    email: Email,
    full_name: String,
    role: Role,
    /// Whether they have proved that the address is theirs.
    email_confirmed: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// One member.
#[derive(Serialize, ToSchema)]
pub(crate) struct MemberAnswer {
    member: MemberBody,
}

impl From<Member> for MemberBody {
    fn from(member: Member) -> Self {
        Self {
            id: member.id,
            email: member.email,
            full_name: member.full_name,
            role: member.role,
            email_confirmed: member.email_confirmed,
            created_at: member.created_at,
        }
    }
}

/// What changes of a member.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ChangeMemberRequest {
    /// `admin` or `member`.
    #[serde(default)]
    #[schema(value_type = Option<Role>)]
    role: Given<String>,
}

/// Reads a role.
pub(crate) fn role(typed: &str) -> Result<Role, Invalid> {
    Role::parse(typed.trim()).ok_or(Invalid::new(
        "role_invalid",
        "Le rôle est admin ou member.",
        "The role is admin or member.",
    ))
}

/// The organisation's members, newest first.
#[utoipa::path(get, path = "/api/v1/organization/members", tag = "organization",
    params(("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before")),
    responses((status = 200, body = ListOf<MemberBody>), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn list_members(
    State(app): State<App>,
    caller: Caller,
    ListQuery { page, .. }: ListQuery<NoFilter>,
) -> Answer<Json<ListOf<MemberBody>>> {
    let members = identity::list_members(&app, &caller, page).await?;
    Ok(Json(ListOf::from_page(members, MemberBody::from)))
}

/// Change what a member may do; 409 `last_admin` where nobody would be left who may. Nobody changes their own role.
#[utoipa::path(patch, path = "/api/v1/organization/members/{id}", tag = "organization",
    params(("id" = String, Path, description = "The member's id")),
    request_body = ChangeMemberRequest,
    responses((status = 200, body = MemberAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn change_member(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<ChangeMemberRequest>,
) -> Answer<Json<MemberAnswer>> {
    let mut faults = Faults::default();
    let wanted = request
        .role
        .replacement("role", &mut faults, |typed| role(&typed));
    let wanted = faults.finish(|| Some(wanted))?;
    let member = identity::change_role(&app, &caller, &id, wanted).await?;
    Ok(Json(MemberAnswer {
        member: member.into(),
    }))
}

/// Remove a member: their account goes with its logins, and their API keys stop working. Access tokens that are out
/// live out their minutes.
#[utoipa::path(delete, path = "/api/v1/organization/members/{id}", tag = "organization",
    params(("id" = String, Path, description = "The member's id")),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn remove_member(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    identity::remove_member(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
