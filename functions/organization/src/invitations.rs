//! `/organization/invitations`: whom it invites to join.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zencall::App;
use zencall::http::{Answer, Caller, Json, ListOf, ListQuery, Member, NoFilter, ProblemBody};
use zencall::identity::{self, Invitation};
use zencall::kernel::ids::{InvitationId, UserId};
use zencall::kernel::{Email, Faults, Role};

use crate::members::role;

/// An open invitation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationBody {
    id: InvitationId,
    #[schema(value_type = String, format = Email)]
    email: Email,
    role: Role,
    /// Null where that person is no member any more.
    #[schema(required)]
    invited_by: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Until when its link works.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// One invitation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationAnswer {
    invitation: InvitationBody,
}

impl From<Invitation> for InvitationBody {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            invited_by: invitation.invited_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

/// Whom to invite.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct InviteRequest {
    /// Whose address it is will be a member.
    #[serde(default)]
    #[schema(value_type = String, format = Email, required)]
    email: Member<String>,
    /// `admin` or `member`.
    #[serde(default)]
    #[schema(value_type = String, required)]
    role: Member<String>,
}

/// The open invitations, newest first.
#[utoipa::path(get, path = "/api/v1/organization/invitations", tag = "organization",
    params(("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before")),
    responses((status = 200, body = ListOf<InvitationBody>), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn list_invitations(
    State(app): State<App>,
    caller: Caller,
    ListQuery { page, .. }: ListQuery<NoFilter>,
) -> Answer<Json<ListOf<InvitationBody>>> {
    let invitations = identity::list_invitations(&app, &caller, page).await?;
    Ok(Json(ListOf::from_page(invitations, InvitationBody::from)))
}

/// Mail an address a link to join, good for 7 days. An older invitation of that address stops working.
#[utoipa::path(post, path = "/api/v1/organization/invitations", tag = "organization",
    request_body = InviteRequest,
    responses((status = 201, body = InvitationAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn invite(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<InviteRequest>,
) -> Answer<(StatusCode, Json<InvitationAnswer>)> {
    let mut faults = Faults::default();
    let email = request
        .email
        .required("email", &mut faults, |typed| Email::parse(&typed));
    let role = request.role.required("role", &mut faults, |typed| role(&typed));
    let (email, role) = faults.finish(|| email.zip(role))?;
    let invitation = identity::invite(&app, &caller, &email, role).await?;
    let answer = InvitationAnswer {
        invitation: invitation.into(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Withdraw an open invitation: its link leads nowhere any more.
#[utoipa::path(delete, path = "/api/v1/organization/invitations/{id}", tag = "organization",
    params(("id" = String, Path, description = "The invitation's id")),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn revoke_invitation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    identity::revoke_invitation(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
