//! `/calls/stats` and `/calls/{id}/recording`.

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zencall::App;
use zencall::calls::{self, Measures, Stats, Wanted};
use zencall::http::{Answer, Caller, Json, ProblemBody};
use zencall::kernel::Money;

/// Which calls are counted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StatsQuery {
    /// Those that began at this instant (RFC 3339) or later; thirty days before `to` where nothing is said.
    from: Option<String>,
    /// Those that began before this instant (RFC 3339); now, where nothing is said.
    to: Option<String>,
    /// `day` (default), `week` or `month`, on the organisation's clock.
    bucket: Option<String>,
}

/// What some calls come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasuresView {
    /// All that began.
    calls: i64,
    inbound: i64,
    outbound: i64,
    answered: i64,
    transferred: i64,
    no_answer: i64,
    busy: i64,
    voicemail: i64,
    failed: i64,
    cancelled: i64,
    /// Answered or transferred, of those that are over, 0 to 1; null where none is.
    #[schema(required)]
    answer_rate: Option<f64>,
    /// Of answered and transferred calls, together.
    duration_seconds: i64,
    /// The same, of one.
    #[schema(required)]
    average_duration_seconds: Option<f64>,
    cost: Money,
    /// Of answered and transferred calls.
    sentiment: MoodsView,
}

/// How many were in which mood.
#[derive(Debug, Serialize, ToSchema)]
pub struct MoodsView {
    positive: i64,
    neutral: i64,
    negative: i64,
    unknown: i64,
}

/// The calls of a day, a week or a month.
#[derive(Debug, Serialize, ToSchema)]
pub struct BucketView {
    /// When it begins; the first one may begin before `from`, and holds what began after that.
    #[schema(value_type = String, format = DateTime)]
    starts_at: Timestamp,
    #[serde(flatten)]
    measures: MeasuresView,
}

/// What an organisation's calls come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatsView {
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// `day`, `week` or `month`.
    bucket: &'static str,
    /// The organisation's clock, on which they begin.
    timezone: String,
    total: MeasuresView,
    /// In order, those without a call too.
    buckets: Vec<BucketView>,
}

/// What an organisation's calls come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatsAnswer {
    stats: StatsView,
}

/// What the organisation's calls come to, day by day: counts, durations, rate of answers, moods.
#[utoipa::path(get, path = "/api/v1/calls/stats", tag = "calls", params(StatsQuery),
    responses((status = 200, body = StatsAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn read_stats(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<StatsQuery>,
) -> Answer<Json<StatsAnswer>> {
    let wanted = Wanted::parse(
        query.from.as_deref(),
        query.to.as_deref(),
        query.bucket.as_deref(),
        app.clock.now(),
    )?;
    let stats = calls::stats(&app, &caller, wanted).await?;
    Ok(Json(StatsAnswer {
        stats: StatsView::of(wanted, stats),
    }))
}

/// Listen to a call: 302 to an address that holds for a short time; 404 `recording_not_found` where there is nothing to
/// hear. Who asks is written down.
#[utoipa::path(get, path = "/api/v1/calls/{id}/recording", tag = "calls",
    params(("id" = String, Path, description = "The call's id")),
    responses((status = 302, description = "In `Location`, where the recording is"),
              (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(crate) async fn read_recording(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<impl IntoResponse> {
    let link = calls::recording(&app, &caller, &id).await?;
    Ok((StatusCode::FOUND, [(header::LOCATION, link)]))
}

impl StatsView {
    fn of(wanted: Wanted, stats: Stats) -> Self {
        let bucket = |(starts_at, measures): &(Timestamp, Measures)| BucketView {
            starts_at: *starts_at,
            measures: MeasuresView::from(measures),
        };
        Self {
            from: wanted.from,
            to: wanted.to,
            bucket: wanted.bucket.as_str(),
            total: MeasuresView::from(&stats.total),
            buckets: stats.buckets.iter().map(bucket).collect(),
            timezone: stats.timezone,
        }
    }
}

impl From<&Measures> for MeasuresView {
    fn from(measures: &Measures) -> Self {
        let [positive, neutral, negative, unknown] = measures.sentiment;
        Self {
            calls: measures.calls,
            inbound: measures.inbound,
            outbound: measures.outbound,
            answered: measures.answered,
            transferred: measures.transferred,
            no_answer: measures.no_answer,
            busy: measures.busy,
            voicemail: measures.voicemail,
            failed: measures.failed,
            cancelled: measures.cancelled,
            answer_rate: measures.answer_rate(),
            duration_seconds: measures.duration_seconds,
            average_duration_seconds: measures.average_duration_seconds(),
            cost: Money::new(measures.cost),
            sentiment: MoodsView {
                positive,
                neutral,
                negative,
                unknown,
            },
        }
    }
}
