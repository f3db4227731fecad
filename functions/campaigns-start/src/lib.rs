//! `campaigns-start`: a campaign begins to call.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::App;
use zencall::campaigns::Status;
use zencall::campaigns::start::{self, Started};
use zencall::http::{self, Answer, Caller, Json, Member, Prefers, ProblemBody};
use zencall::kernel::ids::CampaignId;
use zencall::kernel::{Faults, Text};

const STARTED: Text = Text::new("La campagne est démarrée.", "The campaign has started.");
const SCHEDULED: Text = Text::new(
    "La campagne démarrera à l'heure prévue.",
    "The campaign will start at its time.",
);

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    http::api()
        .routes(routes!(start_campaign))
        .route("/api/campaigns/start", post(start_campaign))
}

/// Which campaign is to begin.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct StartCampaign {
    #[serde(default)]
    #[schema(value_type = uuid::Uuid, required)]
    campaign_id: Member<String>,
}

/// The campaign has begun, or will at its time.
#[derive(Debug, Serialize, ToSchema)]
pub struct StartedAnswer {
    success: bool,
    message: String,
    campaign: StartedCampaign,
}

/// A campaign that has begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct StartedCampaign {
    id: CampaignId,
    status: Status,
    total_contacts: i64,
}

/// Starts a campaign: its first calls are queued, the others follow as lines become free.
#[utoipa::path(post, path = "/api/v1/campaigns/start", tag = "campaigns", request_body = StartCampaign,
    responses((status = 202, body = StartedAnswer), (status = "4XX", body = ProblemBody)))]
async fn start_campaign(
    State(app): State<App>,
    caller: Caller,
    prefers: Prefers,
    Json(request): Json<StartCampaign>,
) -> Answer<(StatusCode, Json<StartedAnswer>)> {
    let mut faults = Faults::default();
    let id = request
        .campaign_id
        .required("campaign_id", &mut faults, |id| CampaignId::parse(&id));
    let started = start::start(&app, &caller, faults.finish(|| id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(StartedAnswer::new(started, prefers))))
}

impl StartedAnswer {
    fn new(started: Started, prefers: Prefers) -> Self {
        let message = if started.status == Status::Running {
            &STARTED
        } else {
            &SCHEDULED
        };
        Self {
            success: true,
            message: prefers.choose(message).to_owned(),
            campaign: StartedCampaign {
                id: started.id,
                status: started.status,
                total_contacts: started.total_contacts,
            },
        }
    }
}
