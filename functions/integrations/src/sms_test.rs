//! A message that shows whether the connection works.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zencall::App;
use zencall::http::{Answer, Caller, Json, Member, ProblemBody};
use zencall::integrations;
use zencall::kernel::Faults;
use zencall::kernel::ids::MessageId;
use zencall::messages::{self, NewMessage};

/// Whom the message goes to.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct TestTwilio {
    /// A mobile number, in E.164 or as dialled in the organisation's country.
    #[serde(default)]
    #[schema(value_type = String, required)]
    to: Member<String>,
}

/// The message that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestAnswer {
    message: TestMessage,
}

/// How far it is: see `GET /messages/{id}`.
#[derive(Debug, Serialize, ToSchema)]
struct TestMessage {
    id: MessageId,
    status: &'static str,
}

/// Sends a text message through the organisation's account.
#[utoipa::path(post, path = "/api/v1/integrations/twilio/test", tag = "integrations", request_body = TestTwilio,
    responses((status = 202, body = TestAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn test_twilio(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<TestTwilio>,
) -> Answer<(StatusCode, Json<TestAnswer>)> {
    // National numbers are read in the organisation's country.
    let country = integrations::read(&app, &caller).await?.country;
    let mut faults = Faults::default();
    let to = request.to.required("to", &mut faults, |typed| {
        NewMessage::parse_recipient(&typed, country)
    });
    let to = faults.finish(|| to)?;
    let sending = messages::send_test(&app, &caller, to).await?;
    let message = TestMessage {
        id: sending.id,
        status: "queued",
    };
    Ok((StatusCode::ACCEPTED, Json(TestAnswer { message })))
}
