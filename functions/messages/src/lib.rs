//! `messages`: text messages through the organisation's own account at Twilio, and whether they arrived.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zencall::App;
use zencall::contacts;
use zencall::http::{self, Answer, Caller, Json, ListOf, ListQuery, Member, NoFilter, ProblemBody};
use zencall::kernel::ids::MessageId;
use zencall::kernel::{Country, Faults};
use zencall::messages::send::Sending;
use zencall::messages::{self, Message, NewMessage, Purpose};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    http::api()
        .routes(routes!(list_messages, send_message))
        .routes(routes!(read_message))
}

/// A message to send.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct SendMessage {
    /// A mobile number; a national one belongs to the organisation's country.
    #[serde(default)]
    #[schema(value_type = String, required, example = "06 39 98 12 34")]
    to: Member<String>,
    /// The text. One `ç`, `ê` or emoji more than doubles the number of segments.
    #[serde(default)]
    #[schema(value_type = String, required, max_length = 1600)]
    body: Member<String>,
    /// `marketing` is sent in the hours of canvassing only; `service` where nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<Purpose>)]
    purpose: Member<String>,
}

/// A message that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct SendingAnswer {
    message: SendingMessage,
}

/// How far it is: see `GET /messages/{id}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct SendingMessage {
    id: MessageId,
    status: &'static str,
    /// What it will be billed as.
    segments: i32,
    /// From when on it may be sent.
    #[schema(value_type = String, format = DateTime)]
    due_at: Timestamp,
}

/// One message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageAnswer {
    message: Message,
}

impl SendMessage {
    fn parse(self, home: Country) -> Result<NewMessage, Faults> {
        let mut faults = Faults::default();
        let to = self.to.required("to", &mut faults, |typed| {
            NewMessage::parse_recipient(&typed, home)
        });
        let body = self.body.required("body", &mut faults, NewMessage::parse_body);
        let purpose = self
            .purpose
            .optional("purpose", &mut faults, |typed| Purpose::parse(&typed));
        faults.finish(|| {
            Some(NewMessage {
                to: to?,
                body: body?,
                purpose: purpose.unwrap_or_default(),
            })
        })
    }
}

impl From<Sending> for SendingAnswer {
    fn from(sending: Sending) -> Self {
        Self {
            message: SendingMessage {
                id: sending.id,
                status: "queued",
                segments: sending.segments,
                due_at: sending.due_at,
            },
        }
    }
}

/// Send a text message.
#[utoipa::path(post, path = "/api/v1/messages", tag = "messages", request_body = SendMessage,
    responses((status = 202, body = SendingAnswer), (status = "4XX", body = ProblemBody)))]
async fn send_message(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<SendMessage>,
) -> Answer<(StatusCode, Json<SendingAnswer>)> {
    let home = contacts::home_country(&app, &caller).await?;
    let message = request.parse(home)?;
    let sending = messages::send(&app, &caller, &message).await?;
    Ok((StatusCode::ACCEPTED, Json(sending.into())))
}

/// The organisation's messages, sent and received, newest first.
#[utoipa::path(get, path = "/api/v1/messages", tag = "messages",
    params(("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before")),
    responses((status = 200, body = ListOf<Message>), (status = "4XX", body = ProblemBody)))]
async fn list_messages(
    State(app): State<App>,
    caller: Caller,
    ListQuery { page, .. }: ListQuery<NoFilter>,
) -> Answer<Json<ListOf<Message>>> {
    let messages = messages::list(&app, &caller, page).await?;
    Ok(Json(ListOf::from_page(messages, |message| message)))
}

/// One message with each status that it had.
#[utoipa::path(get, path = "/api/v1/messages/{id}", tag = "messages",
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 200, body = MessageAnswer), (status = "4XX", body = ProblemBody)))]
async fn read_message(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<MessageAnswer>> {
    let message = messages::read(&app, &caller, &id).await?;
    Ok(Json(MessageAnswer { message }))
}
