//! `calls`: what happened on the telephone, and what was agreed to, for those who look afterwards.

mod appointments;
mod stats;

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::App;
use zencall::calls::{
    self, Call, CallInFull, Disclosures, Event, Filter, Recording, Transfer, Turn, TypedFilter,
};
use zencall::http::{self, Answer, Caller, Json, ListOf, ListQuery, ProblemBody};

pub use stats::{BucketView, MeasuresView, MoodsView, StatsAnswer, StatsQuery, StatsView};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    http::api()
        .routes(routes!(list_calls))
        .routes(routes!(stats::read_stats))
        .routes(routes!(read_call))
        .routes(routes!(stats::read_recording))
        .routes(routes!(appointments::list_appointments))
        .routes(routes!(
            appointments::read_appointment,
            appointments::change_appointment
        ))
        .routes(routes!(appointments::read_calendar))
}

/// Which calls are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallsQuery {
    /// Those of this campaign.
    campaign_id: Option<String>,
    /// `queued`, `ringing`, `in_progress`, `forwarding` or `ended`.
    status: Option<String>,
    /// `positive`, `neutral`, `negative` or `unknown`.
    sentiment: Option<String>,
    /// `inbound` or `outbound`.
    direction: Option<String>,
    /// Those that began at this instant (RFC 3339) or later.
    from: Option<String>,
    /// Those that began before this instant (RFC 3339).
    to: Option<String>,
}

/// A call with what was said and what happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallDetail {
    #[serde(flatten)]
    call: Call,
    /// What was said, in order.
    turns: Vec<Turn>,
    /// What happened, in order.
    timeline: Vec<Event>,
    /// Null where nothing was recorded.
    #[schema(required)]
    recording: Option<Recording>,
    /// Null where nobody was put through.
    #[schema(required)]
    transfer: Option<Transfer>,
    /// What its transcript shows of what an assistant must say; null until the report has come.
    #[schema(required)]
    disclosures: Option<Disclosures>,
}

/// One call.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallAnswer {
    call: CallDetail,
}

/// The organisation's calls, newest first.
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls",
    params(CallsQuery, ("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before")),
    responses((status = 200, body = ListOf<Call>), (status = "4XX", body = ProblemBody)))]
async fn list_calls(
    State(app): State<App>,
    caller: Caller,
    ListQuery { page, filter }: ListQuery<CallsQuery>,
) -> Answer<Json<ListOf<Call>>> {
    let filter = Filter::parse(TypedFilter {
        campaign_id: filter.campaign_id.as_deref(),
        status: filter.status.as_deref(),
        sentiment: filter.sentiment.as_deref(),
        direction: filter.direction.as_deref(),
        from: filter.from.as_deref(),
        to: filter.to.as_deref(),
    })?;
    let calls = calls::list(&app, &caller, &filter, page).await?;
    Ok(Json(ListOf::from_page(calls, |call| call)))
}

/// One call with what was said, what happened, and whether it can be listened to.
#[utoipa::path(get, path = "/api/v1/calls/{id}", tag = "calls",
    params(("id" = String, Path, description = "The call's id")),
    responses((status = 200, body = CallAnswer), (status = "4XX", body = ProblemBody)))]
async fn read_call(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<CallAnswer>> {
    let found = calls::read(&app, &caller, &id).await?;
    Ok(Json(CallAnswer {
        call: CallDetail::from(found),
    }))
}

impl From<CallInFull> for CallDetail {
    fn from(found: CallInFull) -> Self {
        Self {
            call: found.call,
            turns: found.turns,
            timeline: found.timeline,
            recording: found.recording,
            transfer: found.transfer,
            disclosures: found.disclosures,
        }
    }
}
