//! `/appointments`: what people agreed to in calls.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zencall::App;
use zencall::appointments::{self, Appointment, Changes, Filter, Status, TypedFilter};
use zencall::http::{Answer, Caller, Json, ListOf, ListQuery, Member, Problem, ProblemBody};
use zencall::kernel::{Faults, instant};

/// Which appointments are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AppointmentsQuery {
    /// Those that begin at this instant (RFC 3339) or later.
    from: Option<String>,
    /// Those that begin before this instant (RFC 3339).
    to: Option<String>,
    /// `scheduled`, `confirmed`, `cancelled`, `completed` or `no_show`.
    status: Option<String>,
}

/// One appointment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppointmentAnswer {
    appointment: Appointment,
}

/// What to change; what is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ChangeAppointment {
    /// When it begins, on a multiple of five minutes. Without an end it takes as long as before.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Member<String>,
    /// When it ends.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Member<String>,
    /// Where it stands. What is cancelled, completed or missed stays so.
    #[serde(default)]
    #[schema(value_type = Option<Status>)]
    status: Member<String>,
    /// What it is about; null clears them.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    notes: Member<String>,
}

/// The signature of a link in a text message.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CalendarQuery {
    /// In the place of credentials.
    token: Option<String>,
}

impl ChangeAppointment {
    fn parse(self) -> Result<Changes, Faults> {
        let mut faults = Faults::default();
        let at = |typed: String| instant::parse(&typed);
        let starts_at = self.starts_at.replacement("starts_at", &mut faults, at);
        let ends_at = self.ends_at.replacement("ends_at", &mut faults, at);
        let status = self
            .status
            .replacement("status", &mut faults, |typed| Status::parse(&typed));
        let notes = self
            .notes
            .change("notes", &mut faults, |typed| Changes::parse_notes(&typed));
        faults.finish(|| {
            Some(Changes {
                starts_at,
                ends_at,
                status,
                notes,
            })
        })
    }
}

/// The organisation's appointments, those made last first.
#[utoipa::path(get, path = "/api/v1/appointments", tag = "appointments",
    params(AppointmentsQuery, ("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before")),
    responses((status = 200, body = ListOf<Appointment>), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn list_appointments(
    State(app): State<App>,
    caller: Caller,
    ListQuery { page, filter }: ListQuery<AppointmentsQuery>,
) -> Answer<Json<ListOf<Appointment>>> {
    let filter = Filter::parse(TypedFilter {
        from: filter.from.as_deref(),
        to: filter.to.as_deref(),
        status: filter.status.as_deref(),
    })?;
    let appointments = appointments::list(&app, &caller, &filter, page).await?;
    Ok(Json(ListOf::from_page(appointments, |appointment| appointment)))
}

/// One appointment.
#[utoipa::path(get, path = "/api/v1/appointments/{id}", tag = "appointments",
    params(("id" = String, Path, description = "The appointment's id")),
    responses((status = 200, body = AppointmentAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn read_appointment(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<AppointmentAnswer>> {
    let appointment = appointments::read(&app, &caller, &id).await?;
    Ok(Json(AppointmentAnswer { appointment }))
}

/// Move, confirm, cancel or annotate an appointment. Whoever made it hears of a new time or a cancellation by text message.
#[utoipa::path(patch, path = "/api/v1/appointments/{id}", tag = "appointments", request_body = ChangeAppointment,
    params(("id" = String, Path, description = "The appointment's id")),
    responses((status = 200, body = AppointmentAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn change_appointment(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<ChangeAppointment>,
) -> Answer<Json<AppointmentAnswer>> {
    let changes = request.parse()?;
    let appointment = appointments::change(&app, &caller, &id, &changes).await?;
    Ok(Json(AppointmentAnswer { appointment }))
}

/// The appointment for a calendar (RFC 5545): with credentials, or with the token of a link in a text message.
#[utoipa::path(get, path = "/api/v1/appointments/{id}/calendar", tag = "appointments",
    params(("id" = String, Path, description = "The appointment's id"), CalendarQuery),
    responses((status = 200, description = "The file", body = String, content_type = "text/calendar"),
              (status = "4XX", body = ProblemBody)))]
pub(crate) async fn read_calendar(
    State(app): State<App>,
    caller: Result<Caller, Problem>,
    Path(id): Path<String>,
    Query(query): Query<CalendarQuery>,
) -> Answer<Response> {
    let file = match (caller, query.token) {
        (Ok(caller), _) => appointments::calendar_of(&app, &caller, &id).await?,
        (Err(_), Some(token)) => appointments::calendar_by_link(&app, &id, &token).await?,
        (Err(refused), None) => return Err(refused),
    };
    let kind = format!("text/calendar; charset=utf-8; method={}", file.method);
    let headers = [
        (header::CONTENT_TYPE, kind.as_str()),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"rendez-vous.ics\"",
        ),
    ];
    Ok((headers, file.text).into_response())
}
