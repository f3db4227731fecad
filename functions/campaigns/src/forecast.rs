//! The forecast, as it is answered.

use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use zencall::App;
use zencall::campaigns::forecast::{self, Forecast, RefusedGroup, Warning, ZoneGroup};
use zencall::campaigns::gate::RefusalCode;
use zencall::http::{Answer, Caller, Json, Prefers, ProblemBody};
use zencall::kernel::Money;

use crate::campaign_id;

/// Whom a campaign could call, when and at what cost, and whom not and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ForecastView {
    /// Contacts that can be called, now or at their next lawful time.
    callable: i64,
    refused: Vec<RefusedView>,
    zones: Vec<ZoneView>,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    first_call_at: Option<Timestamp>,
    /// With the organisation's own averages, all lines busy, within the hours; delays before a repetition are not counted.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    estimated_end_at: Option<Timestamp>,
    estimated_minutes: f64,
    estimated_cost: Money,
    warnings: Vec<WarningView>,
}

/// Contacts that are refused for one reason.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedView {
    code: RefusalCode,
    /// The article or the setting that it comes from.
    rule: &'static str,
    count: i64,
    /// When the first of them may be asked about again.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    retry_at: Option<Timestamp>,
}

/// Contacts on one clock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ZoneView {
    /// Its name; several where a postal code and a number differ; `unknown` where nothing tells.
    zone: String,
    callable: i64,
    refused: i64,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    first_call_at: Option<Timestamp>,
}

/// Something to know before the start.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WarningView {
    code: &'static str,
    message: String,
}

impl ForecastView {
    fn new(forecast: Forecast, prefers: Prefers) -> Self {
        let refused = |group: RefusedGroup| RefusedView {
            code: group.code,
            rule: group.rule,
            count: group.count,
            retry_at: group.retry_at,
        };
        let zone = |group: ZoneGroup| ZoneView {
            zone: group.zone,
            callable: group.callable,
            refused: group.refused,
            first_call_at: group.first_call_at,
        };
        let warning = |warning: Warning| WarningView {
            code: warning.code,
            message: prefers.choose(&warning.message).to_owned(),
        };
        Self {
            callable: forecast.callable,
            refused: forecast.refused.into_iter().map(refused).collect(),
            zones: forecast.zones.into_iter().map(zone).collect(),
            first_call_at: forecast.first_call_at,
            estimated_end_at: forecast.estimated_end_at,
            estimated_minutes: forecast.estimated_minutes,
            estimated_cost: Money::new(forecast.estimated_cost),
            warnings: forecast.warnings.into_iter().map(warning).collect(),
        }
    }
}

/// Asks about every contact that waits, and calls nobody.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/forecast", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, body = ForecastView), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn forecast_campaign(
    State(app): State<App>,
    caller: Caller,
    prefers: Prefers,
    Path(id): Path<String>,
) -> Answer<Json<ForecastView>> {
    let forecast = forecast::forecast(&app, &caller, campaign_id(&id)?).await?;
    Ok(Json(ForecastView::new(forecast, prefers)))
}
