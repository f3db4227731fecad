//! The caller themselves.

use axum::extract::State;
use zencall::App;
use zencall::http::{Answer, Caller, Json, ProblemBody};
use zencall::identity::{self, Changes};
use zencall::kernel::{Faults, Language, Name};

use crate::wire::{ChangeMeRequest, MeBody};

/// The caller and their organisation.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "identity",
    responses((status = 200, body = MeBody), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn read_me(State(app): State<App>, caller: Caller) -> Answer<Json<MeBody>> {
    let me = identity::me(&app, &caller).await?;
    Ok(Json(me.into()))
}

/// Changes the caller's own name, language or marketing choice.
#[utoipa::path(patch, path = "/api/v1/auth/me", tag = "identity",
    request_body = ChangeMeRequest,
    responses((status = 200, body = MeBody), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn change_me(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<ChangeMeRequest>,
) -> Answer<Json<MeBody>> {
    let changes = request.check()?;
    let me = identity::change_me(&app, &caller, &changes).await?;
    Ok(Json(me.into()))
}

impl ChangeMeRequest {
    fn check(self) -> Result<Changes, Faults> {
        let mut faults = Faults::default();
        let full_name = self
            .full_name
            .replacement("full_name", &mut faults, |typed| Name::parse(&typed));
        let language = self
            .language
            .replacement("language", &mut faults, |typed| Language::parse(&typed));
        let marketing_consent = self
            .marketing_consent
            .replacement("marketing_consent", &mut faults, Ok);
        faults.finish(|| {
            Some(Changes {
                full_name,
                language,
                marketing_consent,
            })
        })
    }
}
