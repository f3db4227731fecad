//! The report, as JSON or as CSV.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use zencall::App;
use zencall::campaigns::Status;
use zencall::campaigns::report::{self, Report};
use zencall::http::{Answer, Caller, Json, ProblemBody};
use zencall::kernel::Money;

use crate::campaign_id;

/// How a campaign went, so far. Each contact counts once, by its last outcome.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportView {
    status: Status,
    total_contacts: i64,
    pending: i64,
    in_progress: i64,
    answered: i64,
    transferred: i64,
    no_answer: i64,
    busy: i64,
    voicemail: i64,
    failed: i64,
    cancelled: i64,
    /// By refusal code.
    skipped: BTreeMap<String, i64>,
    /// Contacts in a final state.
    completed: i64,
    attempts: i64,
    /// (answered + transferred) / contacts attempted, 0 to 1.
    #[schema(required)]
    success_rate: Option<f64>,
    #[schema(required)]
    average_duration_seconds: Option<f64>,
    total_cost: Money,
    sentiment: SentimentView,
    appointments: i64,
    /// At the pace so far; call windows are not looked at.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    estimated_end_at: Option<Timestamp>,
}

/// Sentiments of answered calls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SentimentView {
    positive: i64,
    neutral: i64,
    negative: i64,
    unknown: i64,
}

impl From<Report> for ReportView {
    fn from(report: Report) -> Self {
        let [positive, neutral, negative, unknown] = report.sentiment;
        Self {
            status: report.status,
            total_contacts: report.total_contacts,
            pending: report.pending,
            in_progress: report.in_progress,
            answered: report.answered,
            transferred: report.transferred,
            no_answer: report.no_answer,
            busy: report.busy,
            voicemail: report.voicemail,
            failed: report.failed,
            cancelled: report.cancelled,
            skipped: report.skipped,
            completed: report.completed,
            attempts: report.attempts,
            success_rate: report.success_rate,
            average_duration_seconds: report.average_duration_seconds,
            total_cost: Money::new(report.total_cost),
            sentiment: SentimentView {
                positive,
                neutral,
                negative,
                unknown,
            },
            appointments: report.appointments,
            estimated_end_at: report.estimated_end_at,
        }
    }
}

/// How a campaign went, so far; `Accept: text/csv` for a table of measures.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/report", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, description = "The report",
               content((ReportView = "application/json"), (String = "text/csv"))),
              (status = "4XX", body = ProblemBody)))]
pub(crate) async fn read_report(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    let report = ReportView::from(report::report(&app, &caller, campaign_id(&id)?).await?);
    let wants_csv = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/csv"));
    if wants_csv {
        return Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], csv(&report)).into_response());
    }
    Ok(Json(report).into_response())
}

/// Two columns, one line a measure. Every cell is a name or a number of ours, so none can be a formula.
fn csv(report: &ReportView) -> String {
    let mut csv = String::from("measure,value\r\n");
    // A struct of numbers and names always serialises.
    let report = serde_json::to_value(report).unwrap_or_default();
    for (name, value) in report.as_object().into_iter().flatten() {
        match value {
            serde_json::Value::Object(parts) => {
                for (part, value) in parts {
                    csv.push_str(&format!("{name}.{part},{}\r\n", cell(value)));
                }
            }
            value => csv.push_str(&format!("{name},{}\r\n", cell(value))),
        }
    }
    csv
}

fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
