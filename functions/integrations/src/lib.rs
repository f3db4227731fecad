//! An organisation's own account at Twilio: connect it, see it, remove it.

mod request;
mod sms_test;

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::App;
use zencall::campaigns::caller_id;
use zencall::http::{Answer, Caller, Json, ProblemBody};
use zencall::integrations::{self, TwilioConnection};

pub use request::ConnectTwilio;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    zencall::http::api()
        .routes(routes!(read_twilio, connect_twilio, remove_twilio))
        .routes(routes!(sms_test::test_twilio))
}

/// What the organisation is connected with. Its token is never shown, not even masked.
#[derive(Debug, Serialize, ToSchema)]
struct TwilioAnswer {
    /// Whether calls can be placed and messages sent.
    configured: bool,
    /// The account.
    #[schema(required)]
    account_sid: Option<String>,
    /// The number that calls are placed from, in E.164.
    #[schema(required)]
    phone_number: Option<String>,
    /// What text messages are sent from: a number or a name.
    #[schema(required)]
    sms_sender: Option<String>,
    /// When Twilio last confirmed the account and the number.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    verified_at: Option<Timestamp>,
    /// Whether automated calls may show this number.
    automated_calls: AutomatedCalls,
}

/// Whether automated calls may show the number, and under which rule not.
#[derive(Debug, Serialize, ToSchema)]
struct AutomatedCalls {
    allowed: bool,
    /// Stable: `caller_id_not_allowed`, `twilio_not_configured`.
    #[schema(required)]
    code: Option<&'static str>,
    /// The provision that forbids it.
    #[schema(required)]
    rule: Option<&'static str>,
}

impl TwilioAnswer {
    fn of(connection: TwilioConnection, now: Timestamp) -> Self {
        let refusal = connection
            .phone_number
            .as_ref()
            .map(|number| caller_id::automated_call_allowed(number, now));
        let automated_calls = match refusal {
            Some(Ok(())) => AutomatedCalls {
                allowed: true,
                code: None,
                rule: None,
            },
            Some(Err(refusal)) => AutomatedCalls {
                allowed: false,
                code: Some(refusal.code),
                rule: Some(refusal.rule),
            },
            None => AutomatedCalls {
                allowed: false,
                code: Some("twilio_not_configured"),
                rule: None,
            },
        };
        Self {
            configured: connection.configured,
            account_sid: connection.account_sid,
            phone_number: connection.phone_number.map(|number| number.as_str().to_owned()),
            sms_sender: connection.sms_sender,
            verified_at: connection.verified_at,
            automated_calls,
        }
    }
}

/// Reads what the organisation is connected with.
#[utoipa::path(get, path = "/api/v1/integrations/twilio", tag = "integrations",
    responses((status = 200, body = TwilioAnswer), (status = "4XX", body = ProblemBody)))]
async fn read_twilio(State(app): State<App>, caller: Caller) -> Answer<Json<TwilioAnswer>> {
    let connection = integrations::read(&app, &caller).await?;
    Ok(Json(TwilioAnswer::of(connection, app.clock.now())))
}

/// Connects the organisation's account at Twilio, after checking it there, and imports its number into Vapi for voice.
#[utoipa::path(put, path = "/api/v1/integrations/twilio", tag = "integrations", request_body = ConnectTwilio,
    responses((status = 200, body = TwilioAnswer), (status = "4XX", body = ProblemBody),
              (status = 502, description = "Twilio or Vapi refused or does not answer; nothing was changed", body = ProblemBody)))]
async fn connect_twilio(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<ConnectTwilio>,
) -> Answer<Json<TwilioAnswer>> {
    // National numbers are read in the organisation's country.
    let country = integrations::read(&app, &caller).await?.country;
    let new = request.parse(country)?;
    let connection = integrations::connect(&app, &caller, &new).await?;
    Ok(Json(TwilioAnswer::of(connection, app.clock.now())))
}

/// Removes the connection, its secret and its number at Vapi.
#[utoipa::path(delete, path = "/api/v1/integrations/twilio", tag = "integrations",
    responses((status = 204, description = "Removed, or never there"), (status = "4XX", body = ProblemBody),
              (status = 502, description = "Vapi does not answer; nothing was changed", body = ProblemBody)))]
async fn remove_twilio(State(app): State<App>, caller: Caller) -> Answer<StatusCode> {
    integrations::disconnect(&app, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
