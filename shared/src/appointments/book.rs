//! Booking, while somebody waits on the telephone: one transaction that makes the appointment, its line on the call's
//! timeline and its text message, or nothing. Asked twice, it makes one.

use std::time::Duration;

use futures_util::future::{join, try_join3};
use serde_json::json;

use super::notice::{self, Notice, Signer};
use super::store::{self, Booked, New, SLOT_KEY};
use super::wish::{Home, Refusal, Wish};
use super::words::words;
use super::{Appointment, Status};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::adapters::vapi::webhook::{Projection, ToolCall};
use crate::audit::{self, Actor};
use crate::calls::during::{self, Happened, UnderWay};
use crate::db::{Claims, DbError, OnConstraint as _, TenantTx};
use crate::kernel::ids::{AppointmentId, MessageId, OrganizationId};
use crate::kernel::{Language, Timezone};
use crate::messages::automatic;

/// Whoever calls books so many appointments at most in one call.
const MOST_IN_A_CALL: i64 = 5;
/// How long the queue may take before the sweep is left to send the confirmation: somebody waits on the telephone.
const QUEUE_PATIENCE: Duration = Duration::from_secs(1);

/// What the assistant says next, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The appointment is made.
    Booked(String),
    /// It is not, and why.
    Refused(String),
}

/// Why nothing was booked.
#[derive(Debug, thiserror::Error)]
enum BookError {
    #[error("the wish is refused: {0:?}")]
    Refused(Refusal),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
}

/// What a transaction found or made.
struct Done {
    appointment: Option<AppointmentId>,
    message: Option<MessageId>,
    said: String,
}

/// What is said where booking does not work: the database is slow or down.
pub fn cannot_book(app: &App, language: Language) -> Answer {
    Answer::Refused(words(language).refusal(Refusal::Unavailable, app.clock.now(), &Timezone::utc()))
}

/// Books what a tool call asks for. `event` is the message that it came in; whose call it is follows from our own rows.
pub async fn book(app: &App, event: &Projection, tool_call: &ToolCall, language: Language) -> Answer {
    match try_to_book(app, event, tool_call).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "an appointment could not be booked"
            );
            cannot_book(app, language)
        }
    }
}

async fn try_to_book(app: &App, event: &Projection, tool_call: &ToolCall) -> Result<Answer, BookError> {
    let Some(organization) = during::organization_of(app, event).await? else {
        tracing::warn!("a tool call of an assistant that we do not know");
        return Err(BookError::Refused(Refusal::Unavailable));
    };
    let signer = &Signer::of(app).await?;
    let mut done = in_one_transaction(app, organization, event, tool_call, signer).await;
    if let Err(Undone {
        why: BookError::Db(error),
        ..
    }) = &done
        && error.lacks_partition()
    {
        // The first event of a month whose partition the schedule has not made.
        let today = app.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        app.db.ensure_partitions(today).await?;
        done = in_one_transaction(app, organization, event, tool_call, signer).await;
    }
    match done {
        Ok(done) => {
            if let Some(message) = done.message {
                let sent = automatic::dispatch(app, organization, message);
                if tokio::time::timeout(QUEUE_PATIENCE, sent).await.is_err() {
                    tracing::warn!(message_id = %message, "a message is left to the sweep");
                }
            }
            if let Some(appointment) = done.appointment {
                tracing::info!(appointment_id = %appointment, "an appointment is booked");
            }
            Ok(Answer::Booked(done.said))
        }
        Err(Undone {
            why: BookError::Refused(refusal),
            said: Some(said),
        }) => {
            tracing::info!(?refusal, "an appointment is refused");
            Ok(Answer::Refused(said))
        }
        Err(undone) => Err(undone.why),
    }
}

/// Why a transaction was taken back, and what is said of it.
struct Undone {
    why: BookError,
    said: Option<String>,
}

impl From<DbError> for Undone {
    fn from(error: DbError) -> Self {
        Self {
            why: error.into(),
            said: None,
        }
    }
}

async fn in_one_transaction(
    app: &App,
    organization: OrganizationId,
    event: &Projection,
    tool_call: &ToolCall,
    signer: &Signer<'_>,
) -> Result<Done, Undone> {
    app.db
        .write("appointments.book", &Claims::platform(organization), async |tx| {
            let call = during::lock(tx, app, event).await?;
            let (words, now) = (words(call.language), app.clock.now());
            let refuse = |refusal| {
                let said = words.refusal(refusal, now, &call.timezone);
                Undone {
                    why: BookError::Refused(refusal),
                    said: Some(said),
                }
            };
            let home = Home {
                timezone: &call.timezone,
                country: call.country,
                knows_number: call.phone.is_some(),
            };
            let tool_call_id = Some(tool_call.id.as_str()).filter(|id| !id.is_empty());
            let wish = match Wish::read(tool_call.arguments.as_ref(), home, now) {
                Ok(wish) => wish,
                Err(refusal) => {
                    // What was booked once stays booked, however late the same question comes again.
                    let known = match (call.id, tool_call_id) {
                        (Some(call), Some(id)) => store::of_tool_call(tx, call, id).await?,
                        _ => None,
                    };
                    let known = known.ok_or_else(|| refuse(refusal))?;
                    return Ok(Done {
                        appointment: None,
                        message: None,
                        said: words.booked(known, &call.timezone),
                    });
                }
            };
            let appointment = &appointment(app, &call, &wish);
            let new = New {
                appointment,
                calendar: call.assistant.map_or(organization.0, |assistant| assistant.0),
                tool_call: tool_call_id,
                slot: wish.slot,
                at_most: MOST_IN_A_CALL,
            };
            // One packet: the call's row leaves first, since the appointment refers to it.
            let (kept, booked) = join(during::keep(tx, &call, event, now), store::book(tx, &new)).await;
            kept?;
            match booked.on_constraint(SLOT_KEY, || refuse(Refusal::Taken))? {
                Booked::TooMany => Err(refuse(Refusal::TooMany)),
                Booked::Before(starts_at) => Ok(Done {
                    appointment: None,
                    message: None,
                    said: words.booked(starts_at, &call.timezone),
                }),
                Booked::Now => Ok(Done {
                    appointment: Some(appointment.id),
                    message: follow_up(tx, app, &call, appointment, signer).await?,
                    said: words.booked(appointment.starts_at, &call.timezone),
                }),
            }
        })
        .await
}

fn appointment(app: &App, call: &UnderWay, wish: &Wish) -> Appointment {
    let now = app.clock.now();
    Appointment {
        id: AppointmentId::new(&app.clock),
        status: Status::Scheduled,
        starts_at: wish.slot.starts_at,
        ends_at: wish.slot.ends_at,
        timezone: call.timezone.clone(),
        language: call.language,
        name: wish.name.clone().or_else(|| call.contact_name.clone()),
        phone: wish.phone.clone().or_else(|| call.phone.clone()),
        email: wish.email.clone(),
        notes: wish.notes.clone(),
        assistant_id: call.assistant,
        call_id: call.id,
        campaign_id: call.campaign,
        contact_id: call.contact,
        sequence: 0,
        created_at: now,
        updated_at: now,
    }
}

/// What follows from a booking, in one packet: the line on the timeline, the entry of the log, the text message.
async fn follow_up(
    tx: &TenantTx,
    app: &App,
    call: &UnderWay,
    appointment: &Appointment,
    signer: &Signer<'_>,
) -> Result<Option<MessageId>, DbError> {
    let details = json!({ "appointment_id": appointment.id, "call_id": appointment.call_id });
    let key = format!("appointment:{}", appointment.id);
    let happened = Happened {
        event: "appointment-booked",
        dedupe_key: &key,
        details: &details,
    };
    let (_, _, message) = try_join3(
        during::note(tx, app, call, &happened),
        audit::record(
            tx,
            &app.clock,
            &Actor::default(),
            "appointment.book",
            details.clone(),
        ),
        notice::take(
            tx,
            app,
            signer,
            Notice::Booked,
            &call.organization_name,
            appointment,
        ),
    )
    .await?;
    Ok(message)
}
