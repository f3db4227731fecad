//! Changing an appointment: another time, another state, other notes. Whoever made it hears of a new time or a
//! cancellation by text message.

use jiff::Timestamp;
use serde_json::json;

use super::notice::{self, Notice, Signer};
use super::read::not_found;
use super::slot::{NoSlot, Slot};
use super::store::{self, Found, SLOT_KEY};
use super::{Appointment, Status};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, OnConstraint as _};
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::AppointmentId;
use crate::kernel::shown::shows;
use crate::kernel::{Caller, Faults, Invalid};
use crate::messages::automatic;

/// The longest notes, in characters.
const LONGEST_NOTES: usize = 2_000;

/// Changes: `None` leaves a member as it is.
#[derive(Clone, Default)]
pub struct Changes {
    /// When it begins. Without an end it takes as long as before.
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// Where it stands.
    pub status: Option<Status>,
    /// What it is about; `Some(None)` clears them.
    pub notes: Option<Option<String>>,
}

shows!(Changes, starts_at, ends_at, status);

impl Changes {
    /// Reads notes.
    pub fn parse_notes(typed: &str) -> Result<String, Invalid> {
        if typed.chars().count() > LONGEST_NOTES || typed.contains('\0') {
            return Err(Invalid::new(
                "text_invalid",
                "2 000 caractères au plus, sans caractère de contrôle.",
                "At most 2,000 characters, without control characters.",
            ));
        }
        Ok(typed.to_owned())
    }
}

/// An appointment was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It is absent, or another organisation's.
    #[error("no such appointment")]
    NotFound,
    /// What it is now does not permit this.
    #[error("the appointment is {}", .0.as_str())]
    State(Status),
    /// Another appointment has that time.
    #[error("the time is taken")]
    Taken,
    /// The new time is none.
    #[error(transparent)]
    Invalid(#[from] Faults),
    /// Secrets Manager failed.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for ChangeError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => not_found(),
            Self::State(status) => Failure::new(Class::Conflict, "appointment_state", "", "").with_text(
                format!(
                    "Ce rendez-vous est dans l'état {} : ce changement n'est plus possible.",
                    status.as_str()
                ),
                format!(
                    "This appointment is {}: it can no longer be changed like that.",
                    status.as_str()
                ),
            ),
            Self::Taken => Failure::new(
                Class::Conflict,
                "appointment_slot_taken",
                "Ce créneau est déjà pris par un autre rendez-vous.",
                "Another appointment has this time.",
            ),
            Self::Invalid(faults) => faults.failure(),
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// What a change comes to.
struct Changed {
    appointment: Appointment,
    /// The time that it takes from now on, where that has changed; none where it takes none any more.
    slot: Option<Option<Slot>>,
    notice: Option<Notice>,
}

/// Changes the appointment with this id, as it stands in an address; nothing where everything is so already.
pub async fn change(
    app: &App,
    caller: &Caller,
    id: &str,
    changes: &Changes,
) -> Result<Appointment, ChangeError> {
    let id = AppointmentId::parse(id).map_err(|_| ChangeError::NotFound)?;
    let (signer, actor, now) = (&Signer::of(app).await?, &Actor::from(caller), app.clock.now());
    let (appointment, message) = app
        .db
        .write("appointments.change", &Claims::from(caller), async |tx| {
            let found = store::lock(tx, id).await?.ok_or(ChangeError::NotFound)?;
            let Some(changed) = apply(&found, changes, now)? else {
                return Ok((found.appointment, None));
            };
            let appointment = changed.appointment;
            store::write(tx, &appointment, changed.slot)
                .await
                .on_constraint(SLOT_KEY, || ChangeError::Taken)?;
            let action = match changed.notice {
                Some(Notice::Cancelled) => "appointment.cancel",
                Some(Notice::Moved) => "appointment.move",
                _ => "appointment.change",
            };
            let details = json!({ "appointment_id": id, "status": appointment.status });
            audit::record(tx, &app.clock, actor, action, details).await?;
            // Nobody needs to hear of what has passed.
            let told = changed.notice.filter(|_| found.appointment.ends_at > now);
            let message = match told {
                Some(told) => {
                    notice::take(tx, app, signer, told, &found.organization_name, &appointment).await?
                }
                None => None,
            };
            Ok::<_, ChangeError>((appointment, message))
        })
        .await?;
    if let Some(message) = message {
        automatic::dispatch(app, caller.organization, message).await;
    }
    Ok(appointment)
}

/// The appointment after the changes; none where they change nothing.
fn apply(found: &Found, changes: &Changes, now: Timestamp) -> Result<Option<Changed>, ChangeError> {
    let before = &found.appointment;
    let status = changes.status.unwrap_or(before.status);
    if !before.status.may_become(status) {
        return Err(ChangeError::State(before.status));
    }
    let starts_at = changes.starts_at.unwrap_or(before.starts_at);
    let length = before.ends_at.duration_since(before.starts_at);
    let ends_at = changes
        .ends_at
        .unwrap_or_else(|| starts_at.saturating_add(length).unwrap_or(starts_at));
    let moved = (starts_at, ends_at) != (before.starts_at, before.ends_at);
    let mut slot = None;
    if moved {
        if !status.is_open() {
            return Err(ChangeError::State(status));
        }
        slot = Some(Some(Slot::new(starts_at, ends_at, now).map_err(fault)?));
    }
    let cancelled = status == Status::Cancelled && before.status != Status::Cancelled;
    if cancelled {
        slot = Some(None);
    }
    let notes = changes.notes.clone().unwrap_or_else(|| before.notes.clone());
    if !moved && status == before.status && notes == before.notes {
        return Ok(None);
    }
    let notice = match (cancelled, moved) {
        (true, _) => Some(Notice::Cancelled),
        (false, true) => Some(Notice::Moved),
        (false, false) => None,
    };
    Ok(Some(Changed {
        appointment: Appointment {
            status,
            starts_at,
            ends_at,
            notes,
            sequence: before.sequence + i32::from(notice.is_some()),
            updated_at: now,
            ..before.clone()
        },
        slot,
        notice,
    }))
}

fn fault(no: NoSlot) -> Faults {
    let (field, invalid) = match no {
        NoSlot::Past => (
            "starts_at",
            Invalid::new(
                "in_the_past",
                "Ce moment est déjà passé.",
                "This time has passed.",
            ),
        ),
        NoSlot::TooFar => (
            "starts_at",
            Invalid::new(
                "too_far_ahead",
                "Un an à l'avance au plus.",
                "At most one year ahead.",
            ),
        ),
        NoSlot::OffGrid => (
            "starts_at",
            Invalid::new(
                "not_on_five_minutes",
                "Un rendez-vous commence et finit sur un multiple de cinq minutes.",
                "An appointment begins and ends on a multiple of five minutes.",
            ),
        ),
        NoSlot::Length => (
            "ends_at",
            Invalid::new(
                "length_invalid",
                "Un rendez-vous dure entre cinq minutes et huit heures.",
                "An appointment takes between five minutes and eight hours.",
            ),
        ),
    };
    let mut faults = Faults::default();
    faults.add(field, invalid);
    faults
}
