//! Joining an organisation with the link of an invitation.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use zencall::App;
use zencall::http::{Answer, Json, Member, Origin, Prefers, ProblemBody};
use zencall::identity::{self, Joining, NewPassword};
use zencall::kernel::{Faults, Invalid, Language, Name};

use crate::wire::SessionBody;

const NOT_ACCEPTED: Invalid = Invalid::new(
    "not_accepted",
    "Vous devez l'accepter pour rejoindre l'organisation.",
    "You must accept this to join.",
);

// Without `Debug`, which would print the password and the token.
/// Who joins.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct AcceptInvitationRequest {
    /// From the link in the mail.
    #[serde(default)]
    #[schema(value_type = String, required)]
    token: Member<String>,
    /// The person's name.
    #[serde(default)]
    #[schema(value_type = String, max_length = 200, required)]
    full_name: Member<String>,
    /// 12 characters or more, of any kind.
    #[serde(default)]
    #[schema(value_type = String, format = Password, min_length = 12, required)]
    password: Member<String>,
    /// Must be true.
    #[serde(default)]
    #[schema(value_type = bool, required)]
    terms_accepted: Member<bool>,
    /// Must be true.
    #[serde(default)]
    #[schema(value_type = bool, required)]
    privacy_accepted: Member<bool>,
}

impl AcceptInvitationRequest {
    fn check(self, language: Language) -> Result<Joining, Faults> {
        let mut faults = Faults::default();
        let name = match &self.full_name {
            Member::Given(name) => name.clone(),
            _ => String::new(),
        };
        let token = self.token.required("token", &mut faults, Ok);
        let full_name = self
            .full_name
            .required("full_name", &mut faults, |typed| Name::parse(&typed));
        // The address and the company are known once the invitation is read.
        let password = self.password.required("password", &mut faults, |typed| {
            NewPassword::parse(&typed, &[&name])
        });
        for (field, accepted) in [
            ("terms_accepted", self.terms_accepted),
            ("privacy_accepted", self.privacy_accepted),
        ] {
            accepted.required(field, &mut faults, |accepted| {
                if accepted { Ok(()) } else { Err(NOT_ACCEPTED) }
            });
        }
        faults.finish(|| Some(Joining::new(token?, password?, full_name?, language)))
    }
}

/// Joins the organisation that mailed this link, and opens a session. The address counts as confirmed.
#[utoipa::path(post, path = "/api/v1/auth/invitations/accept", operation_id = "accept_invitation", tag = "identity",
    security(()), request_body = AcceptInvitationRequest,
    responses((status = 200, body = SessionBody), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn accept(
    State(app): State<App>,
    origin: Origin,
    prefers: Prefers,
    Json(request): Json<AcceptInvitationRequest>,
) -> Answer<Json<SessionBody>> {
    let joining = request.check(prefers.into())?;
    let session = identity::accept_invitation(&app, &origin, &joining).await?;
    Ok(Json(session.into()))
}
